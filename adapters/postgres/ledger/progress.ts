import type { Pool } from 'pg';
import { query } from '../query.ts';

/** How far the ledger is signed. */
export interface LedgerProgress {
  readonly origin: string;
  /** Events that are committed. */
  readonly size: number;
  /** Events under the newest checkpoint. */
  readonly signed: number;
  /** Events under the newest checkpoint that is older than the seconds that were asked for. */
  readonly signedBefore: number;
  /** How long the oldest event that is not signed has been there, by the database's clock; 0 when all are. */
  readonly waitingSeconds: number;
}

/** @returns null when the log was never opened. @throws DATABASE_UNREACHABLE */
export async function readProgress(pool: Pool, lateSeconds: number): Promise<LedgerProgress | null> {
  const [row] = await query<{ origin: string; size: string; signed: string; late: string; waiting: number | null }>(
    pool,
    `SELECT h.origin, h.size, c.signed, c.late, extract(epoch FROM clock_timestamp() - e.recorded_at)::float8 AS waiting
     FROM ledger_head h
     CROSS JOIN (SELECT
       coalesce((SELECT size FROM ledger_checkpoint ORDER BY size DESC LIMIT 1), 0) AS signed,
       coalesce((SELECT size FROM ledger_checkpoint WHERE signed_at < now() - make_interval(secs => $1)
                 ORDER BY size DESC LIMIT 1), 0) AS late) c
     LEFT JOIN ledger_event e ON e.sequence = c.signed`,
    [lateSeconds],
  );
  if (row === undefined) return null;
  const { origin } = row;
  const [size = 0, signed = 0, signedBefore = 0] = [row.size, row.signed, row.late].map(Number);
  return { origin, size, signed, signedBefore, waitingSeconds: row.waiting ?? 0 };
}
