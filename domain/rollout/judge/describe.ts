import type { Verdict } from '../../verdict.ts';
import { logWealthOf } from './bets.ts';
import { decisionOf, logLimitOf, type Decision } from './decide.ts';
import type { ArmTotals, JudgeMemory } from './memory.ts';
import { ceilingDecides, METRIC_NAMES, type JudgePolicy, type MetricName } from './policy.ts';
import { evaluateWealth, finiteExp } from './wealth.ts';

/** One metric as the judge sees it after a tick. */
export interface MetricVerdict {
  readonly name: MetricName | 'ceiling';
  /** Rate, or mean score; null when nothing was counted. */
  readonly canary: number | null;
  readonly control: number | null;
  /**
   * What the canary is held against: the ceiling of its error rate; the largest rate of slow answers, or the smallest mean
   * score, of which there may be evidence that it is good enough. Null when there is nothing to compare with yet.
   */
  readonly limit: number | null;
  /** Canary requests (or scores) the numbers rest on. */
  readonly requests: number;
  /** Likelihood ratio of harm; the judge acts on the total. */
  readonly evidence: number;
  /** Likelihood ratio of being good enough; null where none is asked for. */
  readonly safe: number | null;
  readonly verdict: Verdict;
  readonly reason: string;
  /** Shown, and decides nothing. */
  readonly dryRun: boolean;
}

/** The judge's answer after a tick. */
export interface JudgeVerdict {
  readonly decision: Decision;
  /** Ticks are counted from 1; null for inconclusive and undecided. */
  readonly tick: number | null;
  readonly metric: MetricName | 'ceiling' | null;
  /** Total evidence of harm; 1/errorBudget is the limit. */
  readonly wealth: number;
  readonly reasons: readonly string[];
  readonly metrics: readonly MetricVerdict[];
  readonly telemetry: 'complete' | 'missing';
  readonly evidence: JudgeEvidence;
}

/** Evidence per metric, for `--every-tick` and receipts. */
export type JudgeEvidence = { readonly total: number; readonly ceiling: number } & {
  readonly [Name in MetricName]?: { readonly harm: number; readonly safe: number };
};

/** Puts what is known after a tick into words and numbers. */
export function describeVerdict(policy: JudgePolicy, memory: JudgeMemory): JudgeVerdict {
  const { decision, tick, metric } = decisionOf(memory);
  const wealth = finiteExp(evaluateWealth(memory, policy).logTotal);
  const metrics = [
    ...METRIC_NAMES.filter((name) => memory[name] !== null).map((name) => describeMetric(policy, memory, name, metric)),
    describeCeiling(policy, memory, metric),
  ];
  return {
    decision,
    tick,
    metric,
    wealth,
    reasons: reasonsOf(policy, memory, decision, wealth, metrics),
    metrics,
    telemetry: memory.problems.length === 0 ? 'complete' : 'missing',
    evidence: describeEvidence(policy, memory),
  };
}

/** Evidence per metric after a tick. */
export function describeEvidence(policy: JudgePolicy, memory: JudgeMemory): JudgeEvidence {
  const known = METRIC_NAMES.flatMap((name) => {
    const metric = memory[name];
    return metric === null
      ? []
      : [[name, { harm: finiteExp(metric.logHarm), safe: finiteExp(metric.logSafe) }] as const];
  });
  return {
    total: finiteExp(evaluateWealth(memory, policy).logTotal),
    ceiling: finiteExp(logWealthOf(memory.ceiling)),
    ...Object.fromEntries(known),
  };
}

