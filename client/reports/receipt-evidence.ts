import type { MetricVerdict } from '../../domain/rollout/judge/describe.ts';
import type { ReceiptTick, RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { renderSize } from './evidence-size.ts';
import { renderFigure } from './figure.ts';
import { limitOf, sinceStart } from './receipt-facts.ts';
import { renderChart, type AxisTick, type ChartSeries } from './svg-chart.ts';

/** Evidence beyond these powers of ten is drawn at the edge; its size is written beside it. */
const POWERS = { least: -3, most: 9 } as const;
/** At most this many labels on an axis of evidence. */
const LABELS = 5;

/** What is drawn of one evidence: how strongly the looks speak for harm, and for safety where that is asked for. */
interface Evidence {
  readonly title: string;
  readonly harm: ChartSeries['points'];
  readonly safe: ChartSeries['points'];
  readonly note: string;
}

/** Evidence over time, in total and of every metric, one chart each; all on one logarithmic scale. */
export function renderEvidenceCharts(receipt: RolloutReceipt, time: readonly AxisTick[]): string[] {
  const all = evidenceOf(receipt);
  const ticks = evidenceTicks(all, limitOf(receipt));
  return all.map((one) => renderEvidence(one, receipt, ticks, time));
}

function renderEvidence(
  { title, harm, safe, note }: Evidence,
  receipt: RolloutReceipt,
  valueTicks: readonly AxisTick[],
  timeTicks: readonly AxisTick[],
): string {
  const limit = limitOf(receipt);
  const line = (name: string, color: string, points: ChartSeries['points']): ChartSeries => ({
    name,
    color,
    points: points.map(([at, value]) => [at, log10(value)]),
    steps: false,
    end: points.length === 0 ? null : renderSize(points.at(-1)?.[1] ?? Number.NaN),
  });
  const series = [
    line('of harm', 'var(--bad)', harm),
    ...(safe.length === 0 ? [] : [line('of safety', 'var(--good)', safe)]),
  ];
  const chart = renderChart({
    label: `${title} over time, logarithmic`,
    valueTicks,
    timeTicks,
    limit: { value: log10(limit), label: `limit ${renderSize(limit)}` },
    series,
  });
  return renderFigure(title, chart, note);
}

function evidenceOf(receipt: RolloutReceipt): Evidence[] {
  const { ticks } = receipt;
  const since = sinceStart(receipt);
  const names = [...new Set(ticks.flatMap(({ verdict }) => verdict.metrics.map(({ name }) => name)))];
  const limit = renderSize(limitOf(receipt));
  const total: Evidence = {
    title: 'Evidence, total',
    harm: ticks.map((tick) => [since(tick.at), tick.verdict.wealth]),
    safe: [],
    note: `All metrics share one budget: the judge acts when the total reaches ${limit}.`,
  };
  return [
    total,
    ...names.map((name): Evidence => {
      const found = ticks.flatMap((tick) => metricOf(tick, name).map((metric) => ({ at: since(tick.at), metric })));
      return {
        title: `Evidence, ${name}`,
        harm: found.map(({ at, metric }) => [at, metric.evidence]),
        safe: found.flatMap(({ at, metric }) => (metric.safe === null ? [] : [[at, metric.safe] as const])),
        note: noteOf(receipt, name, found.at(-1)?.metric.dryRun === true),
      };
    }),
  ];
}

function noteOf(receipt: RolloutReceipt, name: string, isShownOnly: boolean): string {
  if (isShownOnly) return 'Shown only: it decides nothing.';
  if (name === 'ceiling') return 'That the error rate is above its ceiling.';
  const required = receipt.rollout.policy['requiredMetrics'];
  // Scores are required wherever they occur.
  if (name !== 'scores' && Array.isArray(required) && !required.includes(name))
    return 'A promotion does not ask for its safety.';
  return `A promotion needs ${renderSize(limitOf(receipt))} for safety.`;
}

function metricOf({ verdict }: ReceiptTick, name: string): readonly MetricVerdict[] {
  return verdict.metrics.filter((metric) => metric.name === name);
}

/** One axis for all charts of evidence, so that they can be compared; powers of ten, thinned out. */
function evidenceTicks(all: readonly Evidence[], limit: number): AxisTick[] {
  const values = all.flatMap(({ harm, safe }) => [...harm, ...safe].map(([, value]) => log10(value)));
  const low = Math.max(POWERS.least, Math.min(-1, ...lowHigh(values, Math.floor)));
  const high = Math.min(POWERS.most, Math.max(Math.ceil(log10(limit)) + 1, ...lowHigh(values, Math.ceil)));
  const step = Math.max(1, Math.ceil((high - low) / (LABELS - 1)));
  // 1 says nothing: it is always labelled.
  const first = Math.floor(low / step) * step;
  const powers = Array.from({ length: Math.ceil((high - first) / step) + 1 }, (_, index) => first + index * step);
  return powers.map((power) => ({ value: power, label: renderSize(10 ** power) }));
}

/** The ends of many numbers; spread arguments would overflow the stack on long rollouts. */
function lowHigh(values: readonly number[], whole: (value: number) => number): number[] {
  if (values.length === 0) return [];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [whole(low), whole(high)];
}

/** Evidence of nothing at all stays drawable. */
function log10(value: number): number {
  return Math.log10(Math.max(value, 1e-6));
}
