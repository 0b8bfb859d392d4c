import { NOISE_ASSUMPTIONS, type NoiseAssumption } from '../../domain/rollout/judge/noise.ts';
import type { JudgePolicy, JudgeTick } from '../../domain/rollout/judge.ts';

/** The default policy of the program. */
export const POLICY: JudgePolicy = {
  maxErrorRate: 0.05,
  errorBudget: 0.05,
  nonInferiorityRatio: 1.49,
  scoreMargin: 0.05,
  absoluteTolerance: { errors: 0.005, slow: 0.01 },
  requiredMetrics: ['errors', 'slow'],
  slowAction: 'hold',
  dryRunMetrics: [],
  tickSeconds: 60,
  noise: NOISE_ASSUMPTIONS['default'] as NoiseAssumption,
};

/** A tick with both arms: requests, errors, slow of the canary, then of the control. */
export function tick(n1: number, x1: number, s1: number, n0: number, x0: number, s0: number): JudgeTick {
  return { canary: { requests: n1, errors: x1, slow: s1 }, control: { requests: n0, errors: x0, slow: s0 } };
}

/** The same tick again and again. */
export function repeat(value: JudgeTick, times: number): JudgeTick[] {
  return Array.from({ length: times }, () => value);
}
