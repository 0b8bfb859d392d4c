import { createHmac, randomBytes } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { ERASED_WORDS } from '../../domain/governance/custody-drafts.ts';
import type { EventDraft } from '../../domain/governance/event-draft.ts';
import type { LedgerTransaction } from './ledger/ledger.ts';

/** Who was erased while a rollout ran that may name them. */
export interface ErasedNames {
  /** How many names there are: another number later means that somebody was erased in between. */
  readonly count: number;
  /** The id of the person behind a name who was erased; null for anybody else. */
  idOf(name: unknown): string | null;
}

interface Row {
  readonly principal_id: string;
  readonly salt: Buffer;
  readonly name_hash: Buffer;
}

const SALT_BYTES = 32;

/** Has every rollout that runs now forget a person, by all that they are known by. In the transaction of the erasure. */
export async function forgetWhileRunning(client: PoolClient, subject: string, who: readonly string[]): Promise<void> {
  for (const name of who) {
    const salt = randomBytes(SALT_BYTES);
    await client.query(
      `INSERT INTO erased_while_running (rollout_key, principal_id, salt, name_hash)
       SELECT rollout_key, $1, $2, $3 FROM rollout WHERE outcome IS NULL`,
      [subject, salt, hashOf(salt, name)],
    );
  }
}

/** @param key of a rollout, or of something that it wrote: `<rollout key>/...` */
export async function readErased(client: Pool | PoolClient, key: string): Promise<ErasedNames> {
  const { rows } = await client.query<Row>(
    'SELECT principal_id, salt, name_hash FROM erased_while_running WHERE rollout_key = $1',
    [key.split('/')[0]],
  );
  return {
    count: rows.length,
    idOf: (name) => {
      if (typeof name !== 'string') return null;
      return rows.find(({ name_hash, salt }) => hashOf(salt, name).equals(name_hash))?.principal_id ?? null;
    },
  };
}

/** Whoever is erased between the look and the write: the write is made again, and finds it. @throws Error, safe to repeat */
export async function assertNobodyErased(
  { client }: LedgerTransaction,
  key: string,
  { count }: ErasedNames,
): Promise<void> {
  if ((await readErased(client, key)).count !== count) throw new Error('somebody was erased meanwhile: tried again');
}

/** Nothing has to be forgotten any more when a rollout is closed and its last entry is written. */
export async function endForgetting({ client }: LedgerTransaction, key: string, { count }: ErasedNames): Promise<void> {
  if (count === 0) return;
  await client.query(
    `DELETE FROM erased_while_running WHERE rollout_key = $1 AND EXISTS (
       SELECT FROM rollout r JOIN rollout_event e ON e.rollout_key = r.rollout_key AND e.event = r.outcome
       WHERE r.rollout_key = $1)`,
    [key],
  );
}

/** Appends the event of an act. Of somebody who was erased no word is sealed, nor where it came from: they have no key any more. */
export function appendAct({ append }: LedgerTransaction, draft: EventDraft, isErased: boolean): number {
  if (!isErased) return append(draft);
  const { payload: _payload, subject: _subject, ...wordless } = draft;
  return append(wordless, null);
}

/** What an entry says, without the words of who was erased. */
export function blankDetails(
  details: Readonly<Record<string, unknown>>,
  { endedAs, writer }: { readonly endedAs: string | null; readonly writer: string | null },
): Record<string, unknown> {
  return {
    ...details,
    detail: endedAs === null ? ERASED_WORDS : `${endedAs}: ${ERASED_WORDS}`,
    ...('reason' in details ? { reason: ERASED_WORDS } : {}),
    ...(writer === null ? {} : { writer }),
  };
}

function hashOf(salt: Buffer, name: string): Buffer {
  return createHmac('sha256', salt).update(name).digest();
}
