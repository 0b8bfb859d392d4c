/**
 * The smallest count that is improbable enough: the least x with P(X >= x) <= alpha, where X is negative binomial with this mean
 * and variance mean + dispersion x mean². Counts of what people and programs do vary more than a Poisson number does, whose
 * dispersion is 0.
 *
 * With r = 1 / dispersion and q = mean / (mean + r): P(0) = (1 - q)^r, P(j + 1) = P(j) (r + j) q / (j + 1). Exact but for the
 * rounding of the sum, so alpha should be above 1e-12. Costs as many steps as the bound is large.
 *
 * @param mean at least 0; 0 gives 1, since nothing else than 0 is expected
 * @param dispersion above 0, at most 100
 * @param alpha above 0, below 1
 * @see Hilbe, Negative Binomial Regression (2011), eq. 8.12 (NB2)
 * @example negativeBinomialBound(5, 1, 0.001) // 38
 */
export function negativeBinomialBound(mean: number, dispersion: number, alpha: number): number {
  if (mean <= 0) return 1;
  const r = 1 / dispersion;
  const q = mean / (mean + r);
  let chance = (1 - q) ** r;
  let beyond = 1 - chance;
  let count = 1;
  for (; beyond > alpha && count < LARGEST; count += 1) {
    chance *= ((r + count - 1) * q) / count;
    beyond -= chance;
  }
  return count;
}

/** Nothing that is counted here comes so often. */
const LARGEST = 10_000_000;
