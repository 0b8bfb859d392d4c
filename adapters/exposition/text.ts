/** One series of a metric: its labels and its value now. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counts of a histogram: one per bound, not cumulated, then one for everything above the last. */
export interface HistogramSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: readonly number[];
  readonly sum: number;
}

/** A counter or gauge as Prometheus text (exposition format 0.0.4), one line per series. */
export function renderMetric(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly Sample[],
): string[] {
  return [...head(name, type, help), ...samples.map(({ labels, value }) => `${name}{${list(labels)}} ${value}`)];
}

/** A histogram as Prometheus text. @param bounds upper edges in the metric's unit, ascending */
export function renderHistogram(
  name: string,
  help: string,
  bounds: readonly number[],
  samples: readonly HistogramSample[],
): string[] {
  return [...head(name, 'histogram', help), ...samples.flatMap((sample) => histogramLines(name, bounds, sample))];
}

function histogramLines(name: string, bounds: readonly number[], { labels, counts, sum }: HistogramSample): string[] {
  let below = 0;
  const buckets = [...bounds.map(String), '+Inf'].map((bound, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket{${list({ ...labels, le: bound })}} ${below}`;
  });
  return [...buckets, `${name}_sum{${list(labels)}} ${sum}`, `${name}_count{${list(labels)}} ${below}`];
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function list(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',');
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
