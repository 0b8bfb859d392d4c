import { minimize } from '../../statistics/nelder-mead.ts';
import { invertMatrix } from '../../statistics/invert-matrix.ts';
import { evaluateBurstModel, type NoiseNumbers } from './burst-model.ts';
import type { CountSeries } from './history.ts';

/** A number with its 95 % interval, null where the history does not say. */
export interface FittedNumber {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** What the history of one metric says about its noise. */
export interface NoiseFit {
  readonly ticks: number;
  readonly events: number;
  /** Rate of the metric, events a request. */
  readonly rate: number;
  /** Mean requests a tick. */
  readonly requestsPerTick: number;
  /** Tick-to-tick noise of one arm: coefficient of variation of its rate. */
  readonly fastCv: FittedNumber;
  /** Null when the history shows none. */
  readonly bursts: {
    /** How many times as high the rate is. */
    readonly factor: FittedNumber;
    readonly meanTicks: FittedNumber;
    /** Share of the time. */
    readonly share: FittedNumber;
  } | null;
  /** Slow drift of the rate: its 95th percentile over its 5th. Both arms share it, so it cancels in the judge. */
  readonly drift: number;
  /** Log likelihood that bursts gain, natural log units. */
  readonly burstEvidence: number;
}

/** Bursts cost three numbers; a gain below this is in the reach of chance (AIC asks 3, its small-sample kin a bit more). */
const LEAST_BURST_GAIN = 4.6;
const LARGEST_FACTOR = 20;
/** A CV below this is as good as none. */
const SMALLEST_CV = 0.02;
/** Where the search begins: x3 bursts that are short, x3 that are long, tall ones. */
const STARTS: readonly NonNullable<NoiseNumbers['bursts']>[] = [
  { factor: 3, meanTicks: 5, share: 0.1 },
  { factor: 2.5, meanTicks: 20, share: 0.15 },
  { factor: 6, meanTicks: 4, share: 0.08 },
];
const Z = 1.959963984540054;

/**
 * Fits fast noise, bursts and drift to the counts of one version by maximum likelihood (burst-model.ts).
 *
 * @param series at least a few hundred ticks with events in them (findHistoryGap says whether it is enough)
 * @returns numbers with Wald intervals from the observed information on the search scale
 */
export function fitNoise(series: CountSeries): NoiseFit {
  const calm = fitWith(series, calmModel(), [Math.log(0.2)]);
  const tries = STARTS.map((start) => fitWith(series, burstyModel(), toSearch(start)));
  const bursty = tries.reduce((best, one) => (one.loss < best.loss ? one : best));
  const gain = calm.loss - bursty.loss;
  const found = gain > LEAST_BURST_GAIN ? bursty : calm;
  const numbers = intervalsOf(series, found);
  const fastCv = withProfile(series, found, numbers[0]!);
  const [events, requests] = [sum(series.events), sum(series.requests)];
  return {
    ticks: series.events.length,
    events,
    rate: events / requests,
    requestsPerTick: requests / series.events.length,
    fastCv,
    bursts: found === calm ? null : { factor: numbers[1]!, meanTicks: numbers[2]!, share: numbers[3]! },
    drift: spreadOf(series.base),
    burstEvidence: Math.max(0, gain),
  };
}

/** The fitted numbers without their intervals. */
export function noiseOf({ fastCv, bursts }: NoiseFit): NoiseNumbers {
  if (bursts === null) return { fastCv: fastCv.value, bursts: null };
  const { factor, meanTicks, share } = bursts;
  return { fastCv: fastCv.value, bursts: { factor: factor.value, meanTicks: meanTicks.value, share: share.value } };
}

/** A model on the unbounded scale of the search. */
interface SearchModel {
  toNoise(x: readonly number[]): { noise: NoiseNumbers; rateRatio: number };
  /** Each number of the result from its coordinate. */
  readonly numbers: readonly ((x: number) => number)[];
}

interface Found {
  readonly model: SearchModel;
  readonly at: readonly number[];
  /** Negative log likelihood. */
  readonly loss: number;
}

function calmModel(): SearchModel {
  return { toNoise: ([cv = 0]) => ({ noise: { fastCv: toCv(cv), bursts: null }, rateRatio: 1 }), numbers: [toCv] };
}

function burstyModel(): SearchModel {
  return {
    toNoise: ([cv = 0, factor = 0, length = 0, share = 0, rate = 0]) => ({
      noise: {
        fastCv: toCv(cv),
        bursts: { factor: toFactor(factor), meanTicks: toLength(length), share: toShare(share) },
      },
      rateRatio: Math.exp(rate),
    }),
    numbers: [toCv, toFactor, toLength, toShare],
  };
}

const toCv = (x: number): number => Math.min(3, Math.exp(x));
const toFactor = (x: number): number => Math.min(LARGEST_FACTOR, 1 + Math.exp(x));
const toLength = (x: number): number => 1 + Math.exp(x);
/** Above half of the time it would be the level, and calm the exception. */
const toShare = (x: number): number => 0.5 / (1 + Math.exp(-x));

function toSearch({ factor, meanTicks, share }: NonNullable<NoiseNumbers['bursts']>): number[] {
  const calmRate = -Math.log(1 + share * (factor - 1));
  return [Math.log(0.2), Math.log(factor - 1), Math.log(meanTicks - 1), Math.log(share / (0.5 - share)), calmRate];
}

function fitWith(series: CountSeries, model: SearchModel, start: readonly number[]): Found {
  const { at, value } = minimize(lossOf(series, model), start, { step: 0.5, evaluations: 80 * start.length });
  return { model, at, loss: value };
}

function lossOf(series: CountSeries, model: SearchModel): (x: readonly number[]) => number {
  return (x) => {
    const { noise, rateRatio } = model.toNoise(x);
    const value = -evaluateBurstModel(series, noise, rateRatio);
    return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
  };
}

/** 95 % intervals by the curvature of the likelihood; none where it is flat, as it is for a CV of 0. */
function intervalsOf(series: CountSeries, { model, at }: Found): FittedNumber[] {
  const covariance = invertMatrix(curvatureOf(lossOf(series, model), at));
  return model.numbers.map((number, i) => {
    const variance = covariance?.[i]?.[i] ?? Number.NaN;
    const value = number(at[i] ?? 0);
    if (!(variance > 0)) return { value, low: null, high: null };
    const half = Z * Math.sqrt(variance);
    return { value, low: number((at[i] ?? 0) - half), high: number((at[i] ?? 0) + half) };
  });
}

/** A CV that may be 0 has no curvature on its log scale: its interval goes to where the likelihood has fallen enough. */
function withProfile(series: CountSeries, { model, at, loss }: Found, fitted: FittedNumber): FittedNumber {
  if (fitted.low !== null && fitted.low > SMALLEST_CV) return fitted;
  const f = lossOf(series, model);
  let [inside, outside] = [at[0] ?? 0, Math.log(3)];
  for (let i = 0; i < 30; i += 1) {
    const middle = (inside + outside) / 2;
    if (f([middle, ...at.slice(1)]) - loss < (Z * Z) / 2) inside = middle;
    else outside = middle;
  }
  return { value: fitted.value, low: 0, high: toCv(inside) };
}

/** Second differences. */
function curvatureOf(f: (x: readonly number[]) => number, at: readonly number[]): number[][] {
  const step = 0.05;
  const moved = (i: number, a: number, j: number, b: number): number =>
    f(at.map((value, k) => value + (k === i ? a * step : 0) + (k === j ? b * step : 0)));
  return at.map((_, i) =>
    at.map(
      (_other, j) =>
        (moved(i, 1, j, 1) - moved(i, 1, j, -1) - moved(i, -1, j, 1) + moved(i, -1, j, -1)) / (4 * step * step),
    ),
  );
}

function spreadOf(base: readonly number[]): number {
  const sorted = base.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
  return at(0.95) / at(0.05);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
