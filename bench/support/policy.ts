import { openJudge, type JudgePolicy, type JudgeTick } from '../../domain/rollout/judge.ts';
import { POLICY } from '../../test/support/judge.ts';
import { NOISE_ASSUMPTIONS } from '../../domain/rollout/judge/noise.ts';

/** The shipped policy with errors alone in play, for figures about one count metric. */
export function errorsOnly(noise: 'default' | 'quiet' = 'default'): JudgePolicy {
  const assumption = NOISE_ASSUMPTIONS[noise];
  if (assumption === undefined) throw new Error(`no noise assumption ${noise}`);
  return { ...POLICY, requiredMetrics: ['errors'], noise: assumption };
}

/** The tick (from 1) at which the judge rolls back, Infinity when it never does. */
export function rollbackTick(policy: JudgePolicy, ticks: Iterable<JudgeTick>): number {
  const judge = openJudge(policy);
  let number = 0;
  for (const tick of ticks) {
    number += 1;
    judge.take(tick);
    if (judge.decision().decision === 'rollback') return number;
  }
  return Number.POSITIVE_INFINITY;
}
