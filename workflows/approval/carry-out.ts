import { isCancellation } from '@temporalio/workflow';
import { isPassing, messageOf } from '../rollout/failure.ts';
import type { ApprovalStanding } from '../../domain/registry/approval/request.ts';
import { activities, readingActivities, takeStanding, untilThere, type ApprovalContext } from './context.ts';
import { refreshPanel } from './panel.ts';
import { tellRollout } from './tell-rollout.ts';

/** Looks whether what was approved is still what is there, and does it then. What cannot be done is left to who asked. */
export async function carryOut(context: ApprovalContext, standing: ApprovalStanding): Promise<void> {
  const { approvalId } = context;
  refreshPanel(context, standing);
  let { round } = standing.record;
  try {
    const checked = await readingActivities.checkApproval.executeWithOptions({ summary: 'is it unchanged?' }, [
      { approvalId },
    ]);
    if (takeStanding(context, checked).record.state !== 'approved') return;
    round = checked.record.round;
    const done = await readingActivities.carryOutApproval.executeWithOptions({ summary: checked.record.kind }, [
      { approvalId },
    ]);
    takeStanding(context, done.standing);
    if (done.isDone) return;
    context.leftRound = round;
    await tellRollout(standing.record);
  } catch (error) {
    if (isCancellation(error)) throw error;
    // Who is only away is asked again.
    if (isPassing(error)) return;
    context.leftRound = round;
    const note = { key: `carry-out-failed/${round}`, step: 'carry-out-failed' as const, words: messageOf(error) };
    await untilThere(
      async () => await activities.noteApproval.executeWithOptions({ summary: note.step }, [{ approvalId, note }]),
    );
  }
}
