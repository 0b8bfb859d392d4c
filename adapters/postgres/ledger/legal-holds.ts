import type { PoolClient } from 'pg';
import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import { draftOfCustody, type HoldOrder } from '../../../domain/governance/custody-drafts.ts';
import type { EventActor, EventDraft } from '../../../domain/governance/event-draft.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { subjectOf } from './subjects.ts';

/** Legal holds, one for each case of a subject: while any is in force, the database itself refuses to destroy the keys that it covers. */
export function createLegalHolds({ pool, ledger, principals }: EvidenceParts) {
  return {
    /** Forbids the erasure of a subject. Returns false when a hold for this case was there already. @throws SUBJECT_UNKNOWN */
    async hold(order: HoldOrder): Promise<boolean> {
      const subject = await subjectOf(pool, order.subject);
      const actor = await principals.actor(order.actor);
      return await ledger.transact(async ({ append, client, next }) => {
        const { rowCount } = await client.query(
          `INSERT INTO legal_hold (subject, case_id, ledger_sequence) VALUES ($1, $2, $3)
           ON CONFLICT (subject, case_id) WHERE released_at IS NULL DO NOTHING`,
          [subject, order.caseId ?? '', next],
        );
        if (rowCount === 1) append(draftOfHold('hold-placed', subject, order, actor));
        return rowCount === 1;
      });
    },

    /** Ends the hold for a case; those for others stay. @throws HOLD_UNKNOWN */
    async release(order: HoldOrder): Promise<void> {
      const subject = await subjectOf(pool, order.subject).catch((error: unknown) => {
        // What was held may have left nothing else.
        if (isMlopsError(error, 'SUBJECT_UNKNOWN')) return order.subject;
        throw error;
      });
      const actor = await principals.actor(order.actor);
      await ledger.transact(async ({ append, client, next }) => {
        const { rowCount } = await client.query(
          `UPDATE legal_hold SET released_at = now(), ledger_sequence = $3
           WHERE subject = $1 AND case_id = $2 AND released_at IS NULL`,
          [subject, order.caseId ?? '', next],
        );
        if (rowCount !== 1)
          throw new MlopsError('HOLD_UNKNOWN', {
            subject,
            case: order.caseId ?? 'none',
            there: await casesOf(client, subject),
          });
        append(draftOfHold('hold-released', subject, order, actor));
      });
    },

    /** Holds in force, oldest first. */
    async holds() {
      const rows = await query<{ subject: string; case_id: string; placed_at: Date }>(
        pool,
        'SELECT subject, case_id, placed_at FROM legal_hold WHERE released_at IS NULL ORDER BY hold_id',
        [],
      );
      return rows.map((row) => ({
        subject: row.subject,
        caseId: row.case_id === '' ? null : row.case_id,
        placedAt: row.placed_at.toISOString(),
      }));
    },
  };
}

function draftOfHold(
  act: 'hold-placed' | 'hold-released',
  subject: string,
  { caseId, reason }: HoldOrder,
  actor: EventActor,
): EventDraft {
  return draftOfCustody(act, { subject, reason, ...(caseId === null ? {} : { facts: { case: caseId } }) }, actor);
}

/** For which cases a subject is held, in words. */
async function casesOf(client: PoolClient, subject: string): Promise<string> {
  const { rows } = await client.query<{ case_id: string }>(
    'SELECT case_id FROM legal_hold WHERE subject = $1 AND released_at IS NULL ORDER BY hold_id',
    [subject],
  );
  if (rows.length === 0) return 'it is not held';
  return `it is held for ${rows.map(({ case_id: id }) => (id === '' ? 'no case in particular' : id)).join(', ')}`;
}
