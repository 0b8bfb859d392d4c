import { log, patched, sleep, workflowInfo } from '@temporalio/workflow';
import { sourceOf } from '../../domain/governance/act-source.ts';
import { retreatSplit } from '../../domain/rollout/run.ts';
import type { RolloutResult } from '../messages.ts';
import { activities, type Ending, type RolloutContext } from './context.ts';
import { messageOf } from './failure.ts';
import { setPhase } from './panel.ts';
import { recordAsked, recordLast, settleDeliveries, show, writeUnwritten } from './record.ts';
import { statusOf } from './status.ts';
import { endWithoutStable } from './stable-down.ts';
import { withdrawRequests } from './requests.ts';
import { writeSplit } from './traffic.ts';
import { restoreLateStage, restoreStage } from './versions.ts';

const RETRY_PAUSE_MS = 5_000;

/** Takes traffic back where that is called for, writes how it ended, tells people, and returns the result. */
export async function closeRollout(context: RolloutContext, wanted: Ending): Promise<RolloutResult> {
  // From here on its end is not open any more: who wants another one is refused.
  context.ending = wanted;
  const ending = await takeTrafficBack(context, wanted);
  context.ending = ending;
  const { run } = context;
  if (ending.outcome !== 'promoted') await untilDone(context, 'stage', async () => await restoreStage(context));
  if (run.generation === null) await closeRefused(context, ending);
  else await untilDone(context, 'close', async () => await writeEnd(context, ending));
  if (ending.outcome !== 'promoted') await untilDone(context, 'stage', async () => await restoreLateStage(context));
  if (run.requests !== undefined) await withdrawRequests(context);
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

async function writeEnd(context: RolloutContext, ending: Ending): Promise<void> {
  const { request, run } = context;
  const { outcome, reason, detail, actor } = ending;
  const source = sourceOf(ending);
  await writeUnwritten(context);
  await recordAsked(context);
  await activities.closeRollout.executeWithOptions({ summary: outcome }, [
    {
      rolloutKey: run.rolloutKey,
      model: request.model,
      environment: request.environment,
      outcome: { outcome, reason, detail, at: new Date(run.nowMs).toISOString(), actor },
      proven: outcome === 'promoted' ? request.canary : null,
      humanWaitSeconds: Math.round(run.humanWaitMs / 1000),
      ...source,
    },
  ]);
  // Where pre-flight has not passed, nothing was moved that people would have to be woken for.
  const bad = run.generation === null ? 'warning' : 'page';
  const notify = outcome === 'promoted' || outcome === 'completed' ? 'info' : bad;
  await recordLast(context, {
    key: 'closed',
    event: outcome,
    actor,
    detail: `${reason}: ${detail}`,
    notify,
    ...source,
  });
}

/**
 * Pre-flight has not passed: nothing was moved, and its end is recorded like any other. Not for ever: when the database is
 * what it lacked, nobody should wait for that.
 */
async function closeRefused(context: RolloutContext, ending: Ending): Promise<void> {
  const { request, run } = context;
  try {
    if (patched('a-failed-pre-flight-is-recorded')) {
      const at = new Date(run.startedAtMs).toISOString();
      await activities.openRefused.executeWithOptions({ summary: 'record of a refused rollout' }, [
        { request, rolloutKey: run.rolloutKey, rolloutId: workflowInfo().workflowId, at, ...sourceOf(request) },
      ]);
      return await writeEnd(context, ending);
    }
  } catch (error) {
    log.warn('The end of a refused rollout could not be recorded', { error: messageOf(error) });
  }
  show(context, { key: '', event: ending.outcome, detail: `${ending.reason}: ${ending.detail}` });
}

/** Weight 0, retried until the router confirms it; but never onto a stable version that is down. */
async function takeTrafficBack(context: RolloutContext, ending: Ending): Promise<Ending> {
  const { request, run } = context;
  // Nothing of ours is live: pre-flight refused, or the split belongs to somebody else's decision.
  if (ending.leaveTraffic === true || run.generation === null) return ending;
  setPhase(context, 'rolling-back');
  const share = run.intended.canaryBasisPoints;
  let result: Ending = ending;
  await untilDone(context, 'retreat', async () => {
    const problem = ending.stableProblem ?? (await problemOfStable(context));
    if (share > 0 && problem !== null) {
      result = await endWithoutStable(context, ending, problem, share);
      return;
    }
    const yielded = await writeSplit(context, 'retreat', retreatSplit(request), `${ending.outcome}: ${ending.reason}`);
    if (yielded !== null) result = yielded;
  });
  return result;
}

async function problemOfStable({ request }: RolloutContext): Promise<string | null> {
  const { healthy, detail } = await activities.checkStable.executeWithOptions(
    { summary: 'can stable take the traffic back?' },
    [{ stable: request.stable }],
  );
  return healthy ? null : detail;
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
