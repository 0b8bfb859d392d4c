/**
 * Errors of both arms together below which no test can stay on average: ln 20 over the divergence of one error.
 *
 * At equal shares an error falls into the canary with probability ratio / (ratio + 1), one half without harm. A test that
 * rolls healthy canaries back in at most 5 % and always finds the harmful one needs the floor's number of errors.
 *
 * @param ratio the canary's error rate over the control's, above 0 and not 1
 * @see Wald, Sequential tests of statistical hypotheses (1945), the inequality for the expected number of observations
 * @example waldFloorErrors(2) // 52.9
 */
export function waldFloorErrors(ratio: number): number {
  const p = ratio / (ratio + 1);
  const divergence = p * Math.log(p / 0.5) + (1 - p) * Math.log((1 - p) / 0.5);
  return Math.log(20) / divergence;
}
