import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import { draftOfCustody, type CustodyOrder } from '../../../domain/governance/custody-drafts.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { subjectOf } from './subjects.ts';

/** Erasure: the key of a subject is destroyed, and what it sealed can be read by nobody any more. */
export function createErasure({ pool, ledger, principals }: EvidenceParts) {
  return {
    /** What an erasure would take away. @throws SUBJECT_UNKNOWN */
    async foresee(asked: string) {
      const subject = await subjectOf(pool, asked);
      const [row] = await query<{ held: string | null; keys: string; name: boolean; payloads: string }>(
        pool,
        `SELECT hold_over($1) AS held,
           (SELECT count(*) FROM ledger_key WHERE subject = $1 AND destroyed_at IS NULL) AS keys,
           EXISTS (SELECT FROM principal WHERE principal_id = $1 AND name IS NOT NULL) AS name,
           (SELECT count(*) FROM ledger_payload JOIN ledger_key USING (key_id)
            WHERE subject = $1 AND destroyed_at IS NULL) AS payloads`,
        [subject],
      );
      const { held = null, keys = 0, name = false, payloads = 0 } = row ?? {};
      return { subject, held, keys: Number(keys), name, payloads: Number(payloads) };
    },

    /**
     * Destroys a subject's key and the meaning of its id. No event, hash or proof changes. Doing it again changes nothing.
     *
     * @throws SUBJECT_UNKNOWN, LEGAL_HOLD (the attempt is an event too)
     */
    async erase(order: CustodyOrder) {
      const subject = await subjectOf(pool, order.subject);
      const actor = await principals.actor(order.actor);
      try {
        const erased = await ledger.transact(async ({ append, client, next }) => {
          const { rows } = await client.query<{ held: string | null }>('SELECT hold_over($1) AS held', [subject]);
          const held = rows[0]?.held ?? null;
          if (held !== null) throw new MlopsError('LEGAL_HOLD', { subject, held });
          const keys = await client.query<{ key_id: string }>(
            `UPDATE ledger_key SET wrapped = NULL, destroyed_at = clock_timestamp(), ledger_sequence = $2
             WHERE subject = $1 AND destroyed_at IS NULL RETURNING key_id`,
            [subject, next],
          );
          const names = await client.query(
            'UPDATE principal SET name = NULL, ledger_sequence = $2 WHERE principal_id = $1 AND name IS NOT NULL',
            [subject, next],
          );
          // What is usual of somebody is about them too.
          await client.query('DELETE FROM access_history WHERE principal_id = $1', [subject]);
          const counted = await client.query<{ payloads: string }>(
            'SELECT count(*) AS payloads FROM ledger_payload WHERE key_id = ANY ($1)',
            [keys.rows.map(({ key_id }) => key_id)],
          );
          const facts = {
            keys: keys.rowCount ?? 0,
            name: names.rowCount === 1,
            payloads: Number(counted.rows[0]?.payloads ?? 0),
          };
          // Who erases themselves leaves no reason: it would be sealed under a new key of theirs.
          const reason = actor.id === subject ? '' : order.reason;
          if (facts.keys > 0 || facts.name) append(draftOfCustody('erased', { subject, reason, facts }, actor));
          return { subject, ...facts };
        });
        // What the rows held before must not stay in the files of the database until it is tidied up some day.
        if (erased.keys > 0 || erased.name) await query(pool, 'VACUUM ledger_key, principal', []);
        return erased;
      } catch (error) {
        if (isMlopsError(error, 'LEGAL_HOLD')) {
          const facts = { held: String(error.details['held']) };
          await ledger.append(draftOfCustody('erasure-refused', { subject, reason: order.reason, facts }, actor));
        }
        throw error;
      }
    },
  };
}
