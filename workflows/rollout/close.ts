import { sleep, workflowInfo } from '@temporalio/workflow';
import { retreatSplit } from '../../domain/rollout/run.ts';
import type { RolloutResult } from '../messages.ts';
import { activities, type Ending, type RolloutContext } from './context.ts';
import { messageOf } from './failure.ts';
import { setPhase } from './panel.ts';
import { record, recordAsked, recordLast, settleDeliveries, show, writeUnwritten } from './record.ts';
import { statusOf } from './status.ts';
import { writeSplit } from './traffic.ts';

const RETRY_PAUSE_MS = 5_000;

/** Takes traffic back where that is called for, writes how it ended, tells people, and returns the result. */
export async function closeRollout(context: RolloutContext, wanted: Ending): Promise<RolloutResult> {
  // From here on its end is not open any more: who wants another one is refused.
  context.ending = wanted;
  const ending = await takeTrafficBack(context, wanted);
  context.ending = ending;
  const { request, run } = context;
  const at = new Date(run.nowMs).toISOString();
  const outcome = { outcome: ending.outcome, reason: ending.reason, detail: ending.detail, at, actor: ending.actor };
  await untilDone(context, 'close', async () => {
    if (run.generation === null) return;
    await writeUnwritten(context);
    await recordAsked(context);
    await activities.closeRollout.executeWithOptions({ summary: ending.outcome }, [
      {
        rolloutKey: run.rolloutKey,
        model: request.model,
        environment: request.environment,
        outcome,
        proven: ending.outcome === 'promoted' ? request.canary : null,
        humanWaitSeconds: Math.round(run.humanWaitMs / 1000),
      },
    ]);
    const notify = ending.outcome === 'promoted' || ending.outcome === 'completed' ? 'info' : 'page';
    await recordLast(context, {
      key: 'closed',
      event: ending.outcome,
      actor: ending.actor,
      detail: `${ending.reason}: ${ending.detail}`,
      notify,
    });
  });
  if (run.generation === null)
    show(context, { key: '', event: ending.outcome, detail: `${ending.reason}: ${ending.detail}` });
  setPhase(context, 'closed');
  await settleDeliveries(context);
  return {
    rolloutKey: run.rolloutKey,
    outcome: ending.outcome,
    reason: ending.reason,
    detail: ending.detail,
    finalWeightPercent: run.intended.canaryBasisPoints / 100,
    status: statusOf(context, workflowInfo()),
  };
}

/** Weight 0, retried until the router confirms it; but never onto a stable version that is down. */
async function takeTrafficBack(context: RolloutContext, ending: Ending): Promise<Ending> {
  const { request, run } = context;
  // Nothing of ours is live: pre-flight refused, or the split belongs to somebody else's decision.
  if (ending.leaveTraffic === true || run.generation === null) return ending;
  setPhase(context, 'rolling-back');
  let result: Ending = ending;
  await untilDone(context, 'retreat', async () => {
    const carriesUsers = run.intended.canaryBasisPoints > 0;
    const stable = await activities.checkStable.executeWithOptions({ summary: 'can stable take the traffic back?' }, [
      { stable: request.stable },
    ]);
    if (carriesUsers && !stable.healthy) {
      const detail = `stable ${request.stable.version} is down (${stable.detail}): traffic stays where it is, ${run.intended.canaryBasisPoints / 100} % on the canary; wanted to roll back for ${ending.reason}`;
      await record(context, { key: 'stable-down', event: 'stable-down', detail, notify: 'page' });
      result = { outcome: 'failed', reason: 'stable-down', detail, actor: ending.actor };
      return;
    }
    const yielded = await writeSplit(context, 'retreat', retreatSplit(request), `${ending.outcome}: ${ending.reason}`);
    if (yielded !== null) result = yielded;
  });
  return result;
}

/** Tries until it works. People are paged once; the workflow stays open, visible, and keeps trying. */
async function untilDone(context: RolloutContext, name: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const detail = `${name} is tried again: ${messageOf(error)}`;
      if (!context.run.announced.includes(`delayed/${name}`)) {
        context.run.announced.push(`delayed/${name}`);
        show(context, { key: '', event: 'delayed', detail });
      }
      await sleep(RETRY_PAUSE_MS, { summary: detail.slice(0, 180) });
    }
  }
}
