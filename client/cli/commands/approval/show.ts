import { createApprovalVerbs } from '../../../approvals/approval-verbs.ts';
import { approvalOf } from '../../approval/decide-command.ts';
import { exitCodeOfApproval, renderApproval } from '../../approval/render-approval.ts';
import type { CommandRun } from '../../command.ts';

/** `mlops approval show`: everything that approvers are shown; with `--link` a one-time link to decide by on another device. */
export const run: CommandRun = async (context, input) => {
  const approvalId = approvalOf(input);
  const approvals = createApprovalVerbs(context.composition);
  const approval = await approvals.show(approvalId);
  const exitCode = exitCodeOfApproval(approval.state);
  if (input.options['link'] !== true) return { exitCode, data: { approval }, text: renderApproval(approval) };
  const link = await approvals.link(approvalId);
  return {
    exitCode,
    data: { approval, link },
    text: `${renderApproval(approval)}\nDecide once, until ${link.expiresAt}, as yourself: ${link.url}`,
  };
};
