import { advanceJump, advanceStatic, stepJump, stepStatics, type CountFilterState } from './count-chains.ts';
import { STATIC_CHAINS, STATIC_MARGIN, STATIC_ZERO, type CountKernel } from './count-kernel.ts';

export type { CountFilterState } from './count-chains.ts';

/** Log evidence ratios, natural log. */
export interface CountEvidence {
  /** That the canary's rate is higher than the control's. */
  readonly logHarm: number;
  /** That its rate is below `margin` times the control's. */
  readonly logSafe: number;
}

/** Reused from call to call: nothing in here outlives one tick. */
const scratch = {
  likelihood: new Float64Array(0),
  smooth: new Float64Array(0),
  prior: new Float64Array(0),
  ones: new Float64Array(0),
};

/** An empty memory. */
export function createCountFilter(kernel: CountKernel): CountFilterState {
  const kinds = kernel.noise.kinds.length;
  return {
    ticks: 0,
    events: 0,
    statics: new Float64Array(kinds * STATIC_CHAINS * kernel.bursts),
    jumps: new Float64Array(kinds * kernel.jumpBase.length * kernel.bursts),
    staticSums: new Float64Array(kinds * STATIC_CHAINS),
    jumpSums: new Float64Array(kinds * kernel.jumpBase.length),
    staticLog: new Float64Array(kinds * STATIC_CHAINS),
    jumpLog: new Float64Array(kinds),
  };
}

/**
 * Takes one tick in: `x1` of `n1` canary requests and `x0` of `n0` control requests had the event.
 *
 * With no requests in one arm only time passes. Cost: about 2,000 multiplications. Changes `state`.
 *
 * @param n1, n0 requests, at least 0
 * @param x1, x0 events, 0 to the requests of the arm
 * Source: judge-recipe §1 (conditional binomial likelihood on a log-odds lattice, filtered over burst levels).
 */
export function stepCountFilter(
  kernel: CountKernel,
  state: CountFilterState,
  n1: number,
  x1: number,
  n0: number,
  x0: number,
): void {
  if (n1 <= 0 || n0 <= 0) {
    passTime(kernel, state);
    return;
  }
  const first = state.ticks === 0;
  state.ticks += 1;
  state.events += x1 + x0;
  // No events: every rate ratio explains that equally well, and only time passes.
  if (x1 + x0 === 0 && !first) {
    passTime(kernel, state);
    return;
  }
  const meanEvents = state.events / state.ticks;
  const { likelihood, logPeak } = likelihoods(kernel, n1, x1, n0, x0);
  for (let kind = 0; kind < kernel.noise.kinds.length; kind += 1) {
    const prior = burstPrior(kernel, kind, meanEvents);
    const smooth = smoothed(kernel, kind, likelihood);
    stepStatics(kernel, state, kind, smooth, logPeak, prior, first);
    stepJump(kernel, state, kind, smooth, logPeak, prior, first);
  }
}

/** Time passes for bursts and late starts; the evidence does not move. Changes `state`. */
export function passTime(kernel: CountKernel, state: CountFilterState): void {
  if (state.ticks === 0) return;
  const meanEvents = state.events / state.ticks;
  if (scratch.ones.length !== kernel.x.length) scratch.ones = new Float64Array(kernel.x.length).fill(1);
  for (let kind = 0; kind < kernel.noise.kinds.length; kind += 1) {
    const prior = burstPrior(kernel, kind, meanEvents);
    for (let chain = 0; chain < STATIC_CHAINS; chain += 1)
      advanceStatic(kernel, state, kind, chain, scratch.ones, prior);
    advanceJump(kernel, state, kind, scratch.ones, prior);
  }
}

/** The evidence gathered so far; both 0 (ratio 1) before the first usable tick. */
export function evaluateCounts(state: CountFilterState): CountEvidence {
  if (state.ticks === 0) return { logHarm: 0, logSafe: 0 };
  const zero = chainLog(state, STATIC_ZERO);
  const safe = logMeanExp3(chainLog(state, 0), chainLog(state, 1), zero);
  return { logHarm: jumpChainLog(state) - zero, logSafe: safe - chainLog(state, STATIC_MARGIN) };
}

