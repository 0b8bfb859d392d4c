import type { JudgeMemory, StandingDecision } from './memory.ts';
import { ceilingDecides, heldMetrics, METRIC_NAMES, type JudgePolicy, type MetricName } from './policy.ts';
import { evaluateWealth, finiteExp, type WealthParts } from './wealth.ts';

/** What the judge says (contract 4.2). */
export type Decision = 'rollback' | 'hold' | 'promote' | 'inconclusive' | 'undecided';

/** Wealth below this share of the limit hints at nothing. */
const CLEAR_SHARE = 0.1;
/** Wealth at the judged tick before, as a share of the limit: no single tick, however absurd, decides. */
const CONFIRM_SHARE = 0.5;

/** Log of the wealth at which the judge acts: one over the error budget. */
export function logLimitOf(policy: JudgePolicy): number {
  return -Math.log(policy.errorBudget);
}

/** Draws the consequences of a tick that has been taken in. Changes `memory`. */
export function decide(policy: JudgePolicy, memory: JudgeMemory, broughtEvidence: boolean): void {
  dropWaived(policy, memory);
  const wealth = evaluateWealth(memory, policy);
  if (broughtEvidence) {
    judgeHarm(policy, memory, wealth);
    memory.logWealthBefore = wealth.logTotal;
  }
  judgeSafety(policy, memory, wealth.logTotal);
}

/** The judge's answer after its last tick. */
export function decisionOf(memory: JudgeMemory): {
  readonly decision: Decision;
  readonly tick: number | null;
  readonly metric: StandingDecision['metric'] | null;
} {
  if (memory.rollback !== null)
    return { decision: 'rollback', tick: memory.rollback.tick, metric: memory.rollback.metric };
  if (memory.hold !== null) return { decision: 'hold', tick: memory.hold.tick, metric: memory.hold.metric };
  if (memory.promoteSince !== null) return { decision: 'promote', tick: memory.promoteSince, metric: null };
  const cannotKnow = memory.problems.length > 0 || 2 * memory.missingTicks > memory.ticks || memory.usableTicks === 0;
  return { decision: cannotKnow ? 'inconclusive' : 'undecided', tick: null, metric: null };
}

/**
 * What a person accepted decides no more: its part and its standing decision are dropped. What is found next is confirmed
 * afresh, for the wealth before held what was accepted.
 */
function dropWaived(policy: JudgePolicy, memory: JudgeMemory): void {
  for (const name of policy.dryRunMetrics) {
    const metric = memory[name];
    if (metric !== null) metric.logPart = null;
    dropDecision(memory, name);
  }
  if (!ceilingDecides(policy)) dropDecision(memory, 'ceiling');
}

function dropDecision(memory: JudgeMemory, name: StandingDecision['metric']): void {
  for (const kind of ['hold', 'rollback'] as const) {
    if (memory[kind]?.metric !== name) continue;
    memory[kind] = null;
    memory.logWealthBefore = memory.logCarried;
  }
}

/**
 * Evidence of harm: a hold when it is mostly that of a metric whose action is to hold and the others alone do not reach
 * the limit; else a rollback, which stands over a hold.
 */
function judgeHarm(policy: JudgePolicy, memory: JudgeMemory, wealth: WealthParts): void {
  const limit = logLimitOf(policy);
  const confirmed = memory.logWealthBefore >= limit + Math.log(CONFIRM_SHARE);
  if (memory.rollback !== null || wealth.logTotal < limit || !confirmed) return;
  const holds = heldMetrics(policy).includes(wealth.largest);
  const found = {
    metric: wealth.largest,
    tick: memory.ticks,
    wealth: finiteExp(wealth.logTotal),
    reason: reasonOf(policy, memory, wealth),
  };
  if (!holds || wealth.logWithoutHolds >= limit) memory.rollback = found;
  else memory.hold ??= found;
}

function judgeSafety(policy: JudgePolicy, memory: JudgeMemory, logTotal: number): void {
  const clear = logTotal < logLimitOf(policy) + Math.log(CLEAR_SHARE);
  const complete = memory.problems.length === 0;
  if (!clear || !complete || (ceilingDecides(policy) && isOverCeiling(policy, memory))) memory.promoteSince = null;
  else if (memory.promoteSince === null && needed(policy, memory).every((name) => isSafe(policy, memory, name)))
    memory.promoteSince = memory.ticks;
}

/** Metrics without whose positive evidence nothing is promoted. */
function needed(policy: JudgePolicy, memory: JudgeMemory): MetricName[] {
  const scoresOccur = memory.scores !== null && !policy.dryRunMetrics.includes('scores');
  return METRIC_NAMES.filter((name) => policy.requiredMetrics.includes(name) || (name === 'scores' && scoresOccur));
}

function isSafe(policy: JudgePolicy, memory: JudgeMemory, name: MetricName): boolean {
  return (memory[name]?.logSafe ?? 0) >= logLimitOf(policy);
}

function isOverCeiling(policy: JudgePolicy, { ceilingTotals: { sum, requests } }: JudgeMemory): boolean {
  return sum > policy.maxErrorRate * requests;
}

function reasonOf(policy: JudgePolicy, memory: JudgeMemory, wealth: WealthParts): string {
  const carried =
    memory.logCarried === 0
      ? ''
      : ` (earlier attempts of this release left ${finiteExp(memory.logCarried).toPrecision(3)})`;
  const total = `${finiteExp(wealth.logTotal).toPrecision(3)}${carried}`;
  const limit = 1 / policy.errorBudget;
  if (wealth.largest === 'ceiling') {
    const { sum, requests } = memory.ceilingTotals;
    return `canary error rate ${percent(sum, requests)} of ${requests} requests is above the ceiling ${100 * policy.maxErrorRate} %: evidence ${total} reached ${limit}`;
  }
  const metric = memory[wealth.largest];
  if (metric === null) return `evidence ${total} reached ${limit}`;
  const rates = `canary ${percent(metric.canary.sum, metric.canary.requests)} of ${metric.canary.requests} against control ${percent(metric.control.sum, metric.control.requests)} of ${metric.control.requests}`;
  return `${wealth.largest} of the ${rates}: evidence of harm ${total} reached ${limit}`;
}

function percent(sum: number, requests: number): string {
  return requests === 0 ? 'nothing' : `${((100 * sum) / requests).toPrecision(3)} %`;
}
