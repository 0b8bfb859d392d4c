import type { Pool, PoolClient } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import {
  checkNote,
  formatCheckpoint,
  formatNote,
  parseNote,
  type Checkpoint,
} from '../../../domain/governance/checkpoint.ts';
import { verifyConsistency } from '../../../domain/governance/merkle-proof.ts';
import {
  coverRange,
  EMPTY_EDGE,
  growTree,
  type GrowingTree,
  type TreeEdge,
} from '../../../domain/governance/merkle-tree.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import type { LedgerSigner } from '../../crypto/ledger-signer.ts';
import { inTransaction, query } from '../query.ts';
import { createProver } from './prove.ts';

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

/** Who signs, and what is known of that apart from the database. */
export interface CheckpointSigner extends Pick<LedgerSigner, 'origin' | 'keys' | 'retired'> {
  /** The note in the files of this machine; null when there is none yet. */
  filed(): Promise<string | null>;
}

/** Whether this connection may keep what it signs: only workers may. */
export async function mayKeepCheckpoints(pool: Pool): Promise<boolean> {
  const [row] = await query<{ may: boolean }>(
    pool,
    `SELECT has_function_privilege('ledger_keep_checkpoint(bigint, text, text[])', 'EXECUTE') AS may`,
  );
  return row?.may === true;
}

/**
 * Signs everything that is committed, and returns the checkpoint over it. It continues the newest one in the database and the one in
 * the files, which a key of this log must have signed: who writes the database alone cannot have a second history signed. The events since
 * the last one are read and hashed again, so that what is signed is what the rows say.
 *
 * @throws LEDGER_TAMPERED when it does not, LEDGER_KEY_FOREIGN, LEDGER_CLOSED
 */
export async function signCheckpoint(
  pool: Pool,
  primitives: Primitives,
  signer: CheckpointSigner,
): Promise<SignedCheckpoint> {
  return await inTransaction(pool, async (client) => {
    // One signer at a time, and nobody who appends has to wait for it.
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    // Before the database: what another process files meanwhile would be more than was read there.
    const note = await signer.filed();
    const filed = note === null ? null : openNote(primitives, signer, note, 'in the files');
    const head = await readHead(client, signer.origin);
    const before = await readLast(client, primitives, signer);
    if (filed !== null && filed.size > head.size)
      throw tampered(`it has ${head.size} events, the checkpoint in the files is over ${filed.size}`);
    if (filed !== null && before !== null && filed.size <= before.size)
      await assertContinues(client, primitives, filed, before);
    if (before?.size === head.size) return { size: before.size, note: before.note };
    const tree = growTree(primitives.nodeHash, before ?? EMPTY_EDGE);
    if (filed !== null && filed.size > tree.size) {
      await replay(client, primitives, tree, filed.size);
      assertRoot(filed, tree.root());
    }
    await replay(client, primitives, tree, head.size);
    if (tree.edge().peaks.join() !== head.peaks.join())
      throw tampered(`its ${head.size} events do not give the tree of its end`);
    return await keep(client, primitives, signer, tree);
  });
}

async function keep(
  client: PoolClient,
  primitives: Primitives,
  { keys, origin }: CheckpointSigner,
  tree: GrowingTree,
): Promise<SignedCheckpoint> {
  const { peaks, size } = tree.edge();
  const text = formatCheckpoint(primitives, { origin, size, root: tree.root() });
  const note = formatNote(
    primitives,
    text,
    keys.map((key) => ({ key, signature: key.sign(text) })),
  );
  await client.query('SELECT ledger_keep_checkpoint($1, $2, $3)', [size, note, peaks]);
  return { size, note };
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

/** The newest checkpoint, with the edge of its tree: what the signed root says it is. */
async function readLast(
  client: PoolClient,
  primitives: Primitives,
  signer: CheckpointSigner,
): Promise<(SignedCheckpoint & TreeEdge & Checkpoint) | null> {
  const { rows } = await client.query<{ size: string; note: string; peaks: string[] }>(
    'SELECT size, note, peaks FROM ledger_checkpoint ORDER BY size DESC LIMIT 1',
  );
  const [row] = rows;
  if (row === undefined) return null;
  const checkpoint = openNote(primitives, signer, row.note, 'in the database');
  const edge = { size: Number(row.size), peaks: row.peaks };
  const isEdge =
    edge.size === checkpoint.size &&
    edge.peaks.length === coverRange(0, edge.size).length &&
    growTree(primitives.nodeHash, edge).root() === checkpoint.root;
  if (!isEdge) throw tampered(`the tree beside its checkpoint over ${edge.size} events is another than was signed`);
  return { ...checkpoint, ...edge, note: row.note };
}

/** What a note says that one of the log's own keys has signed, those that are retired among them. */
function openNote(
  primitives: Primitives,
  { keys, origin, retired }: CheckpointSigner,
  text: string,
  place: string,
): Checkpoint {
  const note = parseNote(primitives, text);
  const isOwn =
    note !== null &&
    note.checkpoint.origin === origin &&
    checkNote(primitives, note, [...keys, ...retired]).problem === null;
  if (!isOwn) throw tampered(`none of its keys has signed the checkpoint ${place}`);
  return note.checkpoint;
}

/** Whether the tree of the one goes on in that of the other. Tiles are not believed: what they prove has to lead to both roots. */
async function assertContinues(
  client: PoolClient,
  primitives: Primitives,
  filed: Checkpoint,
  last: Checkpoint,
): Promise<void> {
  if (filed.size === last.size) return assertRoot(filed, last.root);
  if (filed.size === 0) return;
  const claim = { earlier: filed.size, earlierRoot: filed.root, size: last.size, root: last.root };
  const proof = await createProver(client, primitives.nodeHash, last.size).proveContinued(filed.size);
  if (!verifyConsistency(primitives.nodeHash, claim, proof)) throw notContinued(filed);
}

function assertRoot(filed: Checkpoint, root: string): void {
  if (filed.root !== root) throw notContinued(filed);
}

function notContinued({ size }: Checkpoint): MlopsError {
  return tampered(`it does not continue the checkpoint in the files, over ${size} events`);
}

function tampered(problem: string): MlopsError {
  return new MlopsError('LEDGER_TAMPERED', { problem });
}

async function replay(client: PoolClient, primitives: Primitives, tree: GrowingTree, size: number): Promise<void> {
  if (tree.size > size) throw tampered(`it has ${size} events, ${tree.size} were signed`);
  while (tree.size < size) {
    const { rows } = await client.query<{ sequence: string; canonical: string }>(
      'SELECT sequence, canonical FROM ledger_event WHERE sequence >= $1 AND sequence < $2 ORDER BY sequence LIMIT $3',
      [tree.size, size, EVENTS_AT_ONCE],
    );
    for (const { sequence, canonical } of rows) {
      if (Number(sequence) !== tree.size) throw tampered(`event ${tree.size} is missing`);
      tree.append(primitives.leafHash(canonical));
    }
    if (rows.length === 0) throw tampered(`event ${tree.size} is missing`);
  }
}
