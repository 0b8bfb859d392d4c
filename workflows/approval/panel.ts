import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { judgeQuorum } from '../../domain/registry/approval/quorum.ts';
import type { ApprovalStanding } from '../../domain/registry/approval/request.ts';
import { MLOPS_SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import type { ApprovalContext } from './context.ts';

/** Rewrites the details panel of the Temporal Web UI, and the search attributes when they changed. */
export function refreshPanel(context: ApprovalContext, { record }: ApprovalStanding): void {
  setCurrentDetails(renderApproval(record, context.refusals));
  const shown = `${record.state}|${record.round}`;
  if (shown === context.shown) return;
  context.shown = shown;
  upsertSearchAttributes([
    { key: MLOPS_SEARCH_ATTRIBUTES.model, value: record.resource },
    { key: MLOPS_SEARCH_ATTRIBUTES.environment, value: record.environment },
    { key: MLOPS_SEARCH_ATTRIBUTES.phase, value: record.state },
    { key: MLOPS_SEARCH_ATTRIBUTES.needsApproval, value: record.state === 'pending' },
  ]);
}

/** An approval as a Markdown list: who is asked, for what, and what is missing. */
function renderApproval(record: ApprovalStanding['record'], refusals: ApprovalContext['refusals']): string {
  const { missing } = judgeQuorum(record, record.decisions);
  return [
    `**${record.kind}** of ${plain(record.resource)}: **${record.state}**`,
    '',
    `- Missing: ${missing} of ${record.quorum} approvals, of ${record.roles.join(' or ')}, until ${record.expiresAt}`,
    `- Answer with: \`mlops approval approve ${record.approvalId}\` (or deny)`,
    `- Risk: ${record.risk.score} of 100 (${record.risk.band})`,
    `- Content: ${record.contentDigest.slice(0, 16)}, round ${record.round}`,
    ...record.decisions.map(({ at, principal, verdict }) => `- ${verdict} by ${principal} at ${at}`),
    ...refusals.map(({ at, problem }) => `- Signal refused at ${at}: ${plain(problem)}`),
  ].join('\n');
}

/** Text from outside on one line, without power over the layout. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*[\]<>]/g, String.raw`\$&`);
}
