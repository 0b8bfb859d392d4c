import type { Pool } from 'pg';
import type { IdentityDirectory } from '../../../activities/approval-ports.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { draftOfDelegation } from '../../../domain/governance/approval-drafts.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { MOST_HANDOVERS, problemOfDelegation, type Authority } from '../../../domain/registry/approval/quorum.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';

/** One step more than allowed is looked for, so that a refusal can say why. */
const LOOKED_AT = MOST_HANDOVERS + 1;

/** The own right of a principal, and those that others handed on to it and that hold now. Nearest first. */
export async function findAuthorities(
  pool: Pool,
  directory: IdentityDirectory,
  { approvalId, principal }: { readonly approvalId: string; readonly principal: string },
): Promise<readonly Authority[]> {
  const rows = await query<{ principal: string; handovers: number }>(
    pool,
    `WITH RECURSIVE held (principal, handovers) AS (
       SELECT $1::text, 0
       UNION
       SELECT d.from_principal, h.handovers + 1 FROM held h JOIN approval_delegation d ON d.to_principal = h.principal
       WHERE h.handovers < $3 AND d.revoked_at IS NULL AND clock_timestamp() BETWEEN d.from_at AND d.until_at
         AND (d.approval_id IS NULL OR d.approval_id = $2)
     ) SELECT principal, min(handovers) AS handovers FROM held GROUP BY principal ORDER BY min(handovers), principal`,
    [principal, approvalId, LOOKED_AT],
  );
  const found = await Promise.all(
    rows.map(async ({ handovers, principal: id }) => {
      const known = await directory.principal(id);
      return known === null ? [] : [{ principal: id, roles: known.roles, handovers }];
    }),
  );
  return found.flat();
}

/** What somebody hands on. */
export interface DelegationOrder {
  readonly to: string;
  /** One request; null: all of them. */
  readonly approvalId: string | null;
  /** From now, seconds */
  readonly forSeconds: number;
  readonly reason: string;
}

/** Hands the own right to decide on, for a time, and takes it back. */
export function createDelegations({ ledger, pool }: EvidenceParts) {
  return {
    /** @throws DELEGATION_INVALID */
    async delegate(from: EventActor, order: DelegationOrder): Promise<{ readonly until: string }> {
      if (order.to === from.id)
        throw new MlopsError('DELEGATION_INVALID', { problem: 'a right cannot be handed to oneself' });
      const problem = problemOfDelegation(order.forSeconds);
      if (problem !== null) throw new MlopsError('DELEGATION_INVALID', { problem });
      return await ledger.transact(async ({ append, client, next }) => {
        const { rows } = await client.query<{ until_at: Date }>(
          `INSERT INTO approval_delegation (from_principal, to_principal, approval_id, until_at, ledger_sequence)
           VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4), $5) RETURNING until_at`,
          [from.id, order.to, order.approvalId, order.forSeconds, next],
        );
        const until = rows[0]?.until_at.toISOString() ?? '';
        append(draftOfDelegation('delegated', { ...order, until }, from));
        return { until };
      });
    },

    /** Takes back what was handed to somebody. Returns how many delegations that were. */
    async revoke(from: EventActor, to: string, reason: string): Promise<number> {
      const open = await query<{ delegation_id: string; approval_id: string | null; until_at: Date }>(
        pool,
        `SELECT delegation_id, approval_id, until_at FROM approval_delegation
         WHERE from_principal = $1 AND to_principal = $2 AND revoked_at IS NULL AND until_at > clock_timestamp()`,
        [from.id, to],
      );
      let count = 0;
      for (const { approval_id: approvalId, delegation_id: id, until_at } of open)
        count += await ledger.transact(async ({ append, client, next }) => {
          const { rowCount } = await client.query(
            'UPDATE approval_delegation SET revoked_at = clock_timestamp(), ledger_sequence = $2 WHERE delegation_id = $1 AND revoked_at IS NULL',
            [id, next],
          );
          if (rowCount !== 1) return 0;
          append(
            draftOfDelegation('delegation-revoked', { to, approvalId, until: until_at.toISOString(), reason }, from),
          );
          return 1;
        });
      return count;
    },
  };
}
