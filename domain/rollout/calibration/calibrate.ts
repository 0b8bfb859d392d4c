import { wilsonInterval } from '../../statistics/wilson-interval.ts';
import type { JudgePolicy, JudgeTick } from '../judge.ts';
import type { NoiseAssumption } from '../judge/noise.ts';
import { assembleCandidates } from './candidates.ts';
import { fitNoise, noiseOf, type NoiseFit } from './fit-noise.ts';
import { splitSeries, type CountMetric, type CountSeries } from './history.ts';
import { rollbackTick } from './rollback-tick.ts';
import { drawFromHistory, independentTrials, simulateTrial, TRIAL_TICKS, type TrialWorld } from './trial-streams.ts';

/** How often a healthy canary was rolled back under an assumption. */
export interface FalseRollbacks {
  readonly hits: number;
  readonly streams: number;
  /** Limits of the 95 % Wilson interval of the share. */
  readonly low: number;
  readonly high: number;
}

/** An assumption on one part of the history of one metric. */
export interface Trial {
  readonly metric: CountMetric;
  /** Simulated with the fitted noise, traffic split evenly, and over a ramp. */
  readonly even: FalseRollbacks;
  readonly ramp: FalseRollbacks;
  /** Stretches of the history against each other; its interval counts stretches that share nothing. */
  readonly history: FalseRollbacks;
  readonly keepsBudget: boolean;
}

/** An assumption that may be chosen. */
export interface Candidate {
  readonly name: string;
  readonly assumption: NoiseAssumption;
  /** Median looks until a canary of twice the rate is rolled back, per metric with its fitted noise; null: not found. */
  readonly looksFor2x: Readonly<Record<string, number | null>>;
  /** On the first part of the history; empty when a faster one was chosen already. */
  readonly trials: readonly Trial[];
}

/** What calibration found. */
export interface Calibration {
  readonly fits: readonly { readonly metric: CountMetric; readonly first: NoiseFit; readonly later: NoiseFit }[];
  /** Fastest first. */
  readonly candidates: readonly Candidate[];
  /** The fastest that keeps the budget on the first part of the history; null when none does. */
  readonly chosen: Candidate | null;
  /** The chosen one on the later part, which had no say in the choice. */
  readonly proof: readonly Trial[];
  /** It kept the budget there too. */
  readonly proved: boolean;
}

export interface CalibrationOptions {
  readonly policy: JudgePolicy;
  /** Assumptions by name that may be chosen beside those around the fit. */
  readonly known: Readonly<Record<string, NoiseAssumption>>;
  readonly seed: string;
  /** Streams per cell: so many at first, twice as many and so on up to the last, until the budget is decided. */
  readonly streams?: readonly number[];
  /** Part of the budget that simulated shares must be within, in (0, 1]; 1 when absent. */
  readonly headroom?: number;
}

const STREAMS = [250, 500, 1000];
/** The proof is of one assumption: more streams tell a share near the budget from one above it. */
const PROOF_STREAMS = [250, 1000, 4000];
/** The choice leaves room: a share just within the budget on one part is as often just above it on the next. */
const HEADROOM = 0.9;
const DETECTION_STREAMS = 61;
const DETECTION_TICKS = 180;

/**
 * Chooses the noise assumption of a service: fits its noise on the first part of its history, takes the fastest
 * assumption under which a healthy canary is rolled back within the budget, and proves it on the later part.
 *
 * "Within the budget" asks more of a simulation than of a history, which is short: the upper confidence limit of every
 * simulated share must be within it; the history itself must not show that it is exceeded.
 *
 * @param series per metric, each long enough (findHistoryGap); metrics share the assumption
 * @returns the same for the same inputs and seed. Cost: seconds
 */
export function calibrateNoise(
  series: readonly (readonly [CountMetric, CountSeries])[],
  options: CalibrationOptions,
): Calibration {
  const parts = series.map(([metric, whole]) => {
    const { first, later } = splitSeries(whole);
    return { metric, first: { series: first, fit: fitNoise(first) }, later: { series: later, fit: fitNoise(later) } };
  });
  const fits = parts.map(({ metric, first, later }) => ({ metric, first: first.fit, later: later.fit }));
  const early = parts.map(({ metric, first }) => ({ metric, ...first }));
  const candidates = rankCandidates(early, options);
  const careful = { ...options, headroom: HEADROOM };
  const tried: Candidate[] = [];
  let chosen: Candidate | null = null;
  for (const candidate of candidates) {
    const trials = chosen === null ? runTrials(early, candidate.assumption, careful, 'first') : [];
    tried.push({ ...candidate, trials });
    if (chosen === null && trials.every(({ keepsBudget }) => keepsBudget)) chosen = tried.at(-1) ?? null;
  }
  if (chosen === null) return { fits, candidates: tried, chosen, proof: [], proved: false };
  const late = parts.map(({ metric, later }) => ({ metric, ...later }));
  const proof = runTrials(late, chosen.assumption, { streams: PROOF_STREAMS, ...options }, 'later');
  return { fits, candidates: tried, chosen, proof, proved: proof.every(({ keepsBudget }) => keepsBudget) };
}

