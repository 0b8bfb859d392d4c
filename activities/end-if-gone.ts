import { isFinal, type ApprovalStanding } from '../domain/registry/approval/request.ts';
import type { ApprovalStore, BoundContent } from './approval-ports.ts';
import type { ApprovalWriter } from './approval-writer.ts';

interface Ports {
  readonly approvals: ApprovalStore;
  readonly boundContent: BoundContent;
}

/** How a request stands, after a look whether what it is about has left: then it ends here, and people are told. */
export async function endIfGone(
  { approvals, boundContent }: Ports,
  writer: ApprovalWriter,
  approvalId: string,
): Promise<ApprovalStanding> {
  const standing = await approvals.standing(approvalId);
  if (isFinal(standing.record.state)) return standing;
  const why = await boundContent.whyGone(standing.record);
  return why === null ? standing : await writer.change(approvalId, null, why);
}
