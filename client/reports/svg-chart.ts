export interface ChartSeries {
  readonly name: string;
  /** A CSS colour. */
  readonly color: string;
  /** Look number and value. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Chart {
  readonly label: string;
  /** Values hold until the next point. */
  readonly steps: boolean;
  readonly low: number;
  readonly high: number;
  /** A dashed line, or null. */
  readonly limit: number | null;
  readonly series: readonly ChartSeries[];
}

const WIDTH = 900;
const HEIGHT = 240;
const LEFT = 48;
const BOTTOM = 28;
const TOP = 22;

/** A line chart over looks as inline SVG; values outside the range are drawn at its edge. */
export function renderChart(chart: Chart): string {
  const last = Math.max(1, ...chart.series.flatMap(({ points }) => points.map(([x]) => x)));
  const x = (look: number): number => LEFT + (look / last) * (WIDTH - LEFT - 8);
  const y = (value: number): number =>
    TOP + (1 - (clamp(value, chart) - chart.low) / (chart.high - chart.low)) * (HEIGHT - TOP - BOTTOM);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => chart.low + part * (chart.high - chart.low));
  const grid = ticks.map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - 8}" y1="${round(y(value))}" y2="${round(y(value))}" stroke="var(--line)"/><text x="${LEFT - 6}" y="${round(y(value) + 4)}" text-anchor="end">${Number(value.toFixed(2))}</text>`,
  );
  const limit =
    chart.limit === null
      ? ''
      : `<line x1="${LEFT}" x2="${WIDTH - 8}" y1="${round(y(chart.limit))}" y2="${round(y(chart.limit))}" stroke="var(--bad)" stroke-dasharray="6 4"/>`;
  const lines = chart.series.map(
    ({ color, points }) =>
      `<path d="${pathOf(points, chart.steps, x, y)}" fill="none" stroke="${color}" stroke-width="1.8"/>`,
  );
  const legend = chart.series.map(
    ({ name, color }, index) => `<text x="${LEFT + 8 + index * 100}" y="14" fill="${color}">${name}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${chart.label} over looks" font-size="11" fill="var(--dim)">${grid.join('')}${limit}${lines.join('')}${legend.join('')}<text x="${WIDTH - 8}" y="${HEIGHT - 6}" text-anchor="end">look ${last}</text><text x="${LEFT}" y="${HEIGHT - 6}">${chart.label}</text></svg>`;
}

function pathOf(
  points: ChartSeries['points'],
  steps: boolean,
  x: (look: number) => number,
  y: (value: number) => number,
): string {
  return points
    .map(([look, value], index) => {
      if (index === 0) return `M${round(x(look))} ${round(y(value))}`;
      return steps ? `H${round(x(look))}V${round(y(value))}` : `L${round(x(look))} ${round(y(value))}`;
    })
    .join('');
}

function clamp(value: number, { low, high }: Chart): number {
  return Math.min(Math.max(value, low), high);
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
