import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { translateDatabaseError } from '../query.ts';

/** Tables up to here are written anew within a second. */
const SMALL_BYTES = 64 * 1024 * 1024;
/** Whoever reads or writes a table waits behind somebody who waits to have it alone. */
const LOCK_TIMEOUT = '2s';
const PAUSES_MS = [1000, 2000, 4000];
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Takes what rows held before out of the files of tables. Vacuuming alone leaves it where it lay, in the free space of a page, until
 * something else is written there: so tables are written anew, but for those that are too large to be had alone for so long.
 *
 * @throws LEDGER_BUSY when somebody is using a table all the time, DATABASE_UNREACHABLE
 */
export async function tidyFiles(pool: Pool, tables: readonly string[]): Promise<void> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translateDatabaseError(error);
  });
  let isBroken = true;
  try {
    await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
    for (const table of tables) await tidyOne(client, table);
    await client.query('RESET lock_timeout');
    isBroken = false;
  } catch (error) {
    throw translateDatabaseError(error);
  } finally {
    client.release(isBroken);
  }
}

async function tidyOne(client: PoolClient, table: string): Promise<void> {
  for (let tried = 0; ; tried += 1) {
    const pause = PAUSES_MS[tried];
    try {
      const { rows } = await client.query<{ bytes: string }>('SELECT pg_relation_size($1::regclass) AS bytes', [table]);
      await client.query(Number(rows[0]?.bytes) > SMALL_BYTES ? `VACUUM ${table}` : `VACUUM (FULL) ${table}`);
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
      if (pause === undefined) throw new MlopsError('LEDGER_BUSY', {}, { cause: error });
      await sleep(pause);
    }
  }
}