/** Prior of the burst level: the share of bursts follows the volume, since few events cannot show any. */
function burstPrior({ noise, bursts }: CountKernel, kind: number, meanEvents: number): Float64Array {
  const { burstShare, burstFullEventsPerTick } = noise.kinds[kind]!;
  const share = burstShare * Math.min(1, meanEvents / burstFullEventsPerTick);
  if (scratch.prior.length !== bursts) scratch.prior = new Float64Array(bursts);
  const { prior } = scratch;
  prior.fill(share / bursts);
  const middle = (bursts - 1) / 2;
  prior[middle] = (prior[middle] ?? 0) + 1 - share;
  return prior;
}

/** Conditional likelihood of the split of events at each lattice point, divided by its peak. */
function likelihoods(
  kernel: CountKernel,
  n1: number,
  x1: number,
  n0: number,
  x0: number,
): { likelihood: Float64Array; logPeak: number } {
  const { x, expm1, noise } = kernel;
  if (scratch.likelihood.length !== x.length) {
    scratch.likelihood = new Float64Array(x.length);
    scratch.smooth = new Float64Array(x.length);
  }
  const { likelihood } = scratch;
  const events = x1 + x0;
  const share = n1 / (n1 + n0);
  const scale = events > noise.eventCapPerTick ? noise.eventCapPerTick / events : 1;
  let logPeak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < x.length; i += 1) {
    const value = scale * (x1 * x[i]! - events * Math.log(1 + share * expm1[i]!));
    likelihood[i] = value;
    if (value > logPeak) logPeak = value;
  }
  for (let i = 0; i < x.length; i += 1) likelihood[i] = Math.exp(likelihood[i]! - logPeak);
  return { likelihood, logPeak };
}

function smoothed(kernel: CountKernel, kind: number, likelihood: Float64Array): Float64Array {
  const matrix = kernel.smoothing[kind];
  if (matrix === null || matrix === undefined) return likelihood;
  const size = likelihood.length;
  const { smooth } = scratch;
  const even = size - (size % 2);
  for (let i = 0, at = 0; i < size; i += 1) {
    // Two sums at a time: an addition need not wait for the one before.
    let [one, two] = [0, 0];
    for (let j = 0; j < even; j += 2, at += 2) {
      one += matrix[at]! * likelihood[j]!;
      two += matrix[at + 1]! * likelihood[j + 1]!;
    }
    if (even < size) {
      one += matrix[at]! * likelihood[even]!;
      at += 1;
    }
    smooth[i] = one + two;
  }
  return smooth;
}

/** Log likelihood of a static chain, averaged over the kinds of noise (a constant factor is left out: it cancels). */
function chainLog(state: CountFilterState, chain: number): number {
  const { staticLog } = state;
  let peak = Number.NEGATIVE_INFINITY;
  for (let at = chain; at < staticLog.length; at += STATIC_CHAINS) if (staticLog[at]! > peak) peak = staticLog[at]!;
  let sum = 0;
  for (let at = chain; at < staticLog.length; at += STATIC_CHAINS) sum += Math.exp(staticLog[at]! - peak);
  return peak + Math.log(sum);
}

function jumpChainLog({ jumpLog }: CountFilterState): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (const value of jumpLog) if (value > peak) peak = value;
  let sum = 0;
  for (const value of jumpLog) sum += Math.exp(value - peak);
  return peak + Math.log(sum);
}

/** Log of the mean of three exponentials. */
function logMeanExp3(a: number, b: number, c: number): number {
  const peak = Math.max(a, b, c);
  return peak + Math.log((Math.exp(a - peak) + Math.exp(b - peak) + Math.exp(c - peak)) / 3);
}
