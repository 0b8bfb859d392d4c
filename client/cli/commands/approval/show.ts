import { resourceOfApproval } from '../../../../domain/registry/approval/request.ts';
import { approvalOf } from '../../approval/decide-command.ts';
import { readApproval } from '../../approval/read-approval.ts';
import { exitCodeOfApproval, renderApproval } from '../../approval/render-approval.ts';
import type { CommandRun } from '../../command.ts';

/** `mlops approval show`: everything that approvers are shown; with `--link` a one-time link to decide by on another device. */
export const run: CommandRun = async (context, input) => {
  const approvalId = approvalOf(input);
  const approvals = await context.composition.approvals();
  const approval = await readApproval(context, approvals, approvalId);
  const exitCode = exitCodeOfApproval(approval.state);
  if (input.options['link'] !== true) return { exitCode, data: { approval }, text: renderApproval(approval) };
  const who = await context.composition.identity();
  const resource = resourceOfApproval(approvalId);
  const claim = who.claim({ action: 'approval.decide', resource, content: { link: true } });
  const link = await approvals.link(approvalId, claim);
  return {
    exitCode,
    data: { approval, link },
    text: `${renderApproval(approval)}\nDecide once, until ${link.expiresAt}, as yourself: ${link.url}`,
  };
};
