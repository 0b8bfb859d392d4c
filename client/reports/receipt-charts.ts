import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { renderFigure } from './figure.ts';
import { renderDuration } from './html.ts';
import { renderEvidenceCharts } from './receipt-evidence.ts';
import { shareOf, sinceStart } from './receipt-facts.ts';
import { renderChart, type AxisTick, type ChartSeries } from './svg-chart.ts';

const PERCENT_TICKS: readonly AxisTick[] = [0, 25, 50, 75, 100].map((value) => ({ value, label: `${value} %` }));

/** The charts of a receipt: who got the new version over time, the total evidence, and that of every metric. */
export function renderReceiptCharts(receipt: RolloutReceipt): string {
  const time = timeAxisOf(receipt);
  return `<div class="charts">${[renderWeight(receipt, time), ...renderEvidenceCharts(receipt, time)].join('\n')}</div>`;
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
  return renderFigure('Share of users on the new version', chart, 'As the router confirmed it.');
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
