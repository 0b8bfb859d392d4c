import type { CountSeries } from './history.ts';

/** Noise of one arm around its slowly moving rate. */
export interface NoiseNumbers {
  /** Coefficient of variation of the rate from tick to tick, independent, at least 0. */
  readonly fastCv: number;
  /** Bursts: the rate is `factor` times as high, `share` of the time, for `meanTicks` on average; null: none. */
  readonly bursts: { readonly factor: number; readonly meanTicks: number; readonly share: number } | null;
}

/** A Gamma of smaller variance than this is no noise: counts of Poisson. */
const LEAST_VARIANCE = 1e-6;

/**
 * Log likelihood of a series under the model: counts are negative binomial (Poisson with Gamma noise of CV `fastCv`)
 * around rate × requests, and a hidden two-state chain multiplies the rate by `factor` while a burst lasts.
 *
 * @param rateRatio calm rate as a multiple of the series' slowly moving rate, above 0
 * @returns natural log; terms that depend on the counts alone are left out. Cost: a few logs and exps a tick
 * @source Rabiner, A tutorial on hidden Markov models (1989), forward algorithm with scaling; the emission is
 *   scipy.stats.nbinom with n = 1/CV², checked in test/unit/domain/calibration/burst-model.oracle.test.ts
 */
export function evaluateBurstModel(series: CountSeries, noise: NoiseNumbers, rateRatio: number): number {
  const { requests, events, begins, base } = series;
  const variance = Math.max(LEAST_VARIANCE, noise.fastCv ** 2);
  const rising = risingLogs(1 / variance, events);
  const { factor, meanTicks, share } = noise.bursts ?? { factor: 1, meanTicks: 1, share: 0 };
  const leave = Math.min(1, 1 / meanTicks);
  const enter = Math.min(1, (leave * share) / (1 - share));
  let inBurst = share;
  let total = 0;
  for (let i = 0; i < events.length; i += 1) {
    inBurst = begins[i] === true ? share : inBurst * (1 - leave) + (1 - inBurst) * enter;
    const mean = requests[i]! * base[i]! * rateRatio;
    const [calm, burst] = [logEmission(events[i]!, mean, variance), logEmission(events[i]!, factor * mean, variance)];
    const peak = Math.max(calm, burst);
    const [weightCalm, weightBurst] = [(1 - inBurst) * Math.exp(calm - peak), inBurst * Math.exp(burst - peak)];
    const sum = weightCalm + weightBurst;
    total += rising[events[i]!]! + peak + Math.log(sum);
    inBurst = weightBurst / sum;
  }
  return total;
}

/** The part of the negative binomial's log probability that depends on the mean. */
function logEmission(count: number, mean: number, variance: number): number {
  return count * Math.log(mean) - (count + 1 / variance) * Math.log1p(variance * mean);
}

/** log of (1)(1 + v)(1 + 2v)...(1 + (x-1)v) for x from 0 to the largest count; v is the Gamma's variance. */
function risingLogs(size: number, events: readonly number[]): Float64Array {
  let largest = 0;
  for (const count of events) if (count > largest) largest = count;
  const logs = new Float64Array(largest + 1);
  for (let x = 1; x <= largest; x += 1) logs[x] = logs[x - 1]! + Math.log1p((x - 1) / size);
  return logs;
}
