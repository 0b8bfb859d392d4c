import type { PoolClient } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import type {
  ApprovalDecision,
  ApprovalRecord,
  ApprovalStanding,
  ApprovalView,
  EvidenceFigure,
} from '../../../domain/registry/approval/request.ts';

/** A request as PostgreSQL returns it; names are the columns'. */
export interface ApprovalRow {
  readonly approval_id: string;
  readonly kind: ApprovalRecord['kind'];
  readonly resource: string;
  readonly environment: string;
  readonly requested_by: string;
  readonly excluded: ApprovalRecord['excluded'];
  readonly artifact_digest: string | null;
  readonly tests_digest: string;
  readonly policy_digest: string;
  readonly evidence: readonly EvidenceFigure[];
  readonly action: ApprovalView['action'];
  readonly content_digest: string;
  readonly risk_score: number;
  readonly risk_band: ApprovalRecord['risk']['band'];
  readonly risk_reasons: ApprovalView['riskReasons'];
  readonly quorum: number;
  readonly roles: readonly string[];
  readonly remind_seconds: number;
  readonly escalate_seconds: number;
  readonly expire_seconds: number;
  readonly state: ApprovalRecord['state'];
  readonly round: number;
  readonly created_at: Date;
  readonly asked_at: Date;
  readonly expires_at: Date;
  readonly reminders: number;
  readonly escalated: boolean;
  readonly ledger_sequence: string;
  readonly decisions: readonly DecisionRow[] | null;
  readonly now: Date;
  /** By what an import says. */
  readonly is_imported?: boolean;
}

interface DecisionRow {
  readonly principal_id: string;
  readonly verdict: ApprovalDecision['verdict'];
  readonly on_behalf_of: string | null;
  readonly seen: string;
  readonly roles: readonly string[];
  readonly decided_at: string;
  readonly ledger_sequence: number;
}

/** Everything of requests, with the decisions of their round and the time of the database. */
export const SELECT_APPROVALS = `SELECT r.*, clock_timestamp() AS now, (
    SELECT json_agg(d ORDER BY d.decided_at, d.ledger_sequence) FROM approval_decision d
    WHERE d.approval_id = r.approval_id AND d.round = r.round
  ) AS decisions FROM approval_request r`;

/** The same of what an import brought, which is shown and nothing else. */
export const SELECT_IMPORTED = `SELECT r.*, clock_timestamp() AS now, TRUE AS is_imported, (
    SELECT json_agg(d ORDER BY d.decided_at, d.principal_id) FROM imported_decision d
    WHERE d.approval_id = r.approval_id AND d.round = r.round
  ) AS decisions FROM imported_approval r`;

/** A row as the rest of the program knows it. */
export function recordOf(row: ApprovalRow): ApprovalRecord {
  return {
    approvalId: row.approval_id,
    kind: row.kind,
    resource: row.resource,
    environment: row.environment,
    requestedBy: row.requested_by,
    excluded: row.excluded,
    bound: { artifact: row.artifact_digest, tests: row.tests_digest, policy: row.policy_digest },
    contentDigest: row.content_digest,
    risk: { score: row.risk_score, band: row.risk_band },
    quorum: row.quorum,
    roles: row.roles,
    remindEverySeconds: row.remind_seconds,
    state: row.state,
    round: row.round,
    decisions: (row.decisions ?? []).map(decisionOf),
    askedAt: row.asked_at.toISOString(),
    escalateAt: new Date(row.asked_at.getTime() + row.escalate_seconds * 1000).toISOString(),
    expiresAt: row.expires_at.toISOString(),
    reminders: row.reminders,
    isEscalated: row.escalated,
  };
}

/** The same with the time at which it was read. */
export function standingOf(row: ApprovalRow): ApprovalStanding {
  const events = [row.ledger_sequence, ...(row.decisions ?? []).map((one) => one.ledger_sequence)];
  return { record: recordOf(row), nowMs: row.now.getTime(), version: Math.max(...events.map(Number)) };
}

/** The same with everything that approvers are shown. */
export function viewOf(row: ApprovalRow, names: ReadonlyMap<string, string>, looker = ''): ApprovalView {
  const record = recordOf(row);
  const ids = [looker, record.requestedBy, ...Object.keys(record.excluded), ...record.decisions.flatMap(peopleOf)];
  return {
    ...record,
    evidence: row.evidence,
    action: row.action,
    riskReasons: row.risk_reasons,
    names: Object.fromEntries(ids.flatMap((id) => (names.has(id) ? [[id, names.get(id) ?? id]] : []))),
    createdAt: row.created_at.toISOString(),
    ledgerSequence: Number(row.ledger_sequence),
    isImported: row.is_imported ?? false,
  };
}

/** The row, held until the transaction ends. */
export async function lockRow(client: PoolClient, approvalId: string): Promise<ApprovalRow | null> {
  const { rows } = await client.query<ApprovalRow>(`${SELECT_APPROVALS} WHERE r.approval_id = $1 FOR UPDATE OF r`, [
    approvalId,
  ]);
  return rows[0] ?? null;
}

/** The same. @throws APPROVAL_NOT_FOUND */
export async function requireRow(client: PoolClient, approvalId: string): Promise<ApprovalRow> {
  const row = await lockRow(client, approvalId);
  if (row === null) throw new MlopsError('APPROVAL_NOT_FOUND', { approvalId });
  return row;
}

function peopleOf({ onBehalfOf, principal }: ApprovalDecision): string[] {
  return onBehalfOf === null ? [principal] : [principal, onBehalfOf];
}

function decisionOf(row: DecisionRow): ApprovalDecision {
  return {
    principal: row.principal_id,
    verdict: row.verdict,
    onBehalfOf: row.on_behalf_of,
    seen: row.seen,
    roles: row.roles,
    at: new Date(row.decided_at).toISOString(),
  };
}
