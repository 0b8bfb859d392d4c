import { negativeBinomialBound } from '../../statistics/negative-binomial-bound.ts';

/** What is believed of a count before any was seen. */
export interface CountPrior {
  /** Mean, counted as one observation. */
  readonly mean: number;
  /** Smallest count that is ever an alarm. */
  readonly least: number;
}

/** What is usual, and from where on a count is an alarm. */
export interface CountLimit {
  readonly mean: number;
  readonly limit: number;
}

/** What a limit has to keep to. */
export interface CountTerms {
  /** Alarms in a month, above 0. */
  readonly share: number;
  /** Chances in a month, such as hours with acts. */
  readonly perMonth: number;
  readonly prior: CountPrior;
  /** Seen before, also longer ago than the counts. */
  readonly largest: number;
}

/** Weight of the prior dispersion of 1, in observations. */
const DISPERSION_WEIGHT = 5;
const LEAST_DISPERSION = 0.25;
/** Tails are heavier than any that is fitted: what exceeds everything that was seen by less than this is no alarm. */
const BEYOND_LARGEST = 1.5;

/**
 * The count from which on there is an alarm: so high that, by the baseline, no more than `share` such counts come in a month of
 * `perMonth` chances, and half again as high as the largest that was ever seen.
 *
 * The counts are taken to be negative binomial (gamma mixtures of Poisson numbers). Mean m: of the counts and one prior
 * observation, plus one standard error sqrt((m + d m²) / (n + 1)), for a baseline is short. Dispersion d: by moments,
 * (s² - m) / m², shrunk towards 1 with a weight of five observations, at least 0.25.
 *
 * @param counts of the baseline, each at least 0
 * @see Hilbe, Negative Binomial Regression (2011), sections 8.1 and 9.6
 */
export function countLimit(counts: readonly number[], { largest, perMonth, prior, share }: CountTerms): CountLimit {
  const n = counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = (total + prior.mean) / (n + 1);
  const dispersion = Math.max(
    LEAST_DISPERSION,
    (n * dispersionOf(counts) + DISPERSION_WEIGHT) / (n + DISPERSION_WEIGHT),
  );
  const careful = mean + Math.sqrt((mean + dispersion * mean * mean) / (n + 1));
  const bound = negativeBinomialBound(careful, dispersion, Math.min(0.5, share / Math.max(1, perMonth)));
  return { mean, limit: Math.max(bound, Math.ceil(BEYOND_LARGEST * largest), prior.least) };
}

/** By moments; 0 for fewer than two counts, and for counts that vary no more than Poisson numbers. */
function dispersionOf(counts: readonly number[]): number {
  const n = counts.length;
  if (n < 2) return 0;
  const mean = counts.reduce((sum, count) => sum + count, 0) / n;
  if (mean === 0) return 0;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (n - 1);
  return Math.max(0, (variance - mean) / (mean * mean));
}
