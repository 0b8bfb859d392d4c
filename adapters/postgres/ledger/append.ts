import type { PoolClient } from 'pg';
import { canonicalJson } from '../../../domain/governance/canonical-json.ts';
import type { ActSource } from '../../../domain/governance/act-source.ts';
import { assembleEvent, type EventDraft } from '../../../domain/governance/event-draft.ts';
import { LARGEST_EVENT } from '../../../domain/governance/event.ts';
import { growTree, type Subtree } from '../../../domain/governance/merkle-tree.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import type { PayloadSealer, SealedEvent } from './seal-payloads.ts';
import { insertWordBlocks, wordsOf } from './word-blocks.ts';

/** Where the log ends, read under the lock that makes one appender at a time. */
export interface LedgerHead {
  readonly origin: string;
  readonly size: number;
  readonly lastLeaf: string;
  readonly peaks: readonly string[];
  /** Time of the events to come: the database's clock, never before the last event. */
  readonly recordedAt: string;
}

/** An event with what is stored beside it. */
export interface Appended {
  readonly draft: EventDraft;
  readonly idempotencyKey: string | null;
  /** Where it was done from; null when the system did it. */
  readonly source: ActSource | null;
}

interface Row extends Appended {
  readonly sequence: number;
  readonly canonical: string;
  readonly leafHash: string;
  readonly words: readonly string[];
}

/** Nodes over complete tiles of 256 are kept: 2^8, 2^16, ... leaves. */
const TILE_HEIGHT = 8;

/** Locks the end of the log until the transaction ends. Null when the log was never opened. */
export async function lockHead(client: PoolClient): Promise<LedgerHead | null> {
  const { rows } = await client.query<{
    origin: string;
    size: string;
    last_leaf: string;
    peaks: string[];
    recorded_at: Date;
  }>(
    `SELECT origin, size, last_leaf, peaks, GREATEST(recorded_at, clock_timestamp()) AS recorded_at
     FROM ledger_head FOR UPDATE`,
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { origin, size, last_leaf: lastLeaf, peaks, recorded_at: recordedAt } = row;
  return { origin, size: Number(size), lastLeaf, peaks, recordedAt: recordedAt.toISOString() };
}

/**
 * Writes events at the end of the log: rows, sealed payloads, nodes of the tree, and the new end.
 *
 * @throws TypeError, RangeError for a draft that has no canonical text, or is too long
 */
export async function appendEvents(
  client: PoolClient,
  parts: { readonly primitives: Primitives; readonly sealer: PayloadSealer },
  head: LedgerHead,
  appended: readonly Appended[],
): Promise<void> {
  if (appended.length === 0) return;
  const { primitives, sealer } = parts;
  const sealed = await sealer.seal(client, head, appended);
  const nodes: { subtree: Subtree; hash: string }[] = [];
  const tree = growTree(primitives.nodeHash, { size: head.size, peaks: head.peaks }, (subtree, hash) => {
    if (subtree.height % TILE_HEIGHT === 0) nodes.push({ subtree, hash });
  });
  const rows: Row[] = [];
  let previous = head.lastLeaf;
  appended.forEach((one, at) => {
    const sequence = head.size + at;
    const place = { log: head.origin, sequence, previous, recordedAt: head.recordedAt };
    const { payload = null, source = null } = sealed[at] ?? {};
    const more = { commitment: payload?.commitment ?? null, ...(source === null ? {} : { source }) };
    const canonical = canonicalJson(assembleEvent(one.draft, { ...place, ...more }));
    const bytes = primitives.byteLength(canonical);
    if (bytes > LARGEST_EVENT)
      throw new RangeError(`event ${one.draft.type} has ${bytes} bytes, wanted at most ${LARGEST_EVENT}`);
    const leafHash = primitives.leafHash(canonical);
    tree.append(leafHash);
    rows.push({ ...one, sequence, canonical, leafHash, words: wordsOf(one.draft) });
    previous = leafHash;
  });
  await insertEvents(client, head.recordedAt, rows);
  await insertWordBlocks(client, rows);
  await insertPayloads(client, head.size, sealed);
  await insertNodes(client, nodes);
  await client.query('UPDATE ledger_head SET size = $1, last_leaf = $2, peaks = $3, recorded_at = $4', [
    tree.size,
    previous,
    tree.edge().peaks,
    head.recordedAt,
  ]);
}

async function insertEvents(client: PoolClient, recordedAt: string, rows: readonly Row[]): Promise<void> {
  await client.query(
    `INSERT INTO ledger_event
       (sequence, recorded_at, type, category, actor, resource, risk, frameworks, words, idempotency_key, canonical, leaf_hash)
     SELECT sequence, $2, type, category, actor, resource, risk, string_to_array(frameworks, ','),
       array_to_tsvector(string_to_array(words, ' ')), idempotency_key, canonical, decode(leaf_hash, 'hex')
     FROM unnest($1::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
       AS t(sequence, type, category, actor, resource, risk, frameworks, words, idempotency_key, canonical, leaf_hash)`,
    [
      rows.map(({ sequence }) => sequence),
      recordedAt,
      rows.map(({ draft }) => draft.type),
      rows.map(({ draft }) => draft.category),
      rows.map(({ draft }) => draft.actor.id),
      rows.map(({ draft }) => draft.resource),
      rows.map(({ draft }) => draft.risk),
      rows.map(({ draft }) => (draft.frameworks ?? []).join(',')),
      rows.map(({ words }) => words.join(' ')),
      rows.map(({ idempotencyKey }) => idempotencyKey),
      rows.map(({ canonical }) => canonical),
      rows.map(({ leafHash }) => leafHash),
    ],
  );
}

async function insertPayloads(client: PoolClient, first: number, sealed: readonly SealedEvent[]): Promise<void> {
  const rows = sealed.flatMap(({ payload }, at) => (payload === null ? [] : [{ sequence: first + at, ...payload }]));
  if (rows.length === 0) return;
  await client.query(
    `INSERT INTO ledger_payload (sequence, key_id, sealed)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])`,
    [rows.map(({ sequence }) => sequence), rows.map(({ keyId }) => keyId), rows.map(({ bytes }) => bytes)],
  );
}

async function insertNodes(
  client: PoolClient,
  nodes: readonly { readonly subtree: Subtree; readonly hash: string }[],
): Promise<void> {
  if (nodes.length === 0) return;
  await client.query(
    `INSERT INTO ledger_node (level, index, hash)
     SELECT level, index, decode(hash, 'hex') FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS t(level, index, hash)`,
    [
      nodes.map(({ subtree }) => subtree.height / TILE_HEIGHT),
      nodes.map(({ subtree }) => subtree.index),
      nodes.map(({ hash }) => hash),
    ],
  );
}
