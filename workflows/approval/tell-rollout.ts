import { getExternalWorkflowHandle, isCancellation, log } from '@temporalio/workflow';
import type { ApprovalRecord } from '../../domain/registry/approval/request.ts';
import { rolloutOfResource } from '../../domain/rollout/approval-request.ts';
import { approvalDecidedSignal } from '../messages.ts';
import { messageOf } from '../rollout/failure.ts';

/** Wakes the rollout that asked, if one did: it reads in the database what was decided. */
export async function tellRollout({ resource }: ApprovalRecord): Promise<void> {
  const rolloutId = rolloutOfResource(resource);
  if (rolloutId === null) return;
  try {
    await getExternalWorkflowHandle(rolloutId).signal(approvalDecidedSignal);
  } catch (error) {
    // It has ended.
    if (isCancellation(error)) throw error;
    log.warn('The rollout could not be told', { rolloutId, error: messageOf(error) });
  }
}
