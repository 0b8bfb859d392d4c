/** Edges of a decade, none more than a quarter above the one before. */
const DECADE = [1, 1.2, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7.5, 9] as const;
const DECADES_MS = [1, 10, 100, 1000] as const;
const LAST_MS = 10_000;

/**
 * Upper edges of the latency histogram in milliseconds, 1 to 10,000; a last open bucket follows. Every threshold we use is
 * an edge, so an edge that has been used stays one.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  ...DECADES_MS.flatMap((unit) => DECADE.map((edge) => edge * unit)),
  LAST_MS,
];

/** Quality scores in [0, 1] are counted in 101 bins: bin i holds scores that round to i/100. */
export const SCORE_BINS = 101;

/** Counters of one arm and version since the start of the source process (cumulative, architecture D8). */
export interface ArmCounters {
  readonly version: string;
  /** Requests that were assigned to this arm and ended, whatever the outcome except a client abort. */
  readonly requests: number;
  /** Of those: 5xx answers, timeouts, refused or broken connections. */
  readonly errors: number;
  /** Requests per latency bucket, length LATENCY_BOUNDS_MS.length + 1, not cumulated over buckets. */
  readonly latency: readonly number[];
  /** Feedback scores per bin, length SCORE_BINS. */
  readonly scores: readonly number[];
}

/** What the mirror saw while copying requests to the canary (shadow step). */
export interface MirrorCounters {
  readonly requests: number;
  /** Canary answered 5xx, timed out or refused while stable answered. */
  readonly errors: number;
  readonly statusMismatches: number;
  readonly latency: readonly number[];
  /** Overlap (Jaccard) of retrieved ids with stable's answer, binned like scores. */
  readonly overlap: readonly number[];
}

/** One reading of a metrics source: cumulative counters of both arms of one model. Reading twice is harmless. */
export interface TelemetrySnapshot {
  readonly model: string;
  /** Changes whenever the counters started again from zero. */
  readonly instanceId: string;
  /** ISO 8601, UTC, by the source's clock */
  readonly observedAt: string;
  readonly generation: number;
  readonly canaryBasisPoints: number;
  readonly stable: ArmCounters | null;
  readonly canary: ArmCounters | null;
  readonly mirror: MirrorCounters | null;
  /** Requests whose arm was chosen by the weighted choice (no override header), for the sample-ratio check. */
  readonly assigned: { readonly stable: number; readonly canary: number };
}
