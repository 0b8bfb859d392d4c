import type { TrafficSplit } from '../../domain/rollout/split.ts';
import { activities, advanceClock, type Ending, type RolloutContext } from './context.ts';
import { record } from './record.ts';
import { untilSettled } from './stop.ts';

/**
 * Makes a split live under the key of this rollout, verified, and remembers its generation.
 *
 * @returns the ending when an emergency rollback is live: a ramp yields to it
 */
export async function writeSplit(
  context: RolloutContext,
  key: string,
  split: TrafficSplit,
  reason: string,
): Promise<Ending | null> {
  const { request, run } = context;
  const result = await activities.applySplit.executeWithOptions({ summary: reason, ...untilSettled() }, [
    {
      environment: request.environment,
      idempotencyKey: `${run.rolloutKey}/${key}`,
      split,
      expectedGeneration: run.generation ?? 0,
      actor: request.startedBy,
      reason,
    },
  ]);
  advanceClock(context, result.nowMs);
  if (result.status === 'yielded') {
    const { live } = result;
    run.observedBasisPoints = live.split.canaryBasisPoints;
    run.intended = { canaryBasisPoints: live.split.canaryBasisPoints, mirrorBasisPoints: live.split.mirrorBasisPoints };
    return {
      outcome: 'rolled-back',
      reason: 'emergency-rollback',
      detail: `${live.actor}: ${live.reason}`,
      actor: live.actor,
      leaveTraffic: true,
    };
  }
  run.generation = result.generation;
  run.observedBasisPoints = result.observedBasisPoints;
  run.intended = { canaryBasisPoints: split.canaryBasisPoints, mirrorBasisPoints: split.mirrorBasisPoints };
  if (result.replaced !== null) {
    const detail = `${result.replaced.actor} had set ${result.replaced.split.canaryBasisPoints / 100} % (generation ${result.replaced.generation}): replaced`;
    await record(context, {
      key: `foreign/${result.replaced.generation}`,
      event: 'foreign-edit',
      detail,
      notify: 'warning',
      facts: { writer: result.replaced.actor },
    });
  }
  await record(context, {
    key: `${key}/written`,
    event: 'weight-set',
    detail: reason,
    weightPercent: split.canaryBasisPoints / 100,
    generation: result.generation,
    notify: 'info',
  });
  return null;
}
