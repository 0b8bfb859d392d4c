import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import { draftOfCustody, type CustodyOrder } from '../../../domain/governance/custody-drafts.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { subjectOf } from './subjects.ts';

/** Legal holds: while one is in force, the database itself refuses to destroy the keys that it covers. */
export function createLegalHolds({ pool, ledger, principals }: EvidenceParts) {
  return {
    /** Forbids the erasure of a subject. Returns false when a hold was there already. @throws SUBJECT_UNKNOWN */
    async hold(order: CustodyOrder): Promise<boolean> {
      const subject = await subjectOf(pool, order.subject);
      const actor = await principals.actor(order.actor);
      return await ledger.transact(async ({ append, client, next }) => {
        const { rowCount } = await client.query(
          `INSERT INTO legal_hold (subject, ledger_sequence) VALUES ($1, $2)
           ON CONFLICT (subject) WHERE released_at IS NULL DO NOTHING`,
          [subject, next],
        );
        if (rowCount === 1) append(draftOfCustody('hold-placed', { subject, reason: order.reason }, actor));
        return rowCount === 1;
      });
    },

    /** Ends a hold. @throws HOLD_UNKNOWN */
    async release(order: CustodyOrder): Promise<void> {
      const subject = await subjectOf(pool, order.subject).catch((error: unknown) => {
        // What was held may have left nothing else.
        if (isMlopsError(error, 'SUBJECT_UNKNOWN')) return order.subject;
        throw error;
      });
      const actor = await principals.actor(order.actor);
      await ledger.transact(async ({ append, client, next }) => {
        const { rowCount } = await client.query(
          'UPDATE legal_hold SET released_at = now(), ledger_sequence = $2 WHERE subject = $1 AND released_at IS NULL',
          [subject, next],
        );
        if (rowCount !== 1) throw new MlopsError('HOLD_UNKNOWN', { subject });
        append(draftOfCustody('hold-released', { subject, reason: order.reason }, actor));
      });
    },

    /** Holds in force, oldest first. */
    async holds() {
      const rows = await query<{ subject: string; placed_at: Date }>(
        pool,
        'SELECT subject, placed_at FROM legal_hold WHERE released_at IS NULL ORDER BY hold_id',
        [],
      );
      return rows.map((row) => ({ subject: row.subject, placedAt: row.placed_at.toISOString() }));
    },
  };
}
