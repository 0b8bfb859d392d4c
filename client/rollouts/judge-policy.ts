import type { MlopsConfig } from '../../config/schema.ts';
import type { JudgePolicy } from '../../domain/rollout/judge.ts';

/** The judge's policy for a tick length; the stricter of the two error ceilings holds. */
export function assembleJudgePolicy({ deployment, monitoring }: MlopsConfig, tickSeconds: number): JudgePolicy {
  const { judge, noiseAssumptions } = deployment;
  const noise = noiseAssumptions[judge.noise];
  if (noise === undefined) throw new RangeError(`Noise assumption is not known: ${judge.noise}`);
  return {
    maxErrorRate: Math.min(judge.maxErrorRate, monitoring.alertThresholds.errorRate),
    errorBudget: judge.errorBudget,
    nonInferiorityRatio: judge.nonInferiorityRatio,
    scoreMargin: judge.scoreMargin,
    absoluteTolerance: judge.absoluteTolerance,
    requiredMetrics: judge.requiredMetrics,
    slowAction: judge.slowAction,
    dryRunMetrics: judge.dryRunMetrics,
    tickSeconds,
    noise,
  };
}
