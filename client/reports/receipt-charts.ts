import type { MetricVerdict } from '../../domain/rollout/judge/describe.ts';
import type { ReceiptTick, RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { renderSize } from './evidence-size.ts';
import { escapeHtml, renderDuration } from './html.ts';
import { renderChart, type AxisTick, type ChartSeries } from './svg-chart.ts';

/** Evidence beyond these powers of ten is drawn at the edge; its size is written beside it. */
const POWERS = { least: -3, most: 9 } as const;
/** At most this many labels on an axis of evidence. */
const LABELS = 5;
const PERCENT_TICKS: readonly AxisTick[] = [0, 25, 50, 75, 100].map((value) => ({ value, label: `${value} %` }));

/** What is drawn of one evidence: how strongly the looks speak for harm, and for safety where that is asked for. */
interface Evidence {
  readonly title: string;
  readonly harm: ChartSeries['points'];
  readonly safe: ChartSeries['points'];
  readonly note: string;
}

/** The charts of a receipt: who got the new version over time, the total evidence, and that of every metric. */
export function renderReceiptCharts(receipt: RolloutReceipt): string {
  const time = timeAxisOf(receipt);
  const all = evidenceOf(receipt);
  const ticks = evidenceTicks(all, limitOf(receipt));
  return `<div class="charts">${[renderWeight(receipt, time), ...all.map((one) => renderEvidence(one, receipt, ticks, time))].join('\n')}</div>`;
}

/** Evidence at which the judge acts: one over the error budget. */
export function limitOf({ rollout }: RolloutReceipt): number {
  const budget = rollout.policy['errorBudget'];
  return typeof budget === 'number' && budget > 0 ? 1 / budget : 20;
}

/** Share of users whom a split sends to the new version, percent. */
export function shareOf(receipt: RolloutReceipt, write: RolloutReceipt['writes'][number]): number {
  const { split } = write;
  return split.stable.version === receipt.rollout.toVersion ? 100 : split.canaryBasisPoints / 100;
}

function renderWeight(receipt: RolloutReceipt, time: readonly AxisTick[]): string {
  const since = sinceStart(receipt);
  const end = time.at(-1)?.value ?? 0;
  const written = receipt.writes
    .filter(({ appliedAt }) => appliedAt !== null)
    .map((write): [number, number] => [since(write.appliedAt ?? write.requestedAt), shareOf(receipt, write)]);
  const last = written.at(-1);
  const intended = last === undefined ? [] : [...written, [end, last[1]] as const];
  const seen = receipt.ticks.flatMap((tick): [number, number][] =>
    tick.verdict.observedBasisPoints === null ? [] : [[since(tick.at), tick.verdict.observedBasisPoints / 100]],
  );
  const series: ChartSeries[] = [
    { name: 'seen by looks', color: 'var(--dim)', points: seen, steps: true, end: null },
    {
      name: 'written',
      color: 'var(--weight)',
      points: [[0, 0], ...intended],
      steps: true,
      end: last === undefined ? null : `${last[1]} %`,
    },
  ];
  const chart = renderChart({
    label: `Share of users on ${receipt.rollout.toVersion} over time`,
    valueTicks: PERCENT_TICKS,
    timeTicks: time,
    limit: null,
    series,
  });
  return figure('Share of users on the new version', chart, 'As the router confirmed it.');
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
  return figure(title, chart, note);
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

/** From the start to the end, with its middle. */
function timeAxisOf(receipt: RolloutReceipt): AxisTick[] {
  const since = sinceStart(receipt);
  const last = [receipt.outcome?.at, receipt.ticks.at(-1)?.at, receipt.events.at(-1)?.at].map((at) =>
    at === undefined ? 0 : since(at),
  );
  const length = Math.max(1000, ...last);
  return [0, ...(length < 4000 ? [] : [length / 2]), length].map((value) => ({
    value,
    label: value === 0 ? 'start' : renderDuration(value),
  }));
}

function sinceStart({ rollout }: RolloutReceipt): (iso: string) => number {
  const start = Date.parse(rollout.startedAt);
  return (iso) => Math.max(0, Date.parse(iso) - start);
}

/** Evidence of nothing at all stays drawable. */
function log10(value: number): number {
  return Math.log10(Math.max(value, 1e-6));
}

function figure(title: string, chart: string, note: string): string {
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${chart}<p class="dim">${escapeHtml(note)}</p></figure>`;
}
