import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { isMlopsError, MlopsError, messageOf } from '../../domain/errors.ts';

/** Something that runs statements: the pool, or a connection in a transaction. */
export type Queries = Pick<Pool | PoolClient, 'query'>;

/** What a transaction needs is not there yet. It is rolled back, and may be done again as soon as that is `settled`, one way or the other. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
  readonly settled: Promise<unknown>;

  constructor(settled: Promise<unknown>) {
    super('what the transaction needs is not there yet');
    this.settled = settled;
  }
}

/** Runs one statement and returns its rows. @throws DATABASE_UNREACHABLE when there is no connection to be had */
export async function query<Row extends QueryResultRow>(
  queries: Queries,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    return (await queries.query<Row>(sql, [...values])).rows;
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

/**
 * Runs `work` in one transaction: all of it or nothing. `begin` may set limits for it.
 *
 * @throws DATABASE_UNREACHABLE
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translateDatabaseError(error);
  });
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // A connection that cannot even roll back is thrown away; the server rolls back by itself.
    const broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    client.release(broken);
    throw translateDatabaseError(error);
  }
}

/** PostgreSQL's own refusals (SQLSTATE of five characters) are bugs of ours; the rest is a connection that is away. */
export function translateDatabaseError(error: unknown): unknown {
  if (isMlopsError(error) || error instanceof NotYet) return error;
  // Values that are refused are bugs of ours as well.
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const code = (error as { code?: unknown }).code;
  const isStatementError = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !isConnectionState(code);
  if (isStatementError) return error;
  return new MlopsError('DATABASE_UNREACHABLE', { reason: messageOf(error) }, { cause: error });
}

/** 08 connection, 53 resources, 57P shutdown, 25P03 a session that stood still: the server is away, or has hung up. */
function isConnectionState(code: string): boolean {
  return (
    code.startsWith('08') ||
    code.startsWith('53') ||
    code.startsWith('57P') ||
    code === '25P03' ||
    /^E[A-Z]+$/.test(code)
  );
}
