import type { Pool, PoolClient } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { formatCheckpoint, formatNote } from '../../../domain/governance/checkpoint.ts';
import { EMPTY_EDGE, growTree, type GrowingTree, type TreeEdge } from '../../../domain/governance/merkle-tree.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import type { LedgerSigner } from '../../crypto/ledger-signer.ts';
import { inTransaction, query } from '../query.ts';

/** A signed checkpoint. */
export interface SignedCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** Any number that nobody else locks. */
const LOCK = 7_304_106;
const EVENTS_AT_ONCE = 20_000;

/** The newest checkpoint, or null when nothing was signed yet. */
export async function newestCheckpoint(pool: Pool): Promise<SignedCheckpoint | null> {
  const [row] = await query<{ size: string; note: string }>(
    pool,
    'SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1',
  );
  return row === undefined ? null : { size: Number(row.size), note: row.note };
}

/** How many events are committed; null when the log was never opened. */
export async function sizeOfLog(pool: Pool): Promise<number | null> {
  const [row] = await query<{ size: string }>(pool, 'SELECT size FROM ledger_head');
  return row === undefined ? null : Number(row.size);
}

/**
 * Signs everything that is committed, and returns the checkpoint over it. The events since the last one are read and hashed
 * again, so that what is signed continues what was signed before, and is what the rows say.
 *
 * @throws LEDGER_TAMPERED when it does not, LEDGER_KEY_FOREIGN, LEDGER_CLOSED
 */
export async function signCheckpoint(
  pool: Pool,
  primitives: Primitives,
  signer: Pick<LedgerSigner, 'origin' | 'keys'>,
): Promise<SignedCheckpoint> {
  return await inTransaction(pool, async (client) => {
    // One signer at a time, and nobody who appends has to wait for it.
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const head = await readHead(client, signer.origin);
    const before = await readLast(client);
    if (before?.size === head.size) return { size: before.size, note: before.note };
    const tree = growTree(primitives.nodeHash, before ?? EMPTY_EDGE);
    await replay(client, primitives, tree, head.size);
    if (tree.edge().peaks.join() !== head.peaks.join())
      throw new MlopsError('LEDGER_TAMPERED', { problem: `its ${head.size} events do not give the tree of its end` });
    const text = formatCheckpoint(primitives, { origin: signer.origin, size: head.size, root: tree.root() });
    const note = formatNote(
      primitives,
      text,
      signer.keys.map((key) => ({ key, signature: key.sign(text) })),
    );
    await client.query('INSERT INTO ledger_checkpoint (size, note, peaks) VALUES ($1, $2, $3)', [
      head.size,
      note,
      head.peaks,
    ]);
    return { size: head.size, note };
  });
}

async function readHead(client: PoolClient, origin: string): Promise<TreeEdge> {
  const { rows } = await client.query<{ origin: string; size: string; peaks: string[] }>(
    'SELECT origin, size, peaks FROM ledger_head',
  );
  const [head] = rows;
  if (head === undefined) throw new MlopsError('LEDGER_CLOSED');
  if (head.origin !== origin) throw new MlopsError('LEDGER_KEY_FOREIGN', { ledger: head.origin, key: origin });
  return { size: Number(head.size), peaks: head.peaks };
}

async function readLast(client: PoolClient): Promise<(SignedCheckpoint & TreeEdge) | null> {
  const { rows } = await client.query<{ size: string; note: string; peaks: string[] }>(
    'SELECT size, note, peaks FROM ledger_checkpoint ORDER BY size DESC LIMIT 1',
  );
  const [row] = rows;
  return row === undefined ? null : { ...row, size: Number(row.size) };
}

async function replay(client: PoolClient, primitives: Primitives, tree: GrowingTree, size: number): Promise<void> {
  if (tree.size > size)
    throw new MlopsError('LEDGER_TAMPERED', { problem: `it has ${size} events, ${tree.size} were signed` });
  while (tree.size < size) {
    const { rows } = await client.query<{ sequence: string; canonical: string }>(
      'SELECT sequence, canonical FROM ledger_event WHERE sequence >= $1 AND sequence < $2 ORDER BY sequence LIMIT $3',
      [tree.size, size, EVENTS_AT_ONCE],
    );
    for (const { sequence, canonical } of rows) {
      if (Number(sequence) !== tree.size)
        throw new MlopsError('LEDGER_TAMPERED', { problem: `event ${tree.size} is missing` });
      tree.append(primitives.leafHash(canonical));
    }
    if (rows.length === 0) throw new MlopsError('LEDGER_TAMPERED', { problem: `event ${tree.size} is missing` });
  }
}
