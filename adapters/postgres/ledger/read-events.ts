import type { Pool } from 'pg';
import { formatLine } from '../../../domain/governance/export-format.ts';
import { query } from '../query.ts';

const EVENTS_AT_ONCE = 2000;

/** Lines of a full export, payloads withheld, from one event to before another, in groups. */
export async function* readEventLines(pool: Pool, from: number, to: number): AsyncGenerator<readonly string[]> {
  for (let next = from; next < to;) {
    const rows = await query<{ sequence: string; canonical: string; leaf_hash: string }>(
      pool,
      `SELECT sequence, canonical, encode(leaf_hash, 'hex') AS leaf_hash FROM ledger_event
       WHERE sequence >= $1 AND sequence < $2 ORDER BY sequence LIMIT $3`,
      [next, to, EVENTS_AT_ONCE],
    );
    if (rows.length === 0) return;
    yield rows.map((row) =>
      formatLine({ sequence: Number(row.sequence), canonical: row.canonical, leafHash: row.leaf_hash }),
    );
    next += rows.length;
  }
}
