import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { isMlopsError, MlopsError, messageOf } from '../../domain/errors.ts';

/** Runs one statement and returns its rows. @throws DATABASE_UNREACHABLE when there is no connection to be had */
export async function query<Row extends QueryResultRow>(
  pool: Pool,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    return (await pool.query<Row>(sql, [...values])).rows;
  } catch (error) {
    throw translate(error);
  }
}

/** Runs `work` in one transaction: all of it or nothing. @throws DATABASE_UNREACHABLE */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translate(error);
  });
  try {
    await client.query('BEGIN');
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
    throw translate(error);
  }
}

/** PostgreSQL's own refusals (SQLSTATE of five characters) are bugs of ours; the rest is a connection that is away. */
function translate(error: unknown): unknown {
  if (isMlopsError(error)) return error;
  const code = (error as { code?: unknown }).code;
  const isStatementError = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !isConnectionState(code);
  if (isStatementError) return error;
  return new MlopsError('DATABASE_UNREACHABLE', { reason: messageOf(error) }, { cause: error });
}

/** 08 connection, 53 resources, 57P shutdown: the server is away or going. */
function isConnectionState(code: string): boolean {
  return code.startsWith('08') || code.startsWith('53') || code.startsWith('57P') || /^E[A-Z]+$/.test(code);
}
