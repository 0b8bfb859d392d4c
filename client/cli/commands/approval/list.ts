import { createApprovalVerbs } from '../../../approvals/approval-verbs.ts';
import { renderApprovals } from '../../approval/render-approval.ts';
import type { CommandRun } from '../../command.ts';

/** `mlops approval list`: from the database, newest first. */
export const run: CommandRun = async (context, input) => {
  const all = input.options['all'] === true;
  const approvals = await createApprovalVerbs(context.composition).list({ all });
  const nothing = all ? 'No approval was ever asked for' : 'Nothing waits for an approval';
  return { exitCode: 0, data: { approvals }, text: approvals.length === 0 ? nothing : renderApprovals(approvals) };
};
