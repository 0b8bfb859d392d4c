const POINTS_PER_PERCENT = 100;

/**
 * Weights of a ramp in percent: initial, then one step more at a time, the last clipped to max.
 *
 * Counted in whole basis points, so that 0.1 % steps do not drift by rounding.
 *
 * @param initial percent, above 0
 * @param step percent, at least 0.01
 * @param max percent, at least `initial`
 * @example assembleWeights(5, 10, 50) // [5, 15, 25, 35, 45, 50]
 */
export function assembleWeights(initial: number, step: number, max: number): number[] {
  const weights: number[] = [];
  for (let points = toPoints(initial); points < toPoints(max); points += toPoints(step)) {
    weights.push(points / POINTS_PER_PERCENT);
  }
  weights.push(max);
  return weights;
}

/** Percent as basis points, rounded to a whole number. */
export function toPoints(percent: number): number {
  return Math.round(percent * POINTS_PER_PERCENT);
}

/** What a share that can be routed exactly is, in words. */
export const WANTED_POINTS = 'a multiple of 0.01 (one basis point)';

/** Whether a share can be routed exactly: a whole number of basis points, at least one (0.01 %). */
export function isWholePoints(percent: number): boolean {
  // 0.29 * 100 is 28.999999999999996
  return toPoints(percent) >= 1 && Math.abs(percent * POINTS_PER_PERCENT - toPoints(percent)) < 1e-6;
}
