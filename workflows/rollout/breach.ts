import type { Ending, RolloutContext } from './context.ts';
import { setPhase } from './panel.ts';
import { record } from './record.ts';

/** Metrics whose evidence rests on the noise assumption. */
const UNARMED: readonly string[] = ['errors', 'slow'];

/** Evidence, or a failed health check, that the canary does harm. */
export interface Breach {
  readonly metric: string;
  readonly reason: string;
  readonly action: 'rollback' | 'hold';
  readonly tick: number;
}

/**
 * Acts on a breach at once: rolls back, or freezes the weight and asks for a review when the metric's action is to
 * hold or automatic rollback is off, or not armed for want of a noise assumption that fits.
 */
export async function breach(context: RolloutContext, found: Breach): Promise<Ending | null> {
  const { request, run } = context;
  if (found.action === 'rollback' && request.plan.autoRollback) {
    return { outcome: 'rolled-back', reason: found.metric, detail: found.reason, actor: 'judge' };
  }
  if (run.review?.metrics.includes(found.metric) === true) return null;
  const metrics = [...(run.review?.metrics ?? []), found.metric];
  run.review = { metrics, reason: found.reason };
  setPhase(context, 'paused');
  const unarmed = run.noise?.armed === false && UNARMED.includes(found.metric);
  const why = unarmed
    ? `automatic rollback is not armed: ${run.noise?.text ?? ''}`
    : found.action === 'hold'
      ? 'its action is to hold'
      : 'auto_rollback is off';
  await record(context, {
    key: `review/${found.metric}/${found.tick}`,
    event: 'held',
    actor: 'judge',
    detail: `frozen at ${run.intended.canaryBasisPoints / 100} % for a review: ${found.reason} (${why})`,
    notify: found.action === 'hold' && !unarmed ? 'warning' : 'page',
    facts: { metric: found.metric },
  });
  return null;
}
