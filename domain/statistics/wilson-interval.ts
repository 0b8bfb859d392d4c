/** The 97.5 % point of the normal distribution. */
const Z = 1.959963984540054;

/**
 * The 95 % interval of a share: all shares from which `hits` of `total` is less than Z standard errors away.
 *
 * @param total above 0
 * @param hits 0 to `total`
 * @returns shares, 0 to 1
 * @see Wilson, Probable inference, the law of succession, and statistical inference (1927)
 * @example wilsonInterval(0, 800) // { low: 0, high: 0.0048 }
 */
export function wilsonInterval(hits: number, total: number): { readonly low: number; readonly high: number } {
  const p = hits / total;
  const spread = 1 + (Z * Z) / total;
  const centre = (p + (Z * Z) / (2 * total)) / spread;
  const half = (Z / spread) * Math.sqrt((p * (1 - p)) / total + (Z * Z) / (4 * total * total));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
