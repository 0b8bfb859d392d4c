/** Above this, the order of magnitude is what is of interest. */
const LARGE = 10_000;
/** Below this too. */
const SMALL = 0.001;

/** Evidence by its size, for people: 0.013, 1.3, 20, 812, 1.2e4. */
export function renderSize(evidence: number): string {
  if (!Number.isFinite(evidence)) return '-';
  if (evidence === 0) return '0';
  if (evidence >= LARGE || evidence < SMALL) return evidence.toExponential(1).replace('+', '').replace('.0e', 'e');
  return evidence >= 100 ? String(Math.round(evidence)) : String(Number(evidence.toPrecision(2)));
}
