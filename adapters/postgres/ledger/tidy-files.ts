import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { translateDatabaseError } from '../query.ts';

/** Tables up to here are written anew within a second. */
const SMALL_BYTES = 64 * 1024 * 1024;
/** Whoever reads or writes a table waits behind somebody who waits to have it alone. */
const LOCK_TIMEOUT = '2s';
const PAUSES_MS = [1000, 2000, 4000, 8000];
const LOCK_NOT_AVAILABLE = '55P03';

interface Tidying {
  readonly tables: readonly string[];
  /** Who was erased. */
  readonly subject: string;
  /** How long to wait before it is tried again, each time. */
  readonly pausesMs?: readonly number[];
}

/**
 * Takes what rows held before out of the files of tables. Vacuuming alone leaves it where it lay, in the free space of a page, until
 * something else is written there: so tables are written anew, but for those that are too large to be had alone for so long. What a
 * transaction that began before can still see is written again as well: then the table is written once more.
 *
 * @throws ERASURE_UNFINISHED when somebody uses a table or sees what was there all the time, DATABASE_UNREACHABLE
 */
export async function tidyFiles(pool: Pool, { pausesMs = PAUSES_MS, subject, tables }: Tidying): Promise<void> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translateDatabaseError(error);
  });
  let isBroken = true;
  try {
    await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
    for (const table of tables) {
      const problem = await tidyOne(client, table, pausesMs);
      if (problem !== null) throw new MlopsError('ERASURE_UNFINISHED', { subject, table, problem });
    }
    await client.query('RESET lock_timeout');
    isBroken = false;
  } catch (error) {
    throw translateDatabaseError(error);
  } finally {
    client.release(isBroken);
  }
}

/** Says why it could not be done, or null. */
async function tidyOne(client: PoolClient, table: string, pausesMs: readonly number[]): Promise<string | null> {
  for (let tried = 0; ; tried += 1) {
    const problem = await writeAnew(client, table);
    const pause = pausesMs[tried];
    if (problem === null || pause === undefined) return problem;
    await sleep(pause);
  }
}

async function writeAnew(client: PoolClient, table: string): Promise<string | null> {
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_relation_size($1::regclass) AS bytes', [table]);
  if (Number(rows[0]?.bytes) > SMALL_BYTES) {
    await client.query(`VACUUM ${table}`);
    return null;
  }
  // Of a table that only its owner may tidy up, before PostgreSQL 17, nothing is said (ADR 0029).
  let problem: string | null = null;
  const note = (notice: Notice): void => void (problem ??= problemIn(notice));
  client.on('notice', note);
  try {
    await client.query(`VACUUM (FULL, VERBOSE) ${table}`);
    return problem;
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    return 'somebody uses it';
  } finally {
    client.off('notice', note);
  }
}

interface Notice {
  readonly detail?: string | undefined;
}

/**
 * Who may not look at the sessions of others learns of what they can see by what is said of a table that was written anew: `1 dead row
 * versions cannot be removed yet.` In whatever language, the number comes first.
 */
function problemIn({ detail = '' }: Notice): string | null {
  const count = Number(/\d+/.exec(detail)?.[0] ?? 0);
  return count === 0 ? null : `a transaction that began before can see ${count} of its rows as they were`;
}
