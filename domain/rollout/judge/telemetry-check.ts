import type { MirroredStatuses, OverlapCounts } from '../overlap.ts';

/** What an arm reported for one tick, as it came in: anything may be missing or wrong. */
export interface ArmTick {
  readonly requests?: unknown;
  readonly errors?: unknown;
  readonly slow?: unknown;
}

/** One tick as it comes from telemetry or a replay file. Counts are of this tick, not cumulative. */
export interface JudgeTick {
  readonly canary?: ArmTick | null;
  readonly control?: ArmTick | null;
  readonly scores?: { readonly canary?: unknown; readonly control?: unknown } | null;
  /** Of a shadow step: what mirrored answers had in common with stable's. Judged by itself (overlap.ts). */
  readonly overlap?: OverlapCounts;
  /** Of a shadow step: mirrored requests, and those answered with another status than stable's. Shown with the overlap. */
  readonly statuses?: MirroredStatuses;
}

/** Requests and events of one arm in one tick, checked. */
export interface Counts {
  readonly requests: number;
  readonly events: number;
}

/**
 * A field of one tick after checking: `absent` when neither arm has it (null says the same), `bad` when it is there but unusable (or in one
 * arm only), else the values of both arms.
 */
export type CheckedField<T> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'bad'; readonly problem: string; /** Still usable by itself. */ readonly canary: T | null }
  | { readonly kind: 'good'; readonly canary: T; readonly control: T };

export interface CheckedTick {
  readonly errors: CheckedField<Counts>;
  readonly slow: CheckedField<Counts>;
  readonly scores: CheckedField<readonly number[]>;
  /** At least one arm said something. */
  readonly isPresent: boolean;
}

/** Checks one tick; bad telemetry is a result here, never an error. */
export function checkTick(tick: JudgeTick): CheckedTick {
  return {
    errors: checkCounts(tick, 'errors'),
    slow: checkCounts(tick, 'slow'),
    scores: checkScores(tick.scores),
    isPresent: isObject(tick.canary) || isObject(tick.control),
  };
}

function checkCounts(tick: JudgeTick, name: 'errors' | 'slow'): CheckedField<Counts> {
  const canary = readCounts(tick.canary, name);
  const control = readCounts(tick.control, name);
  if (canary.isAbsent && control.isAbsent) return { kind: 'absent' };
  if (canary.counts !== null && control.counts !== null)
    return { kind: 'good', canary: canary.counts, control: control.counts };
  const arms = [
    canary.counts === null ? `canary ${canary.problem}` : '',
    control.counts === null ? `control ${control.problem}` : '',
  ];
  return { kind: 'bad', problem: `${name}: ${arms.filter((arm) => arm !== '').join(', ')}`, canary: canary.counts };
}

function readCounts(
  arm: unknown,
  name: 'errors' | 'slow',
): { counts: Counts | null; isAbsent: boolean; problem: string } {
  if (!isObject(arm)) return { counts: null, isAbsent: arm === undefined || arm === null, problem: 'missing' };
  const { requests } = arm;
  const events = arm[name];
  if (events === undefined || events === null) return { counts: null, isAbsent: true, problem: 'missing' };
  if (!isCount(requests)) return { counts: null, isAbsent: false, problem: `has ${show(requests)} requests` };
  if (!isCount(events)) return { counts: null, isAbsent: false, problem: `is ${show(events)}` };
  if (events > requests) return { counts: null, isAbsent: false, problem: `is ${events} of ${requests} requests` };
  return { counts: { requests, events }, isAbsent: false, problem: '' };
}

function checkScores(scores: unknown): CheckedField<readonly number[]> {
  if (scores === undefined || scores === null) return { kind: 'absent' };
  if (!isObject(scores)) return { kind: 'bad', problem: `scores: are ${show(scores)}`, canary: null };
  const { canary, control } = scores;
  if ((canary === undefined || canary === null) && (control === undefined || control === null))
    return { kind: 'absent' };
  if (!isScores(canary))
    return {
      kind: 'bad',
      problem: `scores: canary ${canary === undefined || canary === null ? 'missing' : 'holds a value outside [0, 1]'}`,
      canary: null,
    };
  if (!isScores(control))
    return {
      kind: 'bad',
      problem: `scores: control ${control === undefined || control === null ? 'missing' : 'holds a value outside [0, 1]'}`,
      canary,
    };
  return { kind: 'good', canary, control };
}

function isScores(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((score) => typeof score === 'number' && score >= 0 && score <= 1);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'no' : typeof value === 'number' || value === null ? String(value) : `a ${typeof value}`;
}
