import { APPROVALS_RESOURCE } from '../../../approvals/approvals-port.ts';
import { renderApprovals } from '../../approval/render-approval.ts';
import type { CommandRun } from '../../command.ts';

const MOST = 100;

/** `mlops approval list`: from the database, newest first. */
export const run: CommandRun = async (context, input) => {
  const all = input.options['all'] === true;
  const who = await context.composition.identity();
  const claim = who.claim({ action: 'approval.read', resource: APPROVALS_RESOURCE, content: null });
  const approvals = await (await context.composition.approvals()).list({ all, limit: MOST }, claim);
  const nothing = all ? 'No approval was ever asked for' : 'Nothing waits for an approval';
  return { exitCode: 0, data: { approvals }, text: approvals.length === 0 ? nothing : renderApprovals(approvals) };
};
