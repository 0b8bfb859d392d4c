import type { PoolClient } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import type { ApprovalKind, ApprovalRecord, BoundDigests } from '../../../domain/registry/approval/request.ts';
import { requireRow, standingOf } from './approval-rows.ts';

/** What is about to be done, on the strength of an approval. */
export interface GrantedOrder {
  readonly approvalId: string;
  readonly kind: ApprovalKind;
  readonly resource: string;
  readonly bound: BoundDigests;
  /** Event of the change in the caller's transaction; without it, the first event of that transaction. */
  readonly sequence?: number;
}

/** Approvals as those use them who do what was approved. */
export function createGrantedApprovals() {
  return {
    /**
     * Uses an approval up, in the transaction of what it allows: both happen, or neither. The transaction must append an event.
     *
     * @throws APPROVAL_NOT_GRANTED, APPROVAL_NOT_FOUND
     */
    async assertGranted(client: PoolClient, order: GrantedOrder): Promise<{ readonly approvers: readonly string[] }> {
      const row = await requireRow(client, order.approvalId);
      const { record, nowMs } = standingOf(row);
      const problem = problemOfUse(record, order, nowMs);
      if (problem !== null) {
        const { approvalId, kind, resource } = order;
        throw new MlopsError('APPROVAL_NOT_GRANTED', { approvalId, kind, resource, problem });
      }
      await client.query(
        `UPDATE approval_request SET state = 'carried-out', carried_out_at = clock_timestamp(),
           ledger_sequence = coalesce($2::bigint, (SELECT size FROM ledger_head)) WHERE approval_id = $1`,
        [order.approvalId, order.sequence ?? null],
      );
      const approvals = record.decisions.filter(({ verdict }) => verdict === 'approve');
      return { approvers: approvals.map(({ principal }) => principal) };
    },
  };
}

function problemOfUse(record: ApprovalRecord, { bound, kind, resource }: GrantedOrder, nowMs: number): string | null {
  if (record.kind !== kind) return `it is for ${record.kind}`;
  if (record.resource !== resource) return `it is for ${record.resource}`;
  if (record.state === 'pending') {
    const approvals = record.decisions.filter(({ verdict }) => verdict === 'approve').length;
    return `it has ${approvals} of ${record.quorum} approvals, of ${record.roles.join(' or ')}`;
  }
  if (record.state !== 'approved') return `it is ${record.state}`;
  if (nowMs >= Date.parse(record.expiresAt)) return `it expired at ${record.expiresAt}`;
  const changed = (['artifact', 'tests', 'policy'] as const).find((name) => record.bound[name] !== bound[name]);
  return changed === undefined
    ? null
    : `the digest of ${changed} is ${bound[changed] ?? 'none'} now, and ${record.bound[changed] ?? 'none'} was approved`;
}
