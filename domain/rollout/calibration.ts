import { openJudge, type JudgePolicy, type JudgeTick } from './judge.ts';
import type { NoiseAssumption } from './judge/noise.ts';

/** Counts of one version in one tick. */
export interface HistoryTick {
  readonly requests: number;
  readonly errors: number;
}

/** How an assumption did on one half of the history. */
export interface CalibrationTrial {
  readonly streams: number;
  readonly falseRollbacks: number;
}

export interface CalibrationCandidate {
  readonly name: string;
  /** On the older half: what it is chosen by. */
  readonly training: CalibrationTrial;
  /** On the newer half, which had no say in the choice. */
  readonly proof: CalibrationTrial;
  readonly keepsBudget: boolean;
}

export interface Calibration {
  /** The fastest assumption that keeps the budget on both halves; null when none does. */
  readonly chosen: string | null;
  /** In the order they were given: fastest first. */
  readonly candidates: readonly CalibrationCandidate[];
}

/** Length of a trial, ticks: an hour at a tick a minute. */
const TRIAL_TICKS = 60;
/** Trials begin this far apart. */
const STRIDE = 10;
/** How far apart in time the two pretended arms are, ticks: beyond the length of a burst. */
const LAGS = [60, 90, 120] as const;
/** Fewer ticks than this say nothing about bursts. */
export const SHORTEST_HISTORY = 1000;

/**
 * Pairs a version's history with itself: one hour plays the canary, an hour before it the control. Both are the same
 * version, so every rollback is a false one. A drift of the base rate makes pairs look more different than two arms at
 * the same time would be: the choice errs to the safe side.
 *
 * @param history ticks in order, without gaps
 * @returns trials in the order of time, TRIAL_TICKS long
 */
export function assembleTrials(history: readonly HistoryTick[]): JudgeTick[][] {
  const trials: JudgeTick[][] = [];
  for (let start = 0; start + TRIAL_TICKS <= history.length; start += STRIDE) {
    for (const lag of LAGS) {
      if (start - lag < 0) continue;
      trials.push(
        Array.from({ length: TRIAL_TICKS }, (_, i) => ({
          canary: armOf(history[start + i]),
          control: armOf(history[start - lag + i]),
        })),
      );
    }
  }
  return trials;
}

/**
 * Chooses the noise assumption for a service by what the judge would have done to it while nothing was wrong.
 *
 * @param trials streams in which both arms are the same version, in the order of time (an A/A run, or assembleTrials)
 * @param candidates assumptions by name, fastest first
 */
export function calibrateNoise(
  trials: readonly (readonly JudgeTick[])[],
  policy: JudgePolicy,
  candidates: readonly (readonly [string, NoiseAssumption])[],
): Calibration {
  const middle = Math.floor(trials.length / 2);
  const judged = candidates.map(([name, noise]): CalibrationCandidate => {
    const training = runTrials(trials.slice(0, middle), { ...policy, noise });
    const proof = runTrials(trials.slice(middle), { ...policy, noise });
    return { name, training, proof, keepsBudget: [training, proof].every((trial) => keeps(trial, policy.errorBudget)) };
  });
  return { chosen: judged.find(({ keepsBudget }) => keepsBudget)?.name ?? null, candidates: judged };
}

function keeps({ streams, falseRollbacks }: CalibrationTrial, budget: number): boolean {
  return streams > 0 && falseRollbacks <= budget * streams;
}

function runTrials(trials: readonly (readonly JudgeTick[])[], policy: JudgePolicy): CalibrationTrial {
  const rolledBack = trials.filter((ticks) => {
    const judge = openJudge(policy);
    for (const tick of ticks) judge.take(tick);
    return judge.decision().decision === 'rollback';
  });
  return { streams: trials.length, falseRollbacks: rolledBack.length };
}

/** A missing tick stays missing. */
function armOf(tick: HistoryTick | undefined): HistoryTick {
  return tick ?? { requests: Number.NaN, errors: Number.NaN };
}