function describeMetric(
  policy: JudgePolicy,
  memory: JudgeMemory,
  name: MetricName,
  decided: string | null,
): MetricVerdict {
  const metric = memory[name];
  if (metric === null) throw new RangeError(`Metric ${name} is not known`);
  const [canary, control] = [mean(metric.canary), mean(metric.control)];
  const [evidence, safe] = [finiteExp(metric.logHarm), finiteExp(metric.logSafe)];
  const limit = 1 / policy.errorBudget;
  const bad = memory.problems.some((problem) => problem.startsWith(`${name}:`));
  const word = decided === name ? 'fail' : bad ? 'inconclusive' : 'pass';
  const enough = metric.logSafe >= logLimitOf(policy) ? 'enough' : 'not enough yet';
  return {
    name,
    canary,
    control,
    limit: limitOf(policy, name, control),
    requests: metric.canary.requests,
    evidence,
    safe,
    verdict: word,
    reason: `canary ${show(canary)} of ${metric.canary.requests}, control ${show(control)} of ${metric.control.requests}; harm ${evidence.toPrecision(3)} (limit ${limit}), safety ${safe.toPrecision(3)} (${enough}, wanted ${limit})`,
    dryRun: policy.dryRunMetrics.includes(name),
  };
}

/** To four digits: it moves with the control. */
function limitOf(policy: JudgePolicy, name: MetricName, control: number | null): number | null {
  if (name === 'errors') return policy.maxErrorRate;
  if (name === 'slow')
    return digits(Math.max(policy.absoluteTolerance.slow, policy.nonInferiorityRatio * (control ?? 0)));
  return control === null ? null : digits(Math.max(0, control - policy.scoreMargin));
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}

function describeCeiling(policy: JudgePolicy, memory: JudgeMemory, decided: string | null): MetricVerdict {
  const totals = memory.ceilingTotals;
  const rate = mean(totals);
  const evidence = finiteExp(logWealthOf(memory.ceiling));
  return {
    name: 'ceiling',
    canary: rate,
    control: null,
    limit: policy.maxErrorRate,
    requests: totals.requests,
    evidence,
    safe: null,
    verdict: decided === 'ceiling' ? 'fail' : 'pass',
    reason: `canary error rate ${show(rate)} of ${totals.requests}, ceiling ${policy.maxErrorRate}; evidence of being above it ${evidence.toPrecision(3)}${policy.waived?.includes('ceiling') === true ? '; accepted by a person' : ''}`,
    dryRun: !ceilingDecides(policy),
  };
}

function reasonsOf(
  policy: JudgePolicy,
  memory: JudgeMemory,
  decision: Decision,
  wealth: number,
  metrics: readonly MetricVerdict[],
): string[] {
  if (decision === 'rollback') return [memory.rollback?.reason ?? ''];
  if (decision === 'hold') return [memory.hold?.reason ?? ''];
  if (decision === 'promote')
    return [
      `evidence of safety is enough on ${policy.requiredMetrics.join(', ')}, and nothing hints at harm (total ${wealth.toPrecision(3)})`,
    ];
  if (memory.problems.length > 0) return memory.problems;
  if (memory.usableTicks === 0) return ['no look has had requests in both arms yet'];
  if (2 * memory.missingTicks > memory.ticks)
    return [`telemetry was missing in ${memory.missingTicks} of ${memory.ticks} looks`];
  const limit = 1 / policy.errorBudget;
  const lacking = policy.requiredMetrics.filter((name) => (memory[name]?.logSafe ?? 0) < logLimitOf(policy));
  const shown = lacking.map(
    (name) => `${name} ${(metrics.find((metric) => metric.name === name)?.safe ?? 1).toPrecision(3)}`,
  );
  if (wealth >= limit / 10)
    return [`something hints at harm: total evidence ${wealth.toPrecision(3)}, wanted below ${limit / 10}`];
  if (shown.length > 0) return [`evidence of safety is not enough yet: ${shown.join(', ')}, wanted ${limit}`];
  return [`canary error rate is above the ceiling ${policy.maxErrorRate}, or scores lack evidence of safety`];
}

function mean({ sum, requests }: ArmTotals): number | null {
  return requests === 0 ? null : sum / requests;
}

function show(value: number | null): string {
  return value === null ? 'nothing' : Number(value.toPrecision(3)).toString();
}
