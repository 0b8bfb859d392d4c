import { patched, proxyActivities } from '@temporalio/workflow';
import type { RolloutActivities } from '../../activities/index.ts';
import type { Ending, RolloutContext } from './context.ts';
import { isPassing, messageOf } from './failure.ts';
import { record, recordLast, type News } from './record.ts';

const WHOLE = 10_000;

/** An artifact may be gigabytes; a worker that dies while it reads is noticed by its silence. */
const { examineVersions, promoteVersion, restoreVersion } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '2h',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s', maximumAttempts: 6 },
});

/** Asks the registry for the versions, once. @throws ActivityFailure PREFLIGHT_VERSION, or while nobody can say */
export async function admitVersions({ request, run }: RolloutContext): Promise<void> {
  // An A/A run brings nothing new to anybody.
  if (run.versions !== undefined || request.kind === 'a/a' || !patched('versions-come-from-the-registry')) return;
  run.versions = await examineVersions.executeWithOptions({ summary: 'versions in the registry' }, [{ request }]);
}

/**
 * Moves the stage of the new version before the last split is written, so that nothing is final in traffic that the registry refuses.
 *
 * @returns the ending when the registry refuses it now: what was approved has changed
 * @throws ActivityFailure while nobody can say
 */
export async function moveStage(context: RolloutContext): Promise<Ending | null> {
  const { run } = context;
  if (run.versions?.isGoverned !== true || run.isStageMoved === true) return null;
  // An attempt that is interrupted, or whose answer is lost, may go through all the same: only the registry can say then.
  if (patched('a-stage-that-was-asked-for-is-looked-up')) run.isStageAsked = true;
  try {
    const done = await promoteVersion.executeWithOptions({ summary: 'stage' }, [stageOrder(context)]);
    run.isStageMoved = true;
    await record(context, { key: 'stage-moved', event: 'stage-moved', detail: done, notify: 'info' });
    return null;
  } catch (error) {
    if (isPassing(error)) throw error;
    return { outcome: 'rolled-back', reason: 'registry', detail: messageOf(error), actor: 'rollout' };
  }
}

/** The rollout did not end where the stage is: it goes back. */
export async function restoreStage(context: RolloutContext): Promise<void> {
  const { run } = context;
  if (run.isStageMoved !== true && run.isStageAsked !== true) return;
  const news = await takeStageBack(context, 'stage-restored');
  run.isStageMoved = false;
  if (news !== null) await record(context, news);
}

/**
 * Once the end is recorded, the registry refuses every attempt that is still under way. One that went through between the look before
 * and that record is taken back now.
 */
export async function restoreLateStage(context: RolloutContext): Promise<void> {
  if (context.run.isStageAsked !== true) return;
  const news = await takeStageBack(context, 'stage-restored/late');
  if (news === null) return;
  // Nothing writes afterwards what is kept now.
  if (patched('a-late-restore-is-written-or-tried-again')) await recordLast(context, news);
  else await record(context, news);
}

/** Each order is carried out once, and answered in the same words as often as it is given. Null: there was nothing to take back. */
async function takeStageBack(context: RolloutContext, key: string): Promise<News | null> {
  const { canary, stable } = context.request;
  const order = { ...stageOrder(context), key };
  const done = await restoreVersion.executeWithOptions({ summary: 'stage goes back' }, [order]);
  if (done === null) return null;
  const users =
    context.run.intended.canaryBasisPoints === WHOLE
      ? `; users stay on ${canary.version} until ${stable.version} is healthy`
      : '';
  return { key, event: 'stage-restored', detail: `${done}${users}`, notify: 'warning' };
}

function stageOrder({ request, run }: RolloutContext) {
  return {
    model: request.model,
    version: request.canary.version,
    production: run.versions?.production ?? null,
    approvalId: run.versions?.approvalId ?? null,
    actor: request.startedBy,
    rolloutKey: run.rolloutKey,
  };
}
