import type { NoiseAssumption } from './noise.ts';

/** Step of the log-odds lattice; every shift and burst level is a multiple of it. */
export const LATTICE_STEP = 0.2;
/** Shifts the jump chain can take, natural log units of the rate ratio; the first is "no shift". */
const JUMP_SHIFTS = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.4, 1.8, 2.2, 2.6, 3] as const;
/** What is believed of the canary's shift before anything was seen. */
export interface ShiftPrior {
  /** How likely each of the ten shifts above zero is, but for a factor. */
  readonly weights: readonly number[];
  /** Prior mass of a shift that begins later, in (0, 1). */
  readonly lateStart: number;
}
/**
 * Most regressions are between x1.8 and x6; smaller ones are within the margin that a promotion allows. Found by search over
 * bench/judge-detection.ts and bench/judge-false-rollback.ts, with streams of other seeds than theirs.
 */
const SHIFT_PRIOR: ShiftPrior = {
  weights: [0.02, 0.1, 0.95, 1.15, 1.2, 2.4, 0.8, 0.8, 0.25, 0.02],
  lateStart: 0.08,
};
/** Shifts that are safe; the margin itself is added as the last static chain. */
const SAFE_SHIFTS = [-0.4, -0.2, 0] as const;
/** Share of the late-start mass that begins per minute. */
const ONSET_PER_MINUTE = 0.02;

/** Everything of the count filter that does not change from tick to tick; made once per policy. */
export interface CountKernel {
  /** exp(x) - 1 for each lattice point x. */
  readonly expm1: Float64Array;
  /** Lattice points, natural log units. */
  readonly x: Float64Array;
  /** Smoothing by fast noise: one row-major matrix per kind of noise, null for the identity. */
  readonly smoothing: readonly (Float64Array | null)[];
  /** Number of burst levels. */
  readonly bursts: number;
  /** Lattice index of shift + lowest burst level, per static chain (three safe ones, zero being the last; margin). */
  readonly staticBase: readonly number[];
  readonly jumpBase: readonly number[];
  /** Prior of the jump chain's shifts. */
  readonly jumpPrior: Float64Array;
  /** Where late starts go: weights of the shifts above zero, index 0 unused. */
  readonly jumpTarget: Float64Array;
  /** Probability per tick that a burst level is drawn anew, per kind of noise. */
  readonly redraw: readonly number[];
  /** Share of the late-start mass that begins per tick. */
  readonly onset: number;
  readonly noise: NoiseAssumption;
}

/** Index of the static chains. */
export const STATIC_ZERO = 2;
export const STATIC_MARGIN = 3;
export const STATIC_CHAINS = 4;

const cache = new Map<string, CountKernel>();

/** The kernel for a noise assumption, a margin (natural log of the ratio, multiple of 0.2) and a tick length. */
export function loadCountKernel(
  noise: NoiseAssumption,
  marginLog: number,
  tickSeconds: number,
  shiftPrior = SHIFT_PRIOR,
): CountKernel {
  const key = JSON.stringify([noise, marginLog, tickSeconds, shiftPrior]);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const kernel = createCountKernel(noise, marginLog, tickSeconds, shiftPrior);
  cache.set(key, kernel);
  return kernel;
}

function createCountKernel(
  noise: NoiseAssumption,
  marginLog: number,
  tickSeconds: number,
  { weights, lateStart }: ShiftPrior,
): CountKernel {
  const range = Math.round(noise.burstRangeLog / LATTICE_STEP);
  const statics = [...SAFE_SHIFTS, marginLog].map(toSteps);
  const jumps = JUMP_SHIFTS.map(toSteps);
  const lowest = Math.min(...statics, ...jumps) - range;
  const highest = Math.max(...statics, ...jumps) + range;
  const x = Float64Array.from({ length: highest - lowest + 1 }, (_, i) => (lowest + i) * LATTICE_STEP);
  const minutes = tickSeconds / 60;
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  const targets = [0, ...weights.map((weight) => weight / weightSum)];
  return {
    x,
    expm1: x.map((value) => Math.exp(value) - 1),
    smoothing: noise.kinds.map(({ fastSdLog }) => (fastSdLog === 0 ? null : createSmoothing(x, fastSdLog))),
    bursts: 2 * range + 1,
    staticBase: statics.map((shift) => shift - range - lowest),
    jumpBase: jumps.map((shift) => shift - range - lowest),
    jumpPrior: Float64Array.from(targets, (target, i) => (i === 0 ? lateStart : (1 - lateStart) * target)),
    jumpTarget: Float64Array.from(targets),
    redraw: noise.kinds.map(({ burstMeanMinutes }) => 1 - (1 - 1 / burstMeanMinutes) ** minutes),
    onset: 1 - (1 - ONSET_PER_MINUTE) ** minutes,
    noise,
  };
}

function toSteps(logShift: number): number {
  return Math.round(logShift / LATTICE_STEP);
}

/** Gaussian kernel over the lattice; rows sum to 1. */
function createSmoothing(x: Float64Array, sd: number): Float64Array {
  const size = x.length;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    const row = Array.from(x, (other) => Math.exp(-(((x[i] ?? 0) - other) ** 2) / (2 * sd * sd)));
    const sum = row.reduce((total, value) => total + value, 0);
    matrix.set(
      row.map((value) => value / sum),
      i * size,
    );
  }
  return matrix;
}
