import { STATIC_CHAINS, type CountKernel } from './count-kernel.ts';

/**
 * The filter's memory: probabilities of burst levels (and shifts) under each model, and the log likelihood each model
 * has gathered. Plain numbers; `null` before the first usable tick.
 */
export interface CountFilterState {
  /** Usable ticks so far. */
  ticks: number;
  /** Events of both arms in those ticks. */
  events: number;
  /** [kind of noise][static chain][burst kind], each row up to a factor */
  statics: Float64Array;
  /** [kind of noise][jump shift][burst kind], each kind of noise up to a factor */
  jumps: Float64Array;
  /** [kind of noise][static chain], sum of the row */
  staticSums: Float64Array;
  /** [kind of noise][jump shift], sum of the row */
  jumpSums: Float64Array;
  /** [kind of noise][static chain], log likelihood */
  staticLog: Float64Array;
  /** [kind of noise], log likelihood of the jump chain */
  jumpLog: Float64Array;
}

/** Static shifts: each keeps its burst levels. Changes `state`. */
export function stepStatics(
  kernel: CountKernel,
  state: CountFilterState,
  kind: number,
  smooth: Float64Array,
  logPeak: number,
  prior: Float64Array,
  first: boolean,
): void {
  for (let chain = 0; chain < STATIC_CHAINS; chain += 1) {
    const row = kind * STATIC_CHAINS + chain;
    const base = kernel.staticBase[chain]!;
    if (first) state.staticSums[row] = writeRow(state.statics, row * kernel.bursts, prior, 1, smooth, base);
    else advanceStatic(kernel, state, kind, chain, smooth, prior);
    state.staticLog[row]! += Math.log(state.staticSums[row]!) + logPeak;
  }
}

/** A burst kind stays, or is drawn anew from its prior; then the row is weighed by the likelihood. */
export function advanceStatic(
  { bursts, redraw: redraws, staticBase }: CountKernel,
  state: CountFilterState,
  kind: number,
  chain: number,
  smooth: Float64Array,
  prior: Float64Array,
): void {
  const { statics, staticSums } = state;
  const redraw = redraws[kind]!;
  const row = kind * STATIC_CHAINS + chain;
  const at = row * bursts;
  const base = staticBase[chain]!;
  const kept = (1 - redraw) / staticSums[row]!;
  let sum = 0;
  for (let u = 0; u < bursts; u += 1) {
    const value = (kept * statics[at + u]! + redraw * prior[u]!) * smooth[base + u]!;
    statics[at + u] = value;
    sum += value;
  }
  staticSums[row] = sum;
}

/** The chain that may shift, now or later. Changes `state`. */
export function stepJump(
  kernel: CountKernel,
  state: CountFilterState,
  kind: number,
  smooth: Float64Array,
  logPeak: number,
  prior: Float64Array,
  first: boolean,
): void {
  const total = first ? startJump(kernel, state, kind, smooth, prior) : advanceJump(kernel, state, kind, smooth, prior);
  state.jumpLog[kind]! += Math.log(total) + logPeak;
}

/** The first tick: prior of shift and burst kind, weighed by the likelihood. Returns the sum. */
function startJump(
  { bursts, jumpPrior, jumpBase }: CountKernel,
  state: CountFilterState,
  kind: number,
  smooth: Float64Array,
  prior: Float64Array,
): number {
  let total = 0;
  for (let shift = 0; shift < jumpBase.length; shift += 1) {
    const row = kind * jumpBase.length + shift;
    const sum = writeRow(state.jumps, row * bursts, prior, jumpPrior[shift]!, smooth, jumpBase[shift]!);
    state.jumpSums[row] = sum;
    total += sum;
  }
  return total;
}

/** Late starts begin, burst levels are drawn anew, and every row is weighed by the likelihood. Returns the sum. */
export function advanceJump(
  { bursts, jumpTarget, jumpBase, onset, redraw: redraws }: CountKernel,
  state: CountFilterState,
  kind: number,
  smooth: Float64Array,
  prior: Float64Array,
): number {
  const { jumps, jumpSums } = state;
  const redraw = redraws[kind]!;
  const shifts = jumpBase.length;
  const first = kind * shifts;
  const start = first * bursts;
  let before = 0;
  for (let shift = 0; shift < shifts; shift += 1) before += jumpSums[first + shift]!;
  const waiting = jumpSums[first]!;
  const kept = (1 - redraw) / before;
  let total = 0;
  // The row of "no shift yet" comes last: the others are fed from what it held before.
  for (let shift = shifts - 1; shift >= 0; shift -= 1) {
    const part = shift === 0 ? 0 : onset * jumpTarget[shift]!;
    const own = shift === 0 ? 1 - onset : 1;
    const drawn = (redraw * (own * jumpSums[first + shift]! + part * waiting)) / before;
    const at = start + shift * bursts;
    const base = jumpBase[shift]!;
    const keptOwn = kept * own;
    const keptPart = kept * part;
    let sum = 0;
    for (let u = 0; u < bursts; u += 1) {
      const value = (keptOwn * jumps[at + u]! + keptPart * jumps[start + u]! + drawn * prior[u]!) * smooth[base + u]!;
      jumps[at + u] = value;
      sum += value;
    }
    jumpSums[first + shift] = sum;
    total += sum;
  }
  return total;
}

/** Writes factor · prior · likelihood into a row, and returns its sum. */
function writeRow(
  mass: Float64Array,
  at: number,
  prior: Float64Array,
  factor: number,
  smooth: Float64Array,
  base: number,
): number {
  let sum = 0;
  for (let u = 0; u < prior.length; u += 1) {
    const value = factor * prior[u]! * smooth[base + u]!;
    mass[at + u] = value;
    sum += value;
  }
  return sum;
}
