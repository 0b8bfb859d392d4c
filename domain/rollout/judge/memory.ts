import { createBets, type BetState } from './bets.ts';
import { CEILING_BETS, TOLERANCE_BETS } from './binomial-bets.ts';
import { createCountFilter, type CountFilterState } from './count-filter.ts';
import type { CountKernel } from './count-kernel.ts';
import type { MetricName } from './policy.ts';
import { SCORE_BETS } from './score-bets.ts';

/** Sums of one arm over all usable ticks. */
export interface ArmTotals {
  requests: number;
  /** Events, or the sum of scores. */
  sum: number;
}

interface MetricMemory {
  readonly canary: ArmTotals;
  readonly control: ArmTotals;
  /** Log evidence of harm and of safety so far. */
  logHarm: number;
  logSafe: number;
  /** Log of this metric's part of the wealth; null while it does not decide. */
  logPart: number | null;
}

export interface CountMemory extends MetricMemory {
  readonly filter: CountFilterState;
  readonly tolerance: BetState;
}

export interface ScoreMemory extends MetricMemory {
  readonly harm: BetState;
  readonly safe: BetState;
}

/** A decision that stands. */
export interface StandingDecision {
  readonly metric: MetricName | 'ceiling';
  readonly tick: number;
  readonly wealth: number;
  readonly reason: string;
}

/** All the judge remembers of one release, in the form it works on. */
export interface JudgeMemory {
  ticks: number;
  missingTicks: number;
  usableTicks: number;
  /** What was wrong with the last tick's telemetry; empty when nothing was. */
  problems: string[];
  /** Log of the total wealth at the last tick that brought evidence. */
  logWealthBefore: number;
  rollback: StandingDecision | null;
  hold: StandingDecision | null;
  /** First of the unbroken run of ticks at which promotion is warranted. */
  promoteSince: number | null;
  /** Log of the wealth carried over from earlier attempts of the same release. */
  readonly logCarried: number;
  readonly ceiling: BetState;
  /** All that was seen of the canary's errors, with or without a control. */
  readonly ceilingTotals: ArmTotals;
  errors: CountMemory | null;
  slow: CountMemory | null;
  scores: ScoreMemory | null;
}

/** @param carriedWealth total wealth at the end of the attempt before, 1 for the first */
export function createMemory(carriedWealth: number): JudgeMemory {
  const logCarried = Math.log(carriedWealth);
  return {
    ticks: 0,
    missingTicks: 0,
    usableTicks: 0,
    problems: [],
    logWealthBefore: logCarried,
    rollback: null,
    hold: null,
    promoteSince: null,
    logCarried,
    ceiling: createBets(CEILING_BETS, true),
    ceilingTotals: { requests: 0, sum: 0 },
    errors: null,
    slow: null,
    scores: null,
  };
}

export function createCountMemory(kernel: CountKernel): CountMemory {
  return { ...newMetric(), filter: createCountFilter(kernel), tolerance: createBets(TOLERANCE_BETS, false) };
}

export function createScoreMemory(): ScoreMemory {
  return { ...newMetric(), harm: createBets(SCORE_BETS, true), safe: createBets(SCORE_BETS, false) };
}

function newMetric(): MetricMemory {
  return { canary: { requests: 0, sum: 0 }, control: { requests: 0, sum: 0 }, logHarm: 0, logSafe: 0, logPart: null };
}

/** The memory as plain JSON: survives JSON.stringify and JSON.parse exactly. */
export type JudgeState = Omit<JudgeMemory, 'errors' | 'slow'> & {
  readonly errors: SavedCounts | null;
  readonly slow: SavedCounts | null;
};

/** The filter's arrays as plain lists. */
type SavedFilter = {
  readonly [Field in keyof CountFilterState]: CountFilterState[Field] extends Float64Array ? readonly number[] : number;
};

type SavedCounts = Omit<CountMemory, 'filter'> & { readonly filter: SavedFilter };

/** A copy of the memory to keep. */
export function saveMemory(memory: JudgeMemory): JudgeState {
  return {
    ...structuredClone({ ...memory, errors: null, slow: null }),
    errors: saveCounts(memory.errors),
    slow: saveCounts(memory.slow),
  };
}

/** A copy of a kept memory to work on. */
export function restoreMemory(state: JudgeState): JudgeMemory {
  return {
    ...structuredClone({ ...state, ceilingTotals: ceilingTotalsOf(state), errors: null, slow: null }),
    errors: restoreCounts(state.errors),
    slow: restoreCounts(state.slow),
  };
}

/** States that were kept before they were counted apart know of those with a control. */
function ceilingTotalsOf({ ceilingTotals, errors }: Partial<JudgeState>): ArmTotals {
  return ceilingTotals ?? errors?.canary ?? { requests: 0, sum: 0 };
}

function saveCounts(counts: CountMemory | null): SavedCounts | null {
  if (counts === null) return null;
  const { filter, ...rest } = counts;
  return { ...structuredClone(rest), filter: convertFields(filter, (field) => [...field]) as SavedFilter };
}

function restoreCounts(counts: SavedCounts | null): CountMemory | null {
  if (counts === null) return null;
  const { filter, ...rest } = counts;
  return {
    ...structuredClone(rest),
    filter: convertFields(filter, (field) => Float64Array.from(field)) as unknown as CountFilterState,
  };
}

/** A copy with every list converted; numbers stay. */
function convertFields(
  filter: CountFilterState | SavedFilter,
  convert: (field: Iterable<number>) => Iterable<number>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(filter).map(([name, field]: [string, number | Iterable<number>]) => [
      name,
      typeof field === 'number' ? field : convert(field),
    ]),
  );
}
