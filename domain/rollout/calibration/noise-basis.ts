import type { JudgePolicy } from '../judge.ts';
import { runTrials, type FittedPart } from './calibrate.ts';
import { fitNoise } from './fit-noise.ts';
import { assembleSeries, findHistoryGap, type CountMetric, type HistoryTick } from './history.ts';

/** What the configuration says of a model's noise. */
export interface NoiseSetting {
  /** Name of the assumption; `fitted` for one of the model's own. */
  readonly assumption: string;
  /** As written by `mlops rollout calibrate --write`, or by hand; null: nothing was written. */
  readonly calibration: {
    /** Evidence of errors and slowness may roll back by itself. */
    readonly armed: boolean;
    /** ISO 8601; null: nothing was fitted. */
    readonly fittedAt: string | null;
    readonly ticks: number | null;
    /** What it was fitted to, in words. */
    readonly source: string | null;
  } | null;
}

/** On what the noise assumption of a rollout rests, and whether evidence may roll back by itself. */
export interface NoiseBasis {
  readonly basis: 'default' | 'calibrated';
  /** False: evidence that rests on the assumption (errors, slow) holds and pages instead of rolling back. */
  readonly armed: boolean;
  /** Everything in a sentence. */
  readonly text: string;
}

/** Newest ticks of a history that are looked at: enough to see noise, few enough for a pre-flight check. */
export const NEWEST_TICKS = 2000;
/** Streams per cell: at twice the budget the doubt is gone. */
const STREAMS = [150];

/**
 * Whether automatic rollback is armed for a service (docs/adr/0018-armed-by-evidence.md).
 *
 * A written calibration decides, and `armed: false` of a person. Without one, the service's own history must not show
 * that the assumption in use would roll healthy versions back more often than the budget allows. A history too short to
 * know is no reason to disarm: the default assumption is made for services without one.
 *
 * @param history ticks of the control, oldest first, any length
 * @param autoRollback false: nothing rolls back by itself, and the text says that instead
 * @returns the same for the same inputs. Cost: up to about a second of computing, nothing when calibrated or shorter than SHORTEST_HISTORY
 */
export function assessNoise(
  setting: NoiseSetting,
  history: readonly HistoryTick[],
  policy: JudgePolicy,
  seed: string,
  autoRollback = true,
): NoiseBasis {
  const { assumption, calibration } = setting;
  const wordsOf = (armed: boolean): string => (autoRollback ? (armed ? ARMED : NOT_ARMED) : OFF);
  if (calibration !== null) {
    const { armed, fittedAt, source, ticks } = calibration;
    const fitted =
      fittedAt === null
        ? 'not calibrated'
        : `calibrated from ${source ?? 'a history'} (${ticks ?? '?'} ticks) on ${fittedAt}`;
    return {
      basis: fittedAt === null ? 'default' : 'calibrated',
      armed,
      text: `assumption ${assumption}, ${fitted}; ${wordsOf(armed)} (calibration.armed is ${armed})`,
    };
  }
  const found = assessHistory(history.slice(-NEWEST_TICKS), policy, seed);
  const text = `assumption ${assumption}, not calibrated (${found.why}); ${wordsOf(!found.noisier)}`;
  return { basis: 'default', armed: !found.noisier, text };
}

const ARMED = 'automatic rollback is armed';
const OFF = 'automatic rollback is off, evidence of harm holds (auto_rollback is false)';
const NOT_ARMED = 'automatic rollback is not armed, evidence of errors and slowness holds';

function assessHistory(
  history: readonly HistoryTick[],
  policy: JudgePolicy,
  seed: string,
): { readonly noisier: boolean; readonly why: string } {
  const metrics: CountMetric[] = policy.slowAction === 'rollback' ? ['errors', 'slow'] : ['errors'];
  const series = metrics
    .filter((metric) => !policy.dryRunMetrics.includes(metric))
    .map((metric) => [metric, assembleSeries(history, metric)] as const);
  const enough = series.filter(([metric, one]) => findHistoryGap(one, metric) === null);
  if (enough.length === 0) return { noisier: false, why: `${history.length} ticks of history are too few to fit` };
  const parts = enough.map(([metric, one]): FittedPart => ({ metric, series: one, fit: fitNoise(one) }));
  const trials = runTrials(parts, policy.noise, { policy, known: {}, seed, streams: STREAMS }, 'assess');
  const noisy = trials.find((trial) => worstOf(trial).low > policy.errorBudget);
  if (noisy === undefined) return { noisier: false, why: `its last ${history.length} ticks fit the assumption` };
  const share = worstOf(noisy);
  const percent = (100 * share.hits) / share.streams;
  return {
    noisier: true,
    why: `its last ${history.length} ticks are noisier: ${noisy.metric} would roll ${percent.toFixed(0)} % of healthy versions back, budget ${100 * policy.errorBudget} %`,
  };
}

function worstOf({ even, ramp, history }: ReturnType<typeof runTrials>[number]) {
  return [even, ramp, history].reduce((worst, one) => (one.low > worst.low ? one : worst));
}
