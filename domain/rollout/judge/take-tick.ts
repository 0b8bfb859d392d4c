import { logWealthOf } from './bets.ts';
import { betAgainstCeiling, betOnTolerance } from './binomial-bets.ts';
import { evaluateCounts, passTime, stepCountFilter } from './count-filter.ts';
import type { CountKernel } from './count-kernel.ts';
import { createCountMemory, createScoreMemory, type ArmTotals, type JudgeMemory } from './memory.ts';
import { METRIC_NAMES, type JudgePolicy } from './policy.ts';
import { betOnScores } from './score-bets.ts';
import { checkTick, type CheckedField, type CheckedTick, type Counts, type JudgeTick } from './telemetry-check.ts';
import { enterPlay, growPart } from './wealth.ts';

/** Log evidence up to which nothing speaks for harm; a service without any event is at 0, up to rounding. */
const NO_HARM = 1e-9;

/** Takes one tick's telemetry in as evidence. Changes `memory`. Returns whether it brought any. */
export function takeTick(policy: JudgePolicy, kernel: CountKernel, memory: JudgeMemory, tick: JudgeTick): boolean {
  const checked = checkTick(tick);
  const problems: string[] = checked.isPresent ? [] : ['telemetry of both arms is missing'];
  enterPlayTogether(policy, kernel, memory, checked);
  const errors = takeCounts(policy, kernel, memory, 'errors', checked.errors, problems);
  const slow = takeCounts(policy, kernel, memory, 'slow', checked.slow, problems);
  const scores = takeScores(policy, kernel, memory, checked.scores, problems);
  const ceiling = takeCeiling(policy, kernel, memory, checked.errors);
  memory.ticks += 1;
  memory.problems = problems;
  if (problems.length > 0) memory.missingTicks += 1;
  if (errors || slow || scores) memory.usableTicks += 1;
  return errors || slow || scores || ceiling;
}

/**
 * Metrics this tick brings evidence on take part in the decision from now on, unless they are only shown.
 *
 * They enter before the evidence of any of them counts: metrics of one tick are not independent of each other, so a share
 * of wealth that another metric gained in this very tick, multiplied by the newcomer's gain of the same tick, would grow
 * on average although nothing is wrong.
 */
function enterPlayTogether(
  policy: JudgePolicy,
  kernel: CountKernel,
  memory: JudgeMemory,
  { errors, slow, scores }: CheckedTick,
): void {
  if (errors.kind === 'good') memory.errors ??= createCountMemory(kernel);
  if (slow.kind === 'good') memory.slow ??= createCountMemory(kernel);
  const hasScores = scores.kind === 'good' && scores.canary.length > 0 && scores.control.length > 0;
  if (hasScores) memory.scores ??= createScoreMemory();
  const usable = { errors: errors.kind === 'good', slow: slow.kind === 'good', scores: hasScores };
  for (const name of METRIC_NAMES) if (usable[name] && !policy.dryRunMetrics.includes(name)) enterPlay(memory, name);
}

function takeCounts(
  policy: JudgePolicy,
  kernel: CountKernel,
  memory: JudgeMemory,
  name: 'errors' | 'slow',
  field: CheckedField<Counts>,
  problems: string[],
): boolean {
  const known = memory[name];
  if (field.kind === 'absent') {
    if (known === null) return false;
    problems.push(`${name}: missing in both arms`);
    passTime(kernel, known.filter);
    return false;
  }
  const metric = (memory[name] = known ?? createCountMemory(kernel));
  if (field.kind === 'bad') {
    problems.push(field.problem);
    passTime(kernel, metric.filter);
    return false;
  }
  const { canary, control } = field;
  stepCountFilter(kernel, metric.filter, canary.requests, canary.events, control.requests, control.events);
  if (canary.requests > 0)
    betOnTolerance(metric.tolerance, canary.events, canary.requests, policy.absoluteTolerance[name]);
  add(metric.canary, canary.requests, canary.events);
  add(metric.control, control.requests, control.events);
  const { logHarm, logSafe } = evaluateCounts(metric.filter);
  growPart(memory, name, logHarm);
  metric.logSafe = logHarm <= NO_HARM ? Math.max(logSafe, logWealthOf(metric.tolerance)) : logSafe;
  return canary.requests > 0 && control.requests > 0;
}

/** The canary alone against the absolute ceiling; it needs no control. */
function takeCeiling(
  policy: JudgePolicy,
  kernel: CountKernel,
  memory: JudgeMemory,
  field: CheckedField<Counts>,
): boolean {
  const canary = field.kind === 'absent' ? null : field.canary;
  if (canary === null || canary.requests <= 0) return false;
  add(memory.ceilingTotals, canary.requests, canary.events);
  betAgainstCeiling(memory.ceiling, canary.events, canary.requests, policy.maxErrorRate, kernel.onset);
  return true;
}

function takeScores(
  policy: JudgePolicy,
  kernel: CountKernel,
  memory: JudgeMemory,
  field: CheckedField<readonly number[]>,
  problems: string[],
): boolean {
  if (field.kind === 'absent') {
    // Feedback comes when it comes; only a metric that must be there is missed.
    if (memory.scores !== null && policy.requiredMetrics.includes('scores'))
      problems.push('scores: missing in both arms');
    return false;
  }
  if (field.kind === 'bad') {
    memory.scores ??= createScoreMemory();
    problems.push(field.problem);
    return false;
  }
  const { canary, control } = field;
  if (canary.length + control.length === 0) return false;
  const metric = (memory.scores ??= createScoreMemory());
  add(metric.canary, canary.length, sumOf(canary));
  add(metric.control, control.length, sumOf(control));
  if (canary.length === 0 || control.length === 0) return false;
  betOnScores(metric, canary, control, policy.scoreMargin, kernel.onset);
  growPart(memory, 'scores', logWealthOf(metric.harm));
  metric.logSafe = logWealthOf(metric.safe);
  return true;
}

function add(totals: ArmTotals, requests: number, sum: number): void {
  totals.requests += requests;
  totals.sum += sum;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
