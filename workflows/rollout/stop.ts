import { CancellationScope, patched, type ActivityOptions } from '@temporalio/workflow';
import { sourceOf } from '../../domain/governance/act-source.ts';
import type { Ending, RolloutContext } from './context.ts';

/** Who cancels the workflow itself. */
export const CANCELLED: Ending = {
  outcome: 'aborted',
  reason: 'cancelled',
  detail: 'the workflow was cancelled',
  actor: 'temporal',
};

/**
 * Runs a stage until it ends or somebody says stop (abort, deny, cancellation). From then on nothing new begins: what is
 * being tried is not tried again, what the stage would have done next is not done.
 */
export async function unlessStopped(
  context: RolloutContext,
  stage: (context: RolloutContext) => Promise<Ending | null>,
): Promise<Ending | null> {
  const before = stopOf(context);
  if (before !== null) return before;
  const scope = new CancellationScope();
  context.stopStage = () => scope.cancel();
  try {
    const ending = await scope.run(async () => await stage(context));
    return stopOf(context) ?? ending;
  } catch (error) {
    const stop = stopOf(context);
    if (stop === null) throw error;
    return stop;
  } finally {
    context.stopStage = null;
  }
}

/** Interrupts the stage that runs: a person has said stop. Rollouts that began before this go on as they began. */
export function stopStage(context: RolloutContext): void {
  if (patched('a-stop-is-obeyed-at-once')) context.stopStage?.();
}

/** An attempt under way when somebody says stop is waited for, so that its effect is known; none follows it. */
export function untilSettled(): Pick<ActivityOptions, 'cancellationType'> {
  return patched('a-stop-is-obeyed-at-once') ? { cancellationType: 'WAIT_CANCELLATION_COMPLETED' } : {};
}

/** An abort, or the denial of what was waited for. People who say stop are obeyed at once. */
export function endingByPeople({ run }: RolloutContext): Ending | null {
  const { abort, denial } = run;
  if (abort !== null)
    return {
      outcome: 'aborted',
      reason: 'aborted',
      detail: abort.reason || 'no reason given',
      actor: abort.actor,
      ...sourceOf(abort),
    };
  if (denial !== null)
    return {
      outcome: 'rolled-back',
      reason: 'denied',
      detail: denial.reason || 'no reason given',
      actor: denial.actor,
      ...sourceOf(denial),
    };
  return null;
}

function stopOf(context: RolloutContext): Ending | null {
  const stop = endingByPeople(context) ?? (CancellationScope.current().consideredCancelled ? CANCELLED : null);
  return stop !== null && patched('a-stop-is-obeyed-at-once') ? stop : null;
}
