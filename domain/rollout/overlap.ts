import { SCORE_BINS } from './telemetry.ts';
import type { Verdict } from '../verdict.ts';

/** How many mirrored answers had an overlap of bin/100 with stable's answer; bins that have none are left out. */
export type OverlapCounts = readonly (readonly [bin: number, count: number])[];

/** Mirrored requests, and how many of them the canary answered with another status than stable. */
export interface MirroredStatuses {
  readonly requests: number;
  readonly mismatches: number;
}

/** What the mirrored answers of a shadow step have in common with stable's so far. */
export interface OverlapVerdict {
  readonly counts: OverlapCounts;
  /** Absent in verdicts from before it was kept. */
  readonly statuses?: MirroredStatuses;
  /** Mirrored answers in which both named what they retrieved. */
  readonly answers: number;
  /** Mean overlap, 0 to 1; null without answers. */
  readonly mean: number | null;
  /** Limits of the mean that hold at every look at once. */
  readonly low: number;
  readonly high: number;
  /** `canary.shadow_minimum_overlap`; null: shown only. */
  readonly minimum: number | null;
  /** Pass and fail need evidence; without a minimum, or once a person accepted it, it is a pass. */
  readonly verdict: Verdict;
  readonly reason: string;
}

/** Shares of the wealth that are bet, as for scores. */
const STAKES = [0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95] as const;
const HALVINGS = 40;

/** Both counts together. */
export function addOverlap(a: OverlapCounts, b: OverlapCounts): OverlapCounts {
  const sums = new Map(a);
  for (const [bin, count] of b) sums.set(bin, (sums.get(bin) ?? 0) + count);
  return [...sums].toSorted(([x], [y]) => x - y);
}

/** Both together; undefined when neither is known. */
export function addStatuses(
  a: MirroredStatuses | undefined,
  b: MirroredStatuses | undefined,
): MirroredStatuses | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { requests: a.requests + b.requests, mismatches: a.mismatches + b.mismatches };
}

/** Bins as counts without the empty ones. */
export function toOverlapCounts(bins: readonly number[]): OverlapCounts {
  return bins.flatMap((count, bin) => (count > 0 ? [[bin, count] as const] : []));
}

/**
 * Judges the overlap of mirrored answers against a minimum.
 *
 * @param minimum 0 to 1; null: shown, decides nothing
 * @param options.errorBudget chance that a limit is ever wrong, over all looks, in (0, 1)
 * @param options.statuses named in the reason when some differ: an answer that is none has nothing to overlap with
 */
export function evaluateOverlap(
  counts: OverlapCounts,
  minimum: number | null,
  options: { readonly errorBudget: number; readonly waived: boolean; readonly statuses?: MirroredStatuses | undefined },
): OverlapVerdict {
  const answers = counts.reduce((sum, [, count]) => sum + count, 0);
  const mean = answers === 0 ? null : counts.reduce((sum, [bin, count]) => sum + count * valueOf(bin), 0) / answers;
  const { low, high } = overlapInterval(counts, options.errorBudget);
  const seen =
    mean === null
      ? 'no mirrored answer could be compared'
      : `overlap of ${answers} mirrored answers ${mean.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
  const decides = minimum !== null && !options.waived;
  const verdict = !decides ? 'pass' : high < minimum ? 'fail' : low >= minimum ? 'pass' : 'inconclusive';
  const wanted = minimum === null ? '' : `, wanted at least ${minimum}`;
  const word = verdict === 'inconclusive' ? ': not enough evidence yet' : '';
  const { statuses } = options;
  const differ =
    statuses === undefined || statuses.mismatches === 0
      ? ''
      : ` (${statuses.mismatches} of ${statuses.requests} mirrored requests had another status than stable's)`;
  const reason = `${seen}${differ}${wanted}${word}`;
  return {
    counts,
    ...(statuses === undefined ? {} : { statuses }),
    answers,
    mean,
    low,
    high,
    minimum,
    verdict,
    reason,
  };
}

/**
 * Limits of the mean of values in [0, 1] that hold at every look at once, each with chance `errorBudget` of ever being
 * wrong: the means that a gambler against them has not become 1/errorBudget times as rich from. Exact for independent
 * values; 0 to 1 without any.
 *
 * @source Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting (2024), with a fixed mixture
 *   of stakes, so that the wealth is a function of the counts alone
 */
export function overlapInterval(
  counts: OverlapCounts,
  errorBudget: number,
): { readonly low: number; readonly high: number } {
  const limit = -Math.log(errorBudget);
  const isTooLow = (mean: number): boolean => logWealth(counts, (x) => x / mean) >= limit;
  const isTooHigh = (mean: number): boolean => logWealth(counts, (x) => (1 - x) / (1 - mean)) >= limit;
  return { low: lastTrue(isTooLow), high: 1 - lastTrue((below) => isTooHigh(1 - below)) };
}

/** Log of the mean wealth over the stakes: each value multiplies it by 1 - stake + stake × payoff. */
function logWealth(counts: OverlapCounts, payoff: (value: number) => number): number {
  const logs = STAKES.map((stake) =>
    counts.reduce((sum, [bin, count]) => sum + count * Math.log(1 - stake + stake * payoff(valueOf(bin))), 0),
  );
  const peak = Math.max(...logs);
  return peak + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - peak), 0) / STAKES.length);
}

/** The largest x in (0, 1) up to which a predicate holds that is true before some point and false after; 0 when nowhere. */
function lastTrue(holds: (x: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function valueOf(bin: number): number {
  return bin / (SCORE_BINS - 1);
}
