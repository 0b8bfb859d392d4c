import { resourceOfApproval, type ApprovalView } from '../../../domain/registry/approval/request.ts';
import type { Approvals } from '../../approvals/approvals-port.ts';
import type { CommandContext } from '../command.ts';

/** One approval as who acts here may see it. @throws APPROVAL_NOT_FOUND, NOT_AUTHORISED */
export async function readApproval(
  { composition }: CommandContext,
  approvals: Approvals,
  approvalId: string,
): Promise<ApprovalView> {
  const who = await composition.identity();
  const claim = who.claim({ action: 'approval.read', resource: resourceOfApproval(approvalId), content: null });
  return await approvals.show(approvalId, claim);
}
