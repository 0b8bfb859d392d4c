/**
 * What is assumed about the noise of a service: how much the two arms may differ for reasons that are not the version's.
 *
 * The error budget holds under this assumption (docs/reference/judge.md). A wider one costs ticks, a narrower one is
 * faster and must be earned by the service's own history (`mlops rollout calibrate`).
 */
export interface NoiseAssumption {
  /**
   * Kinds of noise the service may have, 1 to 5; each gets the same prior. The judge follows all of them and the counts
   * say which one it is: a calm service is judged fast although the assumption has room for bursts.
   */
  readonly kinds: readonly NoiseKind[];
  /** Largest burst, natural log of the factor; a multiple of 0.2. 1.2 is a factor of 3.3. */
  readonly burstRangeLog: number;
  /** No tick counts for more events than this. */
  readonly eventCapPerTick: number;
}

/** Noise that goes on from the first tick to the last. */
export interface NoiseKind {
  /** Standard deviation of tick-to-tick noise of the log rate ratio, natural log units, at least 0. */
  readonly fastSdLog: number;
  /** Prior share of the time an arm's rate is away from its level, once counts are large, in [0, 1). */
  readonly burstShare: number;
  /** Mean length of a burst, minutes, at least 1. */
  readonly burstMeanMinutes: number;
  /** Mean events per tick at which the whole burst share applies; with fewer events it shrinks in proportion. */
  readonly burstFullEventsPerTick: number;
}

/** Bursts of one kind of noise: share of the time, mean minutes, mean events per tick from which the share is whole. */
type Bursts = readonly [share: number, meanMinutes: number, fullEventsPerTick: number];

/** Three kinds: calm from tick to tick, noisy (half as high or 1.6 times is usual), rough. */
function kindsOf(calm: Bursts, noisy: Bursts, rough: Bursts): readonly NoiseKind[] {
  return (
    [
      [0, calm],
      [0.5, noisy],
      [0.9, rough],
    ] as const
  ).map(([fastSdLog, [burstShare, burstMeanMinutes, burstFullEventsPerTick]]) => ({
    fastSdLog,
    burstShare,
    burstMeanMinutes,
    burstFullEventsPerTick,
  }));
}

/**
 * Bursts of one arm of at most about x3 that last about five minutes.
 *
 * Found by search over bench/judge-false-rollback.ts and bench/judge-detection.ts. That the kinds differ in their bursts
 * is what makes a calm service fast: with a shift the calm kind explains the counts best, without one the bursty kinds
 * must, and pay for each burst (docs/adr/0016-kinds-of-noise.md).
 */
const DEFAULT: NoiseAssumption = {
  kinds: kindsOf([0.1, 5, 1], [0.5, 4, 0.95], [0.7, 20, 0.7]),
  burstRangeLog: 1.2,
  eventCapPerTick: 100,
};

/** Assumptions by name, as `noise` in deployment.yaml and in a replay policy chooses them. */
export const NOISE_ASSUMPTIONS: Readonly<Record<string, NoiseAssumption>> = {
  default: DEFAULT,
  /** No bursts in its history; fast noise stays. */
  quiet: { ...DEFAULT, kinds: kindsOf([0, 5, 1], [0, 5, 1], [0, 5, 1]) },
  /** Bursts last a quarter of an hour and longer. */
  'long-bursts': { ...DEFAULT, kinds: kindsOf([0.2, 15, 1], [0.6, 12, 1], [0.75, 45, 0.7]) },
  /** Bursts of up to x7. */
  'tall-bursts': { ...DEFAULT, kinds: kindsOf([0.2, 5, 1], [0.6, 5, 1], [0.7, 20, 0.7]), burstRangeLog: 2 },
  /** Bursts of up to x7 that last longer, expected also where a tick has few events and counts can hardly show them. */
  'sparse-bursts': {
    ...DEFAULT,
    kinds: kindsOf([0.3, 10, 0.3], [0.6, 10, 0.3], [0.75, 30, 0.3]),
    burstRangeLog: 2,
  },
};
