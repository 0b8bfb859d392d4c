import { logAdd, logWealthOf } from './bets.ts';
import type { JudgeMemory } from './memory.ts';
import { ceilingDecides, heldMetrics, METRIC_NAMES, type JudgePolicy, type MetricName } from './policy.ts';

/** Share of the error budget that the absolute ceiling has; the metrics divide the rest. */
const CEILING_SHARE = 0.05;
/** exp of more than this is no longer a number JSON can hold. */
const LARGEST_LOG = 690;

/** The part of each evidence in the total, natural logs; a metric that does not decide is absent. */
export interface WealthParts {
  readonly logTotal: number;
  /** The total without metrics whose action is to hold. */
  readonly logWithoutHolds: number;
  readonly largest: MetricName | 'ceiling';
}

/**
 * Lets a metric take part from now on: the metrics' current wealth is divided evenly among all that take part, and each
 * part grows by its own ratio from there. That keeps the total a martingale. Changes `memory`.
 */
export function enterPlay(memory: JudgeMemory, name: MetricName): void {
  const metric = memory[name];
  if (metric === null || metric.logPart !== null) return;
  const others = METRIC_NAMES.map((other) => memory[other]).filter((other) => other !== null && other.logPart !== null);
  const total = others.length === 0 ? memory.logCarried : others.map((other) => other?.logPart ?? 0).reduce(logAdd);
  metric.logPart = 0;
  const share = total - Math.log(others.length + 1);
  for (const part of [metric, ...others]) if (part !== null) part.logPart = share;
}

/** Moves a metric's part by the change of its log evidence. Changes `memory`. */
export function growPart(memory: JudgeMemory, name: MetricName, logHarm: number): void {
  const metric = memory[name];
  if (metric === null) return;
  if (metric.logPart !== null) metric.logPart += logHarm - metric.logHarm;
  metric.logHarm = logHarm;
}

/** Adds the parts up. */
export function evaluateWealth(memory: JudgeMemory, policy: JudgePolicy): WealthParts {
  const parts: { name: MetricName | 'ceiling'; log: number }[] = [];
  // Without its vote the ceiling's share stays cash.
  const ceilingLog =
    Math.log(CEILING_SHARE) + memory.logCarried + (ceilingDecides(policy) ? logWealthOf(memory.ceiling) : 0);
  parts.push({ name: 'ceiling', log: ceilingLog });
  for (const name of METRIC_NAMES) {
    const part = memory[name]?.logPart ?? null;
    if (part !== null) parts.push({ name, log: Math.log(1 - CEILING_SHARE) + part });
  }
  if (parts.length === 1) parts.push({ name: 'errors', log: Math.log(1 - CEILING_SHARE) + memory.logCarried });
  const held = heldMetrics(policy);
  return {
    logTotal: parts.map(({ log }) => log).reduce(logAdd),
    logWithoutHolds: parts
      .filter(({ name }) => !held.includes(name))
      .map(({ log }) => log)
      .reduce(logAdd),
    largest: parts.reduce((best, part) => (part.log > best.log ? part : best)).name,
  };
}

/** exp, kept inside what JSON can hold. */
export function finiteExp(log: number): number {
  return Math.exp(Math.min(log, LARGEST_LOG));
}
