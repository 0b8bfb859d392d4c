import { condition, patched, workflowInfo } from '@temporalio/workflow';
import { codeOf, isPassing } from '../rollout/failure.ts';
import { nextDue } from '../../domain/registry/approval/due.ts';
import type { ApprovalAsk, ApprovalStanding } from '../../domain/registry/approval/request.ts';
import { activities, readingActivities, takeStanding, untilThere, type ApprovalContext } from './context.ts';
import { refreshPanel } from './panel.ts';

/** The clocks of the server and the database may differ by less than this. */
const LEAST_WAIT_MS = 1000;
/** Somebody may have used an approval that is theirs to use: it is looked at this often. */
const LOOK_MS = 6 * 3600 * 1000;

/** Writes the request; one that is there already is taken up. @throws APPROVAL_REFUSED, APPROVAL_NOT_FOUND */
export async function openRequest(
  { approvalId }: ApprovalContext,
  order: ApprovalAsk | null,
): Promise<ApprovalStanding> {
  if (order === null)
    return await untilThere(
      async () => await activities.readApproval.executeWithOptions({ summary: 'take it up again' }, [{ approvalId }]),
      // Whoever takes one up has read it: what the database does not know never was, and comes by no waiting.
      (error) => codeOf(error) === 'APPROVAL_NOT_FOUND' && patched('an-unknown-approval-ends-it'),
    );
  // What waited for workers was signed in time.
  const askedAt = workflowInfo().startTime.toISOString();
  for (;;) {
    try {
      return await readingActivities.openApproval.executeWithOptions({ summary: order.resource }, [
        { approvalId, order, askedAt },
      ]);
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
  }
}

/** Waits for people, or until something is due, and does that. */
export async function waitUntilDue(context: ApprovalContext, standing: ApprovalStanding): Promise<void> {
  const { approvalId } = context;
  const { nowMs, record } = standing;
  refreshPanel(context, standing);
  const due = nextDue(record);
  const untilDueMs = Math.max(LEAST_WAIT_MS, due.atMs - nowMs);
  const waitMs = record.state === 'approved' ? Math.min(untilDueMs, LOOK_MS) : untilDueMs;
  context.isWoken = false;
  if (await condition(() => context.isWoken, waitMs)) return;
  const found = await untilThere(async () =>
    waitMs < untilDueMs
      ? await activities.readApproval.executeWithOptions({ summary: 'was it used?' }, [{ approvalId }])
      : await activities.passApprovalTime.executeWithOptions({ summary: due.what }, [
          { approvalId, due: { round: record.round, what: due.what, number: due.number } },
        ]),
  );
  takeStanding(context, found);
}
