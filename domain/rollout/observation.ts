import { createRandom, shuffle } from '../statistics/seeded-random.ts';
import type { JudgeTick } from './judge.ts';
import { toOverlapCounts } from './overlap.ts';
import {
  LATENCY_BOUNDS_MS,
  SCORE_BINS,
  type ArmCounters,
  type MirrorCounters,
  type TelemetrySnapshot,
} from './telemetry.ts';

export interface ObservationRule {
  /** Requests above this many milliseconds are slow; one of LATENCY_BOUNDS_MS. */
  readonly slowBoundMs: number;
  /** Names the tick: the order of scores is drawn from it. */
  readonly seed: string;
  readonly expectedStableVersion: string;
  readonly expectedCanaryVersion: string;
  /** Where the canary's counts come from: copies of stable's requests, or users of its own. */
  readonly source: 'mirror' | 'users';
}

/** Counters that only grow, of one arm. */
interface Counters {
  readonly requests: number;
  readonly errors: number;
  readonly latency: readonly number[];
  readonly scores: readonly number[];
  /** Of mirrored answers only. */
  readonly overlap: readonly number[];
  readonly statusMismatches: number;
}

const NONE: Counters = { requests: 0, errors: 0, latency: [], scores: [], overlap: [], statusMismatches: 0 };

/**
 * What happened between two cumulative readings, as one tick for the judge.
 *
 * A source that started again (new instance id) counts from zero. A reading that is missing, the same as before, of
 * another version, or smaller than before is a problem: nothing is guessed from it.
 */
export function assembleTick(
  previous: TelemetrySnapshot | null,
  current: TelemetrySnapshot | null,
  rule: ObservationRule,
): { readonly tick: JudgeTick; readonly problems: readonly string[] } {
  if (current === null) return { tick: {}, problems: ['no reading'] };
  if (previous === null) return { tick: {}, problems: ['first reading: nothing to compare it with'] };
  const isSameInstance = previous.instanceId === current.instanceId;
  if (isSameInstance && previous.observedAt === current.observedAt)
    return { tick: {}, problems: [`reading is stale: taken at ${current.observedAt}, as the one before`] };
  const before = isSameInstance ? previous : null;
  const problems: string[] = [];
  const control = difference(
    'stable',
    armOf(current.stable, rule.expectedStableVersion),
    armOf(before?.stable ?? null, rule.expectedStableVersion),
    problems,
  );
  const canary =
    rule.source === 'mirror'
      ? difference('mirror', mirrorOf(current.mirror), mirrorOf(before?.mirror ?? null), problems)
      : difference(
          'canary',
          armOf(current.canary, rule.expectedCanaryVersion),
          armOf(before?.canary ?? null, rule.expectedCanaryVersion),
          problems,
        );
  if (control === null || canary === null) return { tick: {}, problems };
  return { tick: assemble(canary, control, rule), problems };
}

function assemble(canary: Counters, control: Counters, rule: ObservationRule): JudgeTick {
  const counts = { canary: countsOf(canary, rule.slowBoundMs), control: countsOf(control, rule.slowBoundMs) };
  // None is told from not asked for: a shadow step without comparable answers is no pass.
  if (rule.source === 'mirror') {
    const statuses = { requests: canary.requests, mismatches: canary.statusMismatches };
    return { ...counts, overlap: toOverlapCounts(canary.overlap), statuses };
  }
  const hasScores = sum(canary.scores) + sum(control.scores) > 0;
  if (!hasScores) return counts;
  return {
    ...counts,
    scores: {
      canary: expand(canary.scores, `${rule.seed}/canary`),
      control: expand(control.scores, `${rule.seed}/control`),
    },
  };
}

function countsOf(counters: Counters, slowBoundMs: number): { requests: number; errors: number; slow: number } {
  return { requests: counters.requests, errors: counters.errors, slow: slowOf(counters, slowBoundMs) };
}

/** Requests in buckets above the bound: exact, since the bound is an edge. */
function slowOf({ latency }: Counters, slowBoundMs: number): number {
  const edge = LATENCY_BOUNDS_MS.indexOf(slowBoundMs);
  if (edge < 0) throw new RangeError(`Latency bound is no bucket edge: ${slowBoundMs} ms`);
  return sum(latency.slice(edge + 1));
}

function armOf(arm: ArmCounters | null, version: string): Counters | string {
  if (arm === null) return `is not known to the source, wanted version ${version}`;
  return arm.version === version
    ? { ...arm, overlap: [], statusMismatches: 0 }
    : `is version ${arm.version}, wanted ${version}`;
}

function mirrorOf(mirror: MirrorCounters | null): Counters | string {
  return mirror === null ? 'has no counters' : { ...mirror, scores: [] };
}

function difference(
  name: string,
  current: Counters | string,
  before: Counters | string,
  problems: string[],
): Counters | null {
  if (typeof current === 'string') {
    problems.push(`${name} ${current}`);
    return null;
  }
  // Another version was counted in this arm before: this one started at zero.
  const base = typeof before === 'string' ? NONE : before;
  const grown = {
    requests: current.requests - base.requests,
    errors: current.errors - base.errors,
    latency: subtract(current.latency, base.latency),
    scores: subtract(current.scores, base.scores),
    overlap: subtract(current.overlap, base.overlap),
    statusMismatches: current.statusMismatches - base.statusMismatches,
  };
  if (
    grown.requests >= 0 &&
    grown.errors >= 0 &&
    grown.statusMismatches >= 0 &&
    [...grown.latency, ...grown.scores, ...grown.overlap].every((count) => count >= 0)
  )
    return grown;
  problems.push(`${name} counters went backwards without a new start of the source`);
  return null;
}

function subtract(values: readonly number[], base: readonly number[]): number[] {
  return values.map((value, index) => value - (base[index] ?? 0));
}

/**
 * Scores from their bins, in an order drawn from the seed. Bins come sorted; comparing sorted scores with each other
 * would not be a comparison of independent pairs.
 */
function expand(bins: readonly number[], seed: string): number[] {
  const scores = bins.flatMap((count, bin) => Array.from({ length: count }, () => bin / (SCORE_BINS - 1)));
  return shuffle(scores, createRandom(seed));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
