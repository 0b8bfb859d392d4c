/** Counts of one version in one tick of a history. */
export interface HistoryTick {
  readonly requests: number;
  readonly errors: number;
  /** Requests above the latency bound; absent where it was not counted. */
  readonly slow?: number;
  /** What was watched without a gap: a rollout, an arm of an A/A run. Ticks of another one are no neighbours. */
  readonly segment?: string;
}

/** Which looks of a model make a history. */
export interface HistoryQuery {
  /** Length of a look. */
  readonly tickSeconds: number;
  /** Looks from then on; null: all. */
  readonly since: Date | null;
  /** At most this many looks, the newest; null: all. */
  readonly newest: number | null;
}

/** Count metrics whose noise can be fitted. */
export const COUNT_METRICS = ['errors', 'slow'] as const;
export type CountMetric = (typeof COUNT_METRICS)[number];

/** One count metric over time, ready to be fitted: ticks in order, those without requests left out. */
export interface CountSeries {
  readonly requests: readonly number[];
  readonly events: readonly number[];
  /** True where a segment begins. */
  readonly begins: readonly boolean[];
  /** Slowly moving rate, in (0, 1): what both arms share, so that it cancels in the judge. */
  readonly base: readonly number[];
}

/** Half the width of the window over which the slowly moving rate is averaged, ticks: three hours at a tick a minute. */
const HALF_WINDOW = 180;
/** Fewer ticks than this say nothing about bursts. */
export const SHORTEST_HISTORY = 1000;
/** Fewer events than this say nothing about noise. */
export const FEWEST_EVENTS = 100;

/** What a history lacks for a fit; null when nothing. */
export interface HistoryGap {
  readonly what: string;
  readonly value: number;
  readonly wanted: number;
}

/** The history of one metric as a series. */
export function assembleSeries(history: readonly HistoryTick[], metric: CountMetric): CountSeries {
  const usable = history.filter((tick) => isUsable(tick, metric));
  const requests = usable.map((tick) => tick.requests);
  const events = usable.map((tick) => Number(tick[metric]));
  const begins = usable.map((tick, i) => i === 0 || tick.segment !== usable[i - 1]?.segment);
  return { requests, events, begins, base: assembleBase(requests, events, begins) };
}

function isUsable(tick: HistoryTick, metric: CountMetric): boolean {
  const events = Number(tick[metric]);
  return tick.requests > 0 && Number.isInteger(events) && events >= 0 && events <= tick.requests;
}

/** Too few ticks, or too few events in them, to know the noise from. */
export function findHistoryGap(series: CountSeries, metric: CountMetric): HistoryGap | null {
  const ticks = series.events.length;
  if (ticks < SHORTEST_HISTORY) return { what: `ticks with ${metric} counted`, value: ticks, wanted: SHORTEST_HISTORY };
  const events = series.events.reduce((sum, value) => sum + value, 0);
  return events < FEWEST_EVENTS ? { what: metric, value: events, wanted: FEWEST_EVENTS } : null;
}

/** A tick in which both arms ran the same version. */
export interface PairedTick {
  readonly canary: Omit<HistoryTick, 'segment'>;
  readonly control: Omit<HistoryTick, 'segment'>;
}

/**
 * An A/A run as a history: its earlier half, one arm after the other, and then its later half, so that what comes later
 * in the history came later in time.
 */
export function historyOfPairs(pairs: readonly PairedTick[], name: string): HistoryTick[] {
  const middle = Math.ceil(pairs.length / 2);
  return [pairs.slice(0, middle), pairs.slice(middle)].flatMap((half, part) =>
    (['control', 'canary'] as const).flatMap((arm) =>
      half.map((pair): HistoryTick => ({ ...pair[arm], segment: `${name}/${part}/${arm}` })),
    ),
  );
}

/** The first half and the second: the fit is made on one and proved on the other. */
export function splitSeries(series: CountSeries): { readonly first: CountSeries; readonly later: CountSeries } {
  const middle = Math.ceil(series.events.length / 2);
  return { first: sliceSeries(series, 0, middle), later: sliceSeries(series, middle, series.events.length) };
}

/** Its own slowly moving rate is taken of the part alone, so that the later part has no say in the first. */
function sliceSeries({ requests, events, begins }: CountSeries, from: number, to: number): CountSeries {
  const part = {
    requests: requests.slice(from, to),
    events: events.slice(from, to),
    begins: begins.slice(from, to).map((begin, i) => begin || i === 0),
  };
  return { ...part, base: assembleBase(part.requests, part.events, part.begins) };
}

function runningSums(values: readonly number[]): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  return sums;
}

/** Mean rate within HALF_WINDOW ticks of the same segment; half an event is added, so that no rate is 0. */
function assembleBase(
  requests: readonly number[],
  events: readonly number[],
  begins: readonly boolean[],
): readonly number[] {
  const [requestSums, eventSums] = [runningSums(requests), runningSums(events)];
  const starts = begins.flatMap((begin, i) => (begin ? [i] : []));
  return starts.flatMap((start, i) => {
    const end = starts[i + 1] ?? requests.length;
    return Array.from({ length: end - start }, (_, at) => {
      const from = Math.max(start, start + at - HALF_WINDOW);
      const to = Math.min(end, start + at + HALF_WINDOW + 1);
      return (eventSums[to]! - eventSums[from]! + 0.5) / (requestSums[to]! - requestSums[from]! + 1);
    });
  });
}
