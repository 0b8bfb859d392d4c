import type { Json } from '../../../domain/governance/event-draft.ts';
import { judgeQuorum, problemOfEnd } from '../../../domain/registry/approval/quorum.ts';
import type { ApprovalState, ApprovalView } from '../../../domain/registry/approval/request.ts';
import type { ExitCode } from '../command.ts';
import { inOneLine } from '../printable.ts';
import { renderTable } from '../render-table.ts';

/** Exit code of a look at an approval: 6 while people are waited for, 3 when it came to nothing. */
export function exitCodeOfApproval(state: ApprovalState): ExitCode {
  if (state === 'pending') return 6;
  return state === 'approved' || state === 'carried-out' ? 0 : 3;
}

/** Who is asked, how many are missing, until when. */
export function describeNeed(approval: ApprovalView): string {
  const { decisions, expiresAt, quorum, roles, state } = approval;
  const { missing } = judgeQuorum(approval, decisions);
  if (state !== 'pending') return problemOfEnd(state);
  return `${missing} more of ${quorum} approval${quorum === 1 ? '' : 's'} wanted, of ${roles.join(' or ')}, until ${expiresAt}`;
}

/** A table of approvals. */
export function renderApprovals(approvals: readonly ApprovalView[]): string {
  const rows = approvals.map((one) => [
    one.approvalId,
    one.kind,
    one.resource,
    one.state,
    `${one.risk.score} ${one.risk.band}`,
    String(judgeQuorum(one, one.decisions).missing),
    one.roles.join('|'),
    one.expiresAt,
  ]);
  return renderTable(['ID', 'KIND', 'FOR', 'STATE', 'RISK', 'MISSING', 'OF', 'UNTIL'], rows);
}

/** One approval with everything that approvers are shown. */
export function renderApproval(approval: ApprovalView): string {
  const { bound, names } = approval;
  const nameOf = (id: string): string => names[id] ?? id;
  return [
    `${approval.approvalId}: ${approval.kind} of ${approval.resource} in ${approval.environment}`,
    `State: ${approval.state}${approval.round === 1 ? '' : `, round ${approval.round}: its content changed`}; ${describeNeed(approval)}`,
    ...(approval.isImported
      ? [
          `Imported: what another installation says of it (mlops audit event ${approval.ledgerSequence}); it allows nothing here`,
        ]
      : []),
    `Asked by ${nameOf(approval.requestedBy)} at ${approval.createdAt}; may not decide: ${Object.entries(
      approval.excluded,
    )
      .map(([id, as]) => `${nameOf(id)} (${as})`)
      .join(', ')}`,
    ...Object.entries(approval.action).map(([name, value]) => `  ${inOneLine(name)}: ${wordOf(value)}`),
    `Content: ${approval.contentDigest}`,
    `  artifact ${bound.artifact ?? 'none'}`,
    `  tests    ${bound.tests}`,
    `  policy   ${bound.policy}`,
    `Risk: ${approval.risk.score} of 100, ${approval.risk.band}`,
    ...approval.riskReasons.map(({ points, reason }) => `  +${points} ${reason}`),
    ...(approval.evidence.length === 0 ? [] : ['Evidence:', evidenceTable(approval)]),
    ...(approval.decisions.length === 0 ? ['Nobody has decided yet'] : ['Decided:']),
    ...approval.decisions.map(
      ({ at, onBehalfOf, principal, verdict }) =>
        `  ${verdict} by ${nameOf(principal)}${onBehalfOf === null ? '' : ` on behalf of ${nameOf(onBehalfOf)}`} at ${at}`,
    ),
  ].join('\n');
}

function wordOf(value: Json): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(wordOf).join('; ');
  return typeof value === 'string' ? inOneLine(value) : JSON.stringify(value);
}

function evidenceTable({ evidence }: ApprovalView): string {
  const rows = evidence.map(({ baseline, better, limit, name, unit, value }) => [
    `  ${name}`,
    figure(value, unit),
    figure(baseline, unit),
    limit === null ? '-' : `${better === 'higher' ? 'at least' : 'at most'} ${figure(limit, unit)}`,
  ]);
  return renderTable(['  FIGURE', 'NOW', 'BEFORE', 'WANTED'], rows);
}

function figure(value: number | null, unit: string): string {
  if (value === null) return '-';
  return unit === '' ? String(value) : `${value} ${unit}`;
}
