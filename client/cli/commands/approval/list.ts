import type { ApprovalPage, ListedApprovals } from '../../../../domain/registry/approval/request.ts';
import { createApprovalVerbs } from '../../../approvals/approval-verbs.ts';
import { renderApprovals } from '../../approval/render-approval.ts';
import type { CommandRun } from '../../command.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops approval list`: from the database, newest first. */
export const run: CommandRun = async (context, input) => {
  const all = input.options['all'] === true;
  const after = textOption(input, 'after') || null;
  const limit = Number(input.options['limit']);
  const { approvals, cursor } = await createApprovalVerbs(context.composition).list({
    all,
    limit,
    ...(after === null ? {} : { after }),
  });
  return { exitCode: 0, data: { approvals, cursor }, text: textOf({ approvals, cursor }, { after, all }) };
};

function textOf({ approvals, cursor }: ApprovalPage, { after, all }: Pick<ListedApprovals, 'after' | 'all'>): string {
  if (approvals.length > 0) return `${renderApprovals(approvals)}${cursor === null ? '' : `\nMore: --after ${cursor}`}`;
  if (after !== null) return `Nothing more after ${after}`;
  return all ? 'No approval was ever asked for' : 'Nothing waits for an approval';
}
