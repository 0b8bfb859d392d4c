import type { Pool } from 'pg';
import type { IdentityDirectory } from '../../../activities/approval-ports.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { draftOfDelegation } from '../../../domain/governance/approval-drafts.ts';
import type { EventActor, Json } from '../../../domain/governance/event-draft.ts';
import type { DelegationHandOver, TakeBack } from '../../../domain/registry/approval/hand-over.ts';
import { MOST_HANDOVERS, problemOfDelegation, type Authority } from '../../../domain/registry/approval/quorum.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { recordOf, requireRow } from './approval-rows.ts';

/** One step more than allowed is looked for, so that a refusal can say why. */
const LOOKED_AT = MOST_HANDOVERS + 1;

/**
 * The own right of a principal, and those that others handed on to it in the environment of the request and that hold now. Nearest first.
 * One that names no environment was written before workers looked who hands it on: it counts for nothing.
 */
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
         AND d.environment = (SELECT environment FROM approval_request WHERE approval_id = $2)
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

/** What somebody hands on; `id` names it. */
export type DelegationOrder = Omit<DelegationHandOver, 'what'> & { readonly id: string; readonly environment: string };

/** What somebody takes back. */
export type TakeBackOrder = Omit<TakeBack, 'what'> & { readonly id: string; readonly environment: string };

type Sealed = { readonly [name: string]: Json };

/** Hands the own right to decide on, for a time, and takes it back; once, however often it is asked. Who asks is known here. */
export function createDelegations({ ledger }: Pick<EvidenceParts, 'ledger'>) {
  return {
    /** @throws DELEGATION_INVALID, APPROVAL_NOT_FOUND, ENVIRONMENT_FOREIGN */
    async delegate(from: EventActor, order: DelegationOrder, sealed: Sealed = {}): Promise<{ readonly until: string }> {
      if (order.to === from.id)
        throw new MlopsError('DELEGATION_INVALID', { problem: 'a right cannot be handed to oneself' });
      const problem = problemOfDelegation(order.forSeconds);
      if (problem !== null) throw new MlopsError('DELEGATION_INVALID', { problem });
      return await ledger.transact(async (transaction) => await delegate(transaction, { from, order, sealed }));
    },

    /** Takes back what was handed to somebody in an environment. Returns how many delegations that were. */
    async revoke(from: EventActor, order: TakeBackOrder, sealed: Sealed = {}): Promise<number> {
      const { environment, id, reason, to } = order;
      return await ledger.transact(async ({ append, client }) => {
        const open = await client.query<{ delegation_id: string; approval_id: string | null; until_at: Date }>(
          `SELECT delegation_id, approval_id, until_at FROM approval_delegation
           WHERE from_principal = $1 AND to_principal = $2 AND environment = $3 AND revoked_at IS NULL AND until_at > clock_timestamp()`,
          [from.id, to, environment],
        );
        for (const { approval_id: approvalId, delegation_id, until_at } of open.rows) {
          const taken = { to, approvalId, until: until_at.toISOString(), reason, sealed };
          await client.query(
            `UPDATE approval_delegation SET revoked_at = clock_timestamp(), revoking_order = $2, ledger_sequence = $3 WHERE delegation_id = $1`,
            [delegation_id, id, append(draftOfDelegation('delegation-revoked', taken, from))],
          );
        }
        // An earlier attempt may have done it, whose answer was lost.
        const { rowCount } = await client.query('SELECT FROM approval_delegation WHERE revoking_order = $1', [id]);
        return rowCount ?? 0;
      });
    },
  };
}

async function delegate(
  { append, client, next }: LedgerTransaction,
  { from, order, sealed }: { readonly from: EventActor; readonly order: DelegationOrder; readonly sealed: Sealed },
): Promise<{ readonly until: string }> {
  const { approvalId, environment, forSeconds, id, reason, to } = order;
  const there = await client.query<{ until_at: Date; from_principal: string }>(
    'SELECT until_at, from_principal FROM approval_delegation WHERE order_id = $1',
    [id],
  );
  const [done] = there.rows;
  if (done !== undefined) {
    if (done.from_principal === from.id) return { until: done.until_at.toISOString() };
    throw new MlopsError('DELEGATION_INVALID', { problem: 'its id is that of another' });
  }
  const about = approvalId === null ? null : recordOf(await requireRow(client, approvalId));
  if (about !== null && about.environment !== environment)
    throw new MlopsError('ENVIRONMENT_FOREIGN', { asked: about.environment, own: environment });
  const { rows } = await client.query<{ until_at: Date }>(
    `INSERT INTO approval_delegation (from_principal, to_principal, approval_id, until_at, environment, order_id, ledger_sequence)
     VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4), $5, $6, $7) RETURNING until_at`,
    [from.id, to, approvalId, forSeconds, environment, id, next],
  );
  const until = rows[0]?.until_at.toISOString() ?? '';
  append(draftOfDelegation('delegated', { to, approvalId, until, reason, sealed }, from));
  return { until };
}