/** One metric on one part of the history. */
export interface FittedPart {
  readonly metric: CountMetric;
  readonly series: CountSeries;
  readonly fit: NoiseFit;
}

/** Fastest first, by the looks until a doubled rate is found in the fitted noise. */
function rankCandidates(parts: readonly FittedPart[], options: CalibrationOptions): Candidate[] {
  const around = assembleCandidates(
    parts.map(({ fit }) => fit),
    options.policy.tickSeconds / 60,
  );
  const all = [...around, ...Object.entries(options.known)].map(([name, assumption]): Candidate => {
    const looks = parts.map((part) => [part.metric, looksFor2x(part, assumption, options)] as const);
    return { name, assumption, looksFor2x: Object.fromEntries(looks), trials: [] };
  });
  const slowest = ({ looksFor2x: looks }: Candidate): number =>
    Math.max(...Object.values(looks).map((value) => value ?? Number.POSITIVE_INFINITY));
  // Sorting keeps the order among equals: those around the fit first.
  return all.toSorted((a, b) => (slowest(a) === slowest(b) ? 0 : slowest(a) - slowest(b)));
}

function looksFor2x(part: FittedPart, noise: NoiseAssumption, options: CalibrationOptions): number | null {
  const world = { ...worldOf(part, 'even'), ratio: 2, ticks: DETECTION_TICKS };
  const policy = trialPolicy(options.policy, noise);
  const found = Array.from({ length: DETECTION_STREAMS }, (_, run) =>
    rollbackTick(policy, simulateTrial(world, `${options.seed}/found/${part.metric}/${run}`)),
  ).toSorted((a, b) => a - b);
  const median = found[(DETECTION_STREAMS - 1) / 2]!;
  return Number.isFinite(median) ? median : null;
}

/** Plays the assumption on each metric's part of the history, and with noise like it. */
export function runTrials(
  parts: readonly FittedPart[],
  noise: NoiseAssumption,
  options: CalibrationOptions,
  label: string,
): Trial[] {
  return parts.map((part) => {
    const policy = trialPolicy(options.policy, noise);
    const budget = policy.errorBudget;
    const within = (options.headroom ?? 1) * budget;
    const measure = (name: string, draw: (seed: string) => Iterable<JudgeTick>, most: number): FalseRollbacks =>
      measureCell(policy, (run) => draw(`${options.seed}/${label}/${name}/${part.metric}/${run}`), {
        rounds: options.streams ?? STREAMS,
        independent: most,
        within,
      });
    const simulated = (split: TrialWorld['split']): FalseRollbacks =>
      measure(split, (seed) => simulateTrial(worldOf(part, split), seed), Number.POSITIVE_INFINITY);
    const [even, ramp] = [simulated('even'), simulated('ramp')];
    const history = measure('history', (seed) => drawFromHistory(part.series, seed), independentTrials(part.series));
    const keepsBudget = even.high <= within && ramp.high <= within && history.low <= budget;
    return { metric: part.metric, even, ramp, history, keepsBudget };
  });
}

/** Plays streams until the interval of the share leaves the budget on one side, or there have been enough. */
function measureCell(
  policy: JudgePolicy,
  draw: (run: number) => Iterable<JudgeTick>,
  {
    rounds,
    independent,
    within,
  }: { readonly rounds: readonly number[]; readonly independent: number; readonly within: number },
): FalseRollbacks {
  let hits = 0;
  let streams = 0;
  let found = shareOf(0, 1, 1);
  for (const wanted of rounds) {
    for (; streams < wanted; streams += 1) if (Number.isFinite(rollbackTick(policy, draw(streams)))) hits += 1;
    found = shareOf(hits, streams, Math.min(streams, independent));
    // More streams of a short history say no more about it.
    if (found.high <= within || found.low > within || streams >= independent) break;
  }
  return found;
}

/** Both arms together have the traffic of the history: what the control had was nearly all of it. */
function worldOf({ fit }: FittedPart, split: TrialWorld['split']): TrialWorld {
  return {
    noise: noiseOf(fit),
    rate: fit.rate,
    requestsPerTick: fit.requestsPerTick,
    split,
    ratio: 1,
    ticks: TRIAL_TICKS,
  };
}

/**
 * One count metric alone decides. The ceiling is left out: it is a limit of its own, knows no control, and rests on no
 * assumption that calibration could widen. A service whose bursts reach it breaks it in truth.
 */
function trialPolicy(policy: JudgePolicy, noise: NoiseAssumption): JudgePolicy {
  return { ...policy, noise, maxErrorRate: NO_CEILING, requiredMetrics: ['errors'], dryRunMetrics: [] };
}

const NO_CEILING = 0.999;

function shareOf(hits: number, streams: number, independent: number): FalseRollbacks {
  const { low, high } = wilsonInterval((hits * independent) / streams, independent);
  return { hits, streams, low, high };
}
