import type { MlopsConfig } from '../../config/schema.ts';
import type { NoiseSetting } from '../../domain/rollout/calibration/noise-basis.ts';
import { ownValue } from '../../domain/own-value.ts';
import type { JudgePolicy } from '../../domain/rollout/judge.ts';

/**
 * The judge's policy for a tick length; the stricter of the two error ceilings holds.
 *
 * @param model whose own noise assumption holds where it has one; null: no model in particular
 */
export function assembleJudgePolicy(
  { deployment, monitoring }: MlopsConfig,
  tickSeconds: number,
  model: string | null,
): JudgePolicy {
  const { judge, noiseAssumptions, models } = deployment;
  const own = (model === null ? null : ownValue(models, model)?.noise) ?? judge.noise;
  const noise = typeof own === 'string' ? ownValue(noiseAssumptions, own) : own;
  if (noise === undefined) throw new RangeError(`Noise assumption is not known: ${JSON.stringify(own)}`);
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

/** What the configuration says of a model's noise, in the terms of people. */
export function noiseSettingOf({ deployment }: MlopsConfig, model: string): NoiseSetting {
  const { noise = null, calibration = null } = ownValue(deployment.models, model) ?? {};
  const assumption = typeof noise === 'string' ? noise : noise === null ? deployment.judge.noise : 'fitted';
  return { assumption, calibration };
}
