import { sameData } from '../same-data.ts';
import { carriedWealthOf } from './error-budget.ts';
import { createJudgeState, judgeTick, type JudgePolicy, type JudgeState } from './judge.ts';
import type { ReceiptTick, ReceiptWrite, RolloutReceipt } from './receipt.ts';
import { assembleTickVerdict, overlapRuleOf } from './tick-verdict.ts';
import type { TickVerdict } from './records.ts';
import { waiveMetrics } from './waive.ts';

/** What recomputing a receipt showed. */
export interface ReceiptCheck {
  readonly valid: boolean;
  readonly judgedTicks: number;
  /** Every number came out the same, bit for bit (the case on the engine version that wrote it). */
  readonly exact: boolean;
  /** One line per difference, at most 20. */
  readonly problems: readonly string[];
}

/** Evidence may differ by this much (relative) on another engine version before it is called a difference. */
const ENGINE_TOLERANCE = 1e-6;
const MOST_PROBLEMS = 20;

/**
 * Decides every look of a receipt again from its inputs, and checks the order of its traffic writes.
 *
 * The same decisions must come out on any engine version; bit for bit the same numbers on the one that wrote it.
 * Cost: one judge tick per recorded look.
 */
export function verifyReceipt(receipt: RolloutReceipt): ReceiptCheck {
  const policy = receipt.rollout.policy as unknown as JudgePolicy;
  const problems: string[] = [...checkWrites(receipt.writes), ...checkTicks(receipt.ticks), ...checkOutcome(receipt)];
  const carriedWealth = carriedWealthOf(receipt.rollout.policy);
  let state: JudgeState = createJudgeState({ carriedWealth });
  let previous: TickVerdict | null = null;
  let judgedTicks = 0;
  let exact = true;
  for (const tick of receipt.ticks) {
    const result = tick.judged ? judgeTick(waiveMetrics(policy, tick.verdict.waived), state, tick.input) : null;
    const { problems: known, overruledBy, waived } = tick.verdict;
    const again = assembleTickVerdict({
      result: result?.verdict ?? null,
      previous,
      carriedWealth,
      tick: tick.input,
      overlapRule: overlapRuleOf(policy),
      problems: known,
      snapshot: null,
      overruledBy,
      waived,
    });
    if (tick.judged) judgedTicks += 1;
    exact &&= sameNumbers(tick.verdict, again);
    problems.push(...compareVerdicts(tick, again));
    state = result?.state ?? state;
    previous = tick.verdict;
  }
  return { valid: problems.length === 0, judgedTicks, exact, problems: problems.slice(0, MOST_PROBLEMS) };
}

function compareVerdicts(tick: ReceiptTick, again: TickVerdict): string[] {
  const { verdict } = tick;
  const found: string[] = [];
  if (verdict.decision !== again.decision)
    found.push(`tick ${tick.tick}: decision ${verdict.decision} recorded, ${again.decision} recomputed`);
  if (verdict.metric !== again.metric)
    found.push(`tick ${tick.tick}: metric ${verdict.metric} recorded, ${again.metric} recomputed`);
  if (!isClose(verdict.wealth, again.wealth))
    found.push(`tick ${tick.tick}: evidence ${verdict.wealth} recorded, ${again.wealth} recomputed`);
  if (verdict.overlap?.verdict !== again.overlap?.verdict)
    found.push(`tick ${tick.tick}: overlap ${verdict.overlap?.verdict} recorded, ${again.overlap?.verdict} recomputed`);
  for (const metric of verdict.metrics) {
    const other = again.metrics.find(({ name }) => name === metric.name);
    if (other === undefined || !isClose(metric.evidence, other.evidence) || metric.requests !== other.requests) {
      found.push(`tick ${tick.tick}: ${metric.name} differs from what its inputs give`);
    }
  }
  return found;
}

function sameNumbers(recorded: TickVerdict, again: TickVerdict): boolean {
  return (
    recorded.wealth === again.wealth &&
    sameData(recorded.metrics, again.metrics) &&
    sameData(recorded.overlap, again.overlap)
  );
}

function isClose(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= ENGINE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

function checkTicks(ticks: readonly ReceiptTick[]): string[] {
  return ticks
    .flatMap((tick, index) =>
      tick.tick === index ? [] : [`look ${index} is missing: found look ${tick.tick} in its place`],
    )
    .slice(0, 1);
}

/** Generations grow, and every write stands once. */
function checkWrites(writes: readonly ReceiptWrite[]): string[] {
  const found: string[] = [];
  const standing = writes.filter(({ refusedCode }) => refusedCode === null);
  for (const [index, write] of standing.entries()) {
    const before = standing[index - 1];
    if (before !== undefined && write.generation <= before.generation)
      found.push(`generation ${write.generation} follows ${before.generation}`);
  }
  const keys = new Set(standing.map(({ idempotencyKey }) => idempotencyKey));
  if (keys.size !== standing.length) found.push('a traffic write stands twice');
  return found;
}

/** A promotion must rest on a judge that said promote, or on a person who overrode it. */
function checkOutcome({ outcome, ticks, events }: RolloutReceipt): string[] {
  if (outcome?.outcome !== 'promoted') return [];
  const proven = ticks.some(({ judged, verdict }) => judged && verdict.decision === 'promote');
  const overridden = events.some(({ event }) => event === 'overridden');
  return proven || overridden ? [] : ['promoted, but no look says promote and nobody overrode the judge'];
}
