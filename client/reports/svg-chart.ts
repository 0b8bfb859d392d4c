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
  /** Where the axis is labelled, lowest first; the first and the last are its ends. */
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  /** A dashed line with what it means, or null. */
  readonly limit: { readonly value: number; readonly label: string } | null;
  readonly series: readonly ChartSeries[];
}

const WIDTH = 900;
const HEIGHT = 240;
const LEFT = 58;
const BOTTOM = 28;
const TOP = 22;

/** A line chart over looks as inline SVG; values outside the range are drawn at its edge. */
export function renderChart(chart: Chart): string {
  const [low, high] = [chart.ticks[0]?.value ?? 0, chart.ticks.at(-1)?.value ?? 1];
  const last = Math.max(1, ...chart.series.flatMap(({ points }) => points.map(([x]) => x)));
  const x = (look: number): number => LEFT + (look / last) * (WIDTH - LEFT - 8);
  const y = (value: number): number =>
    TOP + (1 - (Math.min(Math.max(value, low), high) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const grid = chart.ticks.map(
    ({ value, label }) =>
      `<line x1="${LEFT}" x2="${WIDTH - 8}" y1="${round(y(value))}" y2="${round(y(value))}" stroke="var(--line)"/><text x="${LEFT - 6}" y="${round(y(value) + 4)}" text-anchor="end">${label}</text>`,
  );
  const limit =
    chart.limit === null
      ? ''
      : `<line x1="${LEFT}" x2="${WIDTH - 8}" y1="${round(y(chart.limit.value))}" y2="${round(y(chart.limit.value))}" stroke="var(--bad)" stroke-dasharray="6 4"/><text x="${WIDTH - 12}" y="${round(y(chart.limit.value) - 5)}" text-anchor="end" fill="var(--bad)">${chart.limit.label}</text>`;
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

function round(value: number): number {
  return Number(value.toFixed(1));
}
