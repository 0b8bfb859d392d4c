import { mean, quantileSorted } from 'simple-statistics';
import { createRandom } from './seeded-random.ts';

/** A mean and the interval it plausibly lies in, in the unit of the values. */
export interface BootstrapInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The percentile bootstrap interval of a mean: values are drawn again with replacement, and the middle `coverage` of
 * the resampled means is the interval.
 *
 * @param values finite numbers, any unit
 * @param options resamples: how often values are drawn again; coverage in (0, 1)
 * @returns mean, low and high; null for no values. Cost: resamples × values
 * @see Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3
 */
export function bootstrapMean(
  values: readonly number[],
  options: { readonly seed: string; readonly resamples?: number; readonly coverage?: number },
): BootstrapInterval | null {
  if (values.length === 0) return null;
  const { seed, resamples = 1000, coverage = 0.95 } = options;
  const random = createRandom(seed);
  const means = Array.from({ length: resamples }, () => resampleMean(values, random)).toSorted((a, b) => a - b);
  const tail = (1 - coverage) / 2;
  return { mean: mean([...values]), low: quantileSorted(means, tail), high: quantileSorted(means, 1 - tail) };
}

function resampleMean(values: readonly number[], random: () => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[Math.floor(random() * values.length)] ?? 0;
  return sum / values.length;
}
