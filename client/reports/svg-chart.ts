import { escapeHtml } from '../../domain/escape-html.ts';

export interface ChartSeries {
  readonly name: string;
  /** A CSS colour. */
  readonly color: string;
  /** Milliseconds since the start, and value; oldest first. */
  readonly points: readonly (readonly [number, number])[];
  /** Values hold until the next point. */
  readonly steps: boolean;
  /** What stands at the end of the line, null for nothing. */
  readonly end: string | null;
}

export interface AxisTick {
  readonly value: number;
  readonly label: string;
}

export interface Chart {
  /** What is shown, for those who cannot see it. */
  readonly label: string;
  /** Where the upright axis is labelled, lowest first; the first and the last are its ends. */
  readonly valueTicks: readonly AxisTick[];
  /** The same of the time axis. */
  readonly timeTicks: readonly AxisTick[];
  /** A dashed line with what it means, or null. */
  readonly limit: AxisTick | null;
  readonly series: readonly ChartSeries[];
}

const WIDTH = 480;
const HEIGHT = 210;
const EDGE = { left: 56, right: 56, top: 26, bottom: 26 } as const;
const INNER = { left: EDGE.left, right: WIDTH - EDGE.right, top: EDGE.top, bottom: HEIGHT - EDGE.bottom } as const;
/** Labels nearer than this would lie on each other. */
const LABEL_GAP = 13;
const LEGEND_GAP = 150;

/** More points than this at one place cannot be told apart. */
const SEEN = 4;

type Scale = (value: number) => number;

/** A line chart over time as inline SVG; values outside the range are drawn at its edge. */
export function renderChart(chart: Chart): string {
  const x = scaleOf(chart.timeTicks, INNER.left, INNER.right);
  const y = scaleOf(chart.valueTicks, INNER.bottom, INNER.top);
  const parts = [
    ...chart.valueTicks.map(({ value, label }) => renderValueTick(y(value), label)),
    ...chart.timeTicks.map(({ value, label }) => renderTimeTick(x(value), label)),
    chart.limit === null ? '' : renderLimit(y(chart.limit.value), chart.limit.label),
    ...chart.series.map((series) => renderLine(series, x, y)),
    ...renderEnds(chart.series, x, y),
    ...renderLegend(chart.series),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.label)}">${parts.join('')}</svg>`;
}

function scaleOf(ticks: readonly AxisTick[], from: number, to: number): Scale {
  const [low, high] = [ticks[0]?.value ?? 0, ticks.at(-1)?.value ?? 1];
  const length = high === low ? 1 : high - low;
  return (value) => round(from + ((Math.min(Math.max(value, low), high) - low) / length) * (to - from));
}

function renderValueTick(y: number, label: string): string {
  return `<line class="grid" x1="${INNER.left}" x2="${INNER.right}" y1="${y}" y2="${y}"/><text x="${INNER.left - 6}" y="${y + 4}" text-anchor="end">${escapeHtml(label)}</text>`;
}

function renderTimeTick(x: number, label: string): string {
  return `<line class="grid" x1="${x}" x2="${x}" y1="${INNER.bottom}" y2="${INNER.bottom + 4}"/><text x="${x}" y="${HEIGHT - 7}" text-anchor="middle">${escapeHtml(label)}</text>`;
}

function renderLimit(y: number, label: string): string {
  return `<line class="limit" x1="${INNER.left}" x2="${INNER.right}" y1="${y}" y2="${y}"/><text class="limit" x="${INNER.left + 4}" y="${y - 5}">${escapeHtml(label)}</text>`;
}

function renderLine({ points, steps, color }: ChartSeries, x: Scale, y: Scale): string {
  const path = thinOut(points, x).map(([at, value], index) => {
    if (index === 0) return `M${x(at)} ${y(value)}`;
    return steps ? `H${x(at)}V${y(value)}` : `L${x(at)} ${y(value)}`;
  });
  const [first] = points;
  // A line of one point would not be seen.
  const dot =
    points.length === 1 && first !== undefined
      ? `<circle cx="${x(first[0])}" cy="${y(first[1])}" r="3" fill="${color}"/>`
      : '';
  return `<path class="line" d="${path.join('')}" stroke="${color}"/>${dot}`;
}

/**
 * Of points that fall on the same half pixel, those that can be seen: the first, the lowest, the highest and the last.
 * Weeks of looks stay a small page, and no peak is lost.
 */
function thinOut(points: ChartSeries['points'], x: Scale): ChartSeries['points'] {
  const groups = Map.groupBy(points, ([at]) => Math.round(2 * x(at)));
  return [...groups.values()].flatMap((group) => {
    if (group.length <= SEEN) return group;
    const [low, high] = [-1, 1].map((sign) =>
      group.reduce((best, one) => (sign * one[1] > sign * best[1] ? one : best)),
    );
    const kept = new Set([group[0], low, high, group.at(-1)]);
    return group.filter((one) => kept.has(one));
  });
}

/** The last value beside the end of each line; those that would lie on each other are moved apart. */
function renderEnds(series: readonly ChartSeries[], x: Scale, y: Scale): string[] {
  const ends = series
    .flatMap(({ points, end, color }) => {
      const last = points.at(-1);
      return end === null || last === undefined ? [] : [{ x: x(last[0]), y: y(last[1]), end, color }];
    })
    .toSorted((a, b) => a.y - b.y);
  let lowest = -Infinity;
  return ends.map(({ x: at, y: wanted, end, color }) => {
    lowest = Math.max(wanted, lowest + LABEL_GAP);
    return `<text class="end" x="${at + 5}" y="${round(lowest + 4)}" fill="${color}">${escapeHtml(end)}</text>`;
  });
}

function renderLegend(series: readonly ChartSeries[]): string[] {
  if (series.length < 2) return [];
  return series.map(
    ({ name, color }, index) =>
      `<line class="line" x1="${INNER.left + index * LEGEND_GAP}" x2="${INNER.left + 14 + index * LEGEND_GAP}" y1="10" y2="10" stroke="${color}"/><text x="${INNER.left + 19 + index * LEGEND_GAP}" y="14">${escapeHtml(name)}</text>`,
  );
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
