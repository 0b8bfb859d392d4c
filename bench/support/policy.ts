import type { JudgePolicy } from '../../domain/rollout/judge.ts';
import { POLICY } from '../../test/support/judge.ts';
import { NOISE_ASSUMPTIONS } from '../../domain/rollout/judge/noise.ts';

/** The shipped policy with errors alone in play, for figures about one count metric. */
export function errorsOnly(noise: 'default' | 'quiet' = 'default'): JudgePolicy {
  const assumption = NOISE_ASSUMPTIONS[noise];
  if (assumption === undefined) throw new Error(`no noise assumption ${noise}`);
  return { ...POLICY, requiredMetrics: ['errors'], noise: assumption };
}
