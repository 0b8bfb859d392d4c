import { carriedWealthOf } from './error-budget.ts';
import { createJudgeState, judgeTick, type JudgePolicy, type JudgeState } from './judge.ts';
import type { ReceiptTick, RolloutReceipt } from './receipt.ts';
import { checkLooks } from './receipt-check/check-looks.ts';
import { checkOutcome } from './receipt-check/check-outcome.ts';
import { checkWrites } from './receipt-check/check-writes.ts';
import { differencesOf } from './receipt-check/differences.ts';
import { assembleTickVerdict, overlapRuleOf } from './tick-verdict.ts';
import { engineNameOf, type EngineVersion, type TickVerdict } from './records.ts';
import { waiveMetrics } from './waive.ts';

/** What recomputing a receipt showed. */
export interface ReceiptCheck {
  readonly valid: boolean;
  readonly judgedTicks: number;
  /** Every number came out the same, bit for bit. */
  readonly exact: boolean;
  /** Engine versions, other than the one that recomputes, by which looks were judged. */
  readonly otherEngines: readonly string[];
  /** One line per difference, at most 20. */
  readonly problems: readonly string[];
}

const MOST_PROBLEMS = 20;
const MOST_PATHS = 3;

/**
 * Decides every look of a receipt again from its inputs, and compares all that follows from something else in it: each
 * field of each verdict, the order of looks and writes, the writes with the plan, the outcome with looks, story and writes.
 *
 * What was judged by `engine` must come out bit for bit; numbers of another engine version may differ in the last digits.
 * It cannot tell a receipt that is consistent and invented: that takes the ledger. Cost: one judge tick per recorded look.
 */
export function verifyReceipt(receipt: RolloutReceipt, engine: Pick<EngineVersion, 'node' | 'v8'>): ReceiptCheck {
  const here = engineNameOf(engine);
  const problems = [...checkLooks(receipt), ...checkWrites(receipt), ...checkOutcome(receipt)];
  let exact = true;
  // What follows looks of another engine version rests on numbers that may differ.
  let isHere = true;
  for (const { look, again } of recompute(receipt)) {
    const differences = compare(look, again, true);
    exact &&= differences.length === 0;
    isHere &&= look.engine === here;
    const counted = isHere ? differences : compare(look, again, false);
    if (counted.length > 0) problems.push(describeDifference(look, again, counted));
  }
  const engines = new Set(receipt.ticks.map((look) => look.engine));
  return {
    valid: problems.length === 0,
    judgedTicks: receipt.ticks.filter(({ judged }) => judged).length,
    exact,
    otherEngines: [...engines].filter((name) => name !== here),
    problems: problems.slice(0, MOST_PROBLEMS),
  };
}

/** Every look with the verdict that its inputs give. */
function* recompute({ rollout, ticks }: RolloutReceipt): Generator<{ look: ReceiptTick; again: TickVerdict }> {
  const policy = rollout.policy as unknown as JudgePolicy;
  const carriedWealth = carriedWealthOf(rollout.policy);
  let state: JudgeState = createJudgeState({ carriedWealth });
  let previous: TickVerdict | null = null;
  for (const look of ticks) {
    const { observedBasisPoints, overruledBy, problems, waived } = look.verdict;
    const result = look.judged ? judgeTick(waiveMetrics(policy, waived), state, look.input) : null;
    const again = assembleTickVerdict({
      result: result?.verdict ?? null,
      previous,
      carriedWealth,
      tick: look.input,
      overlapRule: overlapRuleOf(policy),
      problems,
      observedBasisPoints,
      overruledBy,
      waived,
    });
    yield { look, again };
    state = result?.state ?? state;
    // What was found to differ is not taken further.
    previous = again;
  }
}

function compare({ verdict }: ReceiptTick, again: TickVerdict, isExact: boolean): string[] {
  // Looks from before limits of slow answers and scores were kept have none.
  const isUnkept = (path: string): boolean => /^metrics\.\d+\.limit$/.test(path) && valueAt(verdict, path) === null;
  return differencesOf(verdict, again, isExact).filter((path) => !isUnkept(path));
}

function describeDifference({ tick, verdict }: ReceiptTick, again: TickVerdict, paths: readonly string[]): string {
  const shown = paths.slice(0, MOST_PATHS).map((path) => {
    const [recorded, recomputed] = [valueAt(verdict, path), valueAt(again, path)];
    return `${path} ${show(recorded)} recorded, ${show(recomputed)} recomputed`;
  });
  const more = paths.length > MOST_PATHS ? `; and ${paths.length - MOST_PATHS} more` : '';
  return `look ${tick}: ${shown.join('; ')}${more}`;
}

function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
}
