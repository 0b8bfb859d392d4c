import { isPassing, messageOf } from '../rollout/failure.ts';
import type { ApprovalStanding } from '../../domain/registry/approval/request.ts';
import { activities, takeStanding, untilThere, type ApprovalContext } from './context.ts';
import { refreshPanel } from './panel.ts';

/** Looks whether what was approved is still what is there, and does it then. What cannot be done is left to who asked. */
export async function carryOut(context: ApprovalContext, standing: ApprovalStanding): Promise<void> {
  const { approvalId } = context;
  refreshPanel(context, standing);
  const checked = await untilThere(
    async () => await activities.checkApproval.executeWithOptions({ summary: 'is it unchanged?' }, [{ approvalId }]),
  );
  if (takeStanding(context, checked).record.state !== 'approved') return;
  try {
    const done = await activities.carryOutApproval.executeWithOptions({ summary: checked.record.kind }, [
      { approvalId },
    ]);
    takeStanding(context, done.standing);
    context.isLeft = !done.isDone;
  } catch (error) {
    // One that is only away is tried again when the approval is looked at next.
    const note = {
      key: `carry-out-failed/${checked.record.round}`,
      step: 'carry-out-failed' as const,
      words: messageOf(error),
    };
    context.isLeft = !isPassing(error);
    if (isPassing(error)) return;
    await untilThere(
      async () => await activities.noteApproval.executeWithOptions({ summary: note.step }, [{ approvalId, note }]),
    );
  }
}
