import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import { draftOfCustody, type CustodyOrder, type Forgotten } from '../../../domain/governance/custody-drafts.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import type { LedgerTransaction } from './ledger.ts';
import { forgetWhileRunning } from '../erased-while-running.ts';
import { assertOtherAdmin } from '../identity/admin-left.ts';
import { blankWords, NAME_TABLES, WORD_TABLES } from './blank-words.ts';
import { findMentions, type Mentions } from './find-mentions.ts';
import { findTraces, type Traces } from './former-names.ts';
import { KNOWN_PEOPLE } from './principals.ts';
import { tidyFiles } from './tidy-files.ts';
import { subjectOf } from './subjects.ts';

/** Takes somebody's words out of what is kept outside the database; doing it again changes nothing. */
export type ForgetOutside = (forgotten: Forgotten) => Promise<void>;

/**
 * Erasure: the key of a subject is destroyed, and what it sealed can be read by nobody any more.
 *
 * @param forgetOutside comes first, so that an erasure that stopped half way still knows the name when it is made again
 */
export function createErasure({ pool, ledger, principals }: EvidenceParts, forgetOutside: ForgetOutside) {
  const weigh = async (asked: string) => await weighErasure(pool, asked);
  return {
    /** What an erasure would take away. @throws SUBJECT_UNKNOWN, SUBJECT_AMBIGUOUS */
    weigh,

    /** The same, and where the registry names somebody: all that people typed there is looked through. @throws as `weigh` */
    async foresee(asked: string) {
      const weighed = await weigh(asked);
      const person = await personOf(pool, weighed.subject);
      return { ...weighed, ...(await findNamed(pool, weighed.subject, person)) };
    },

    /**
     * Destroys a subject's key and the meaning of its id, and takes its words out of the tables beside the ledger. No event, hash or
     * proof changes. Doing it again changes nothing. Says where the registry may name them still.
     *
     * @throws SUBJECT_UNKNOWN, LEGAL_HOLD (the attempt is an event too), LAST_ADMIN, and what `forgetOutside` throws: nothing is erased then;
     *   ERASURE_UNFINISHED: it is erased, and must be made again for the files of the database
     */
    async erase(order: CustodyOrder) {
      const subject = await subjectOf(pool, order.subject);
      const actor = await principals.actor(order.actor);
      const person = await personOf(pool, subject);
      await assertOtherAdmin(pool, subject);
      const traces = person === null ? null : await tracesOf(pool, subject, person);
      // Before, for afterwards nobody knows the name any more.
      const named = await findNamed(pool, subject, person);
      if (person?.held === null && traces !== null) await forgetOutside({ subject, who: withoutTaken(traces) });
      try {
        const erased = await ledger.transact(
          async (transaction) => await destroy(transaction, { subject, traces }, order, actor),
        );
        // What the rows held before must not stay in the files of the database until it is tidied up some day. Also where nothing was
        // left to erase: an erasure before this one may have been killed here.
        await tidyFiles(pool, { tables: ['ledger_key', ...NAME_TABLES, ...WORD_TABLES], subject });
        return { ...erased, ...named };
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

async function weighErasure(pool: Pool, asked: string) {
  const subject = await subjectOf(pool, asked);
  const [row] = await query<{ held: string | null; keys: string; name: boolean; payloads: string }>(
    pool,
    `SELECT hold_over($1) AS held,
       (SELECT count(*) FROM ledger_key WHERE subject = $1 AND destroyed_at IS NULL) AS keys,
       EXISTS (SELECT FROM ${KNOWN_PEOPLE} WHERE principal_id = $1 AND name IS NOT NULL) AS name,
       (SELECT count(*) FROM ledger_payload JOIN ledger_key USING (key_id)
        WHERE subject = $1 AND destroyed_at IS NULL) AS payloads`,
    [subject],
  );
  const { held = null, keys = 0, name = false, payloads = 0 } = row ?? {};
  return { subject, held, keys: Number(keys), name, payloads: Number(payloads) };
}

/** Destroys keys, name and words in one transaction, with the event that says so. @throws LEGAL_HOLD, LAST_ADMIN */
async function destroy(
  { append, client, next }: LedgerTransaction,
  { subject, traces }: { readonly subject: string; readonly traces: Traces | null },
  order: CustodyOrder,
  actor: EventActor,
) {
  const { rows } = await client.query<{ held: string | null }>('SELECT hold_over($1) AS held', [subject]);
  const { held = null } = rows[0] ?? {};
  if (held !== null) throw new MlopsError('LEGAL_HOLD', { subject, held });
  await assertOtherAdmin(client, subject);
  const keys = await client.query<{ key_id: string }>(
    `UPDATE ledger_key SET wrapped = NULL, destroyed_at = clock_timestamp(), ledger_sequence = $2
     WHERE subject = $1 AND destroyed_at IS NULL RETURNING key_id`,
    [subject, next],
  );
  const blanked = traces === null ? 0 : await blankTraces(client, { subject, traces, next });
  const names = await forgetNames(client, subject, next);
  // What is usual of somebody is about them too.
  await client.query('DELETE FROM access_history WHERE principal_id = $1', [subject]);
  const counted = await client.query<{ payloads: string }>(
    'SELECT count(*) AS payloads FROM ledger_payload WHERE key_id = ANY ($1)',
    [keys.rows.map(({ key_id }) => key_id)],
  );
  const facts = {
    keys: keys.rowCount ?? 0,
    name: names > 0,
    payloads: Number(counted.rows[0]?.payloads ?? 0),
    rows: blanked,
  };
  const by = order.approvalId === undefined ? {} : { approval: order.approvalId };
  // Who erases themselves leaves no reason: it would be sealed under a new key of theirs.
  const reason = actor.id === subject ? '' : order.reason;
  if (facts.keys > 0 || facts.name || blanked > 0) {
    append(draftOfCustody('erased', { subject, reason, facts: { ...facts, ...by } }, actor));
    if (traces !== null) await forgetWhileRunning(client, subject, withoutTaken(traces));
  }
  return { subject, ...facts };
}

/** Whom an id means here, and, by what an import says, elsewhere. Returns how many names went. */
async function forgetNames(client: PoolClient, subject: string, next: number): Promise<number> {
  let names = 0;
  for (const table of NAME_TABLES) {
    const { rowCount } = await client.query(
      `UPDATE ${table} SET name = NULL, ledger_sequence = $2 WHERE principal_id = $1 AND name IS NOT NULL`,
      [subject, next],
    );
    names += rowCount ?? 0;
  }
  return names;
}

const NOTHING_NAMED: Mentions = { mentions: [], hasMore: false, authored: 0 };

/** Where the registry names somebody; nothing for a thing. */
async function findNamed(pool: Pool, subject: string, person: Person | null): Promise<Mentions> {
  if (person === null) return NOTHING_NAMED;
  const { who } = await tracesOf(pool, subject, person);
  return await findMentions(pool, subject, person.name === null ? who : [...new Set([...who, person.name])]);
}

/**
 * What somebody is known by: their name, or, who was erased before, what rows that were not blanked then still call them. Whom an import
 * names did nothing here: rows with that name are those of somebody else.
 */
async function tracesOf(pool: Pool, subject: string, { is_imported: isImported, name }: Person): Promise<Traces> {
  if (isImported) return { who: [subject], taken: [], until: null };
  return name === null ? await findTraces(pool, subject) : { who: [subject, name], taken: [], until: null };
}

/** What means this person and nobody else. */
function withoutTaken({ taken, who }: Traces): readonly string[] {
  return who.filter((name) => !taken.includes(name));
}

/** Under a name that somebody has again, only what was written before the erasure is theirs. */
async function blankTraces(
  client: PoolClient,
  { next, subject, traces }: { readonly next: number; readonly subject: string; readonly traces: Traces },
): Promise<number> {
  const { taken, until } = traces;
  const rows = await blankWords(client, { subject, who: withoutTaken(traces), next, until: null });
  return taken.length === 0 ? rows : rows + (await blankWords(client, { subject, who: taken, next, until }));
}

/** Somebody behind a principal's id. */
interface Person {
  readonly name: string | null;
  /** The hold that forbids to forget them. */
  readonly held: string | null;
  /** Known by an import alone. */
  readonly is_imported: boolean;
}

/** Null for a thing. */
async function personOf(pool: Pool, subject: string): Promise<Person | null> {
  const rows = await query<Person & QueryResultRow>(
    pool,
    `SELECT name, hold_over($1) AS held, is_imported FROM ${KNOWN_PEOPLE} WHERE principal_id = $1 ORDER BY is_imported LIMIT 1`,
    [subject],
  );
  return rows[0] ?? null;
}
