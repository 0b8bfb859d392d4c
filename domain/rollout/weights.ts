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
