import type { JudgeTick } from '../../domain/rollout/judge.ts';

// The published rules of other rollout tools, as their code has them (2026), for the one metric "error rate".

/** Looks at a tick; true when it rolls back now. */
export type Rival = (tick: JudgeTick) => boolean;

const counts = (tick: JudgeTick): { n1: number; x1: number; n0: number; x0: number } => ({
  n1: Number(tick.canary?.requests),
  x1: Number(tick.canary?.errors),
  n0: Number(tick.control?.requests),
  x0: Number(tick.control?.errors),
});

/** Argo Rollouts: the canary's error rate over a line is a failed measurement; more than `failureLimit` of them abort. */
export function createArgo(line: number, failureLimit: number): Rival {
  let failed = 0;
  return (tick) => {
    const { n1, x1 } = counts(tick);
    if (n1 > 0 && x1 / n1 > line) failed += 1;
    return failed > failureLimit;
  };
}

/** Flagger: the same line; `threshold` failed checks, cumulative over the release, roll back. */
export function createFlagger(line: number, threshold: number): Rival {
  let failed = 0;
  return (tick) => {
    const { n1, x1 } = counts(tick);
    if (n1 === 0 || x1 / n1 > line) failed += 1;
    return failed >= threshold;
  };
}

const Z_98 = 2.326347874;
const TOLERANCE = 0.25;
const LOOK_EVERY = 5;

/**
 * Kayenta: Mann-Whitney on the error rates (in per cent) of all ticks so far, 98 % confidence, tolerance a quarter of
 * the estimated shift, looked at every five ticks without a correction, as Orca does. Where most ticks have no error, its
 * answer hangs on the rounding of the root finder, so sparse traffic is left out of our tables.
 */
export function createKayenta(): Rival {
  const canary: number[] = [];
  const control: number[] = [];
  let ticks = 0;
  return (tick) => {
    const { n1, x1, n0, x0 } = counts(tick);
    ticks += 1;
    if (n1 > 0) canary.push((100 * x1) / n1);
    if (n0 > 0) control.push((100 * x0) / n0);
    return ticks % LOOK_EVERY === 0 && canary.length > 0 && control.length > 0 && isHigh(canary, control);
  };
}

function isHigh(canary: readonly number[], control: readonly number[]): boolean {
  const sort = (values: readonly number[]): string => JSON.stringify(values.toSorted((a, b) => a - b));
  if (sort(canary) === sort(control)) return false;
  const shift = estimateShift(canary, control);
  if (shift === null) return false;
  // The effect size it asks for besides: the canary's mean is at least the control's (allowedIncrease 1).
  return shift.lower > TOLERANCE * Math.abs(shift.estimate) && meanOf(canary) >= meanOf(control);
}

/**
 * How much higher the canary is, and the lower limit of the 98 % interval, to 1e-4: where the test, corrected for ties
 * (and for continuity in the limit), begins to accept the shift.
 *
 * @source R, wilcox.test with conf.int, the normal approximation
 * @returns null where neither sample varies
 */
export function estimateShift(
  canary: readonly number[],
  control: readonly number[],
): { readonly estimate: number; readonly lower: number } | null {
  const low = Math.min(...canary) - Math.max(...control);
  const high = Math.max(...canary) - Math.min(...control);
  if (low === high) return null;
  return {
    estimate: rootOf((shift) => zOf(canary, control, shift, 0), low, high),
    lower: rootOf((shift) => zOf(canary, control, shift, 1) - Z_98, low, high),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** z of the rank sum with the canary shifted down; falls with the shift. */
function zOf(canary: readonly number[], control: readonly number[], shift: number, sign: number): number {
  const [n, m] = [canary.length, control.length];
  let wins = 0;
  for (const a of canary) for (const b of control) wins += a - shift > b ? 1 : a - shift === b ? 0.5 : 0;
  const ties = tieTerm([...canary.map((value) => value - shift), ...control]);
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  return variance <= 0 ? 0 : (wins - (n * m) / 2 - 0.5 * sign) / Math.sqrt(variance);
}

function tieTerm(values: readonly number[]): number {
  const seen = new Map<number, number>();
  for (const value of values) seen.set(value, (seen.get(value) ?? 0) + 1);
  return seen.values().reduce((sum, count) => sum + count ** 3 - count, 0);
}

/** Bisection to 1e-4, the absolute tolerance of the original; the low end when the root is below it. */
function rootOf(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  if (f(a) <= 0) return a;
  while (b - a > 1e-4) {
    const middle = (a + b) / 2;
    if (f(middle) > 0) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}
