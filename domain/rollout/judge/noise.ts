/**
 * What is assumed about the noise of a service: how much the two arms may differ for reasons that are not the version's.
 *
 * The error budget holds under this assumption (docs/reference/judge.md). A wider one costs ticks, a narrower one is
 * faster and must be earned by the service's own history (`mlops rollout calibrate`).
 */
export interface NoiseAssumption {
  /** Standard deviations of tick-to-tick noise of the log rate ratio, natural log units; each gets the same prior. */
  readonly fastSdLog: readonly number[];
  /** Prior share of the time an arm's rate is away from its level, once counts are large, in [0, 1). */
  readonly burstShare: number;
  /** Mean length of a burst, minutes, at least 1. */
  readonly burstMeanMinutes: number;
  /** Largest burst, natural log of the factor; a multiple of 0.2. 1.2 is a factor of 3.3. */
  readonly burstRangeLog: number;
  /** Mean events per tick at which the whole burst share applies; with fewer events it shrinks in proportion. */
  readonly burstFullEventsPerTick: number;
  /** No tick counts for more events than this. */
  readonly eventCapPerTick: number;
}

/** Bursts of one arm of at most about x3 that last about five minutes (judge-recipe §0). */
const DEFAULT: NoiseAssumption = {
  fastSdLog: [0, 0.35, 0.9],
  burstShare: 0.45,
  burstMeanMinutes: 5,
  burstRangeLog: 1.2,
  burstFullEventsPerTick: 1.5,
  eventCapPerTick: 100,
};

/** Assumptions by name, as `noise` in deployment.yaml and in a replay policy chooses them. */
export const NOISE_ASSUMPTIONS: Readonly<Record<string, NoiseAssumption>> = {
  default: DEFAULT,
  /** No bursts in its history; fast noise stays. */
  quiet: { ...DEFAULT, burstShare: 0 },
  /** Bursts last twice as long. */
  'long-bursts': { ...DEFAULT, burstMeanMinutes: 15, burstShare: 0.55 },
  /** Bursts of up to x6. */
  'tall-bursts': { ...DEFAULT, burstRangeLog: 2, burstShare: 0.55 },
  /** The same where a tick has few events: bursts are expected although the counts can hardly show them. */
  'sparse-bursts': {
    ...DEFAULT,
    burstRangeLog: 2,
    burstShare: 0.55,
    burstMeanMinutes: 10,
    burstFullEventsPerTick: 0.3,
  },
};
