import type { PoolClient } from 'pg';
import { canonicalJson } from '../../../domain/governance/canonical-json.ts';
import type { ActSource } from '../../../domain/governance/act-source.ts';
import { assembleEvent, type EventDraft } from '../../../domain/governance/event-draft.ts';
import { LARGEST_EVENT } from '../../../domain/governance/event.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import type { PayloadSealer, SealedEvent } from './seal-payloads.ts';
import { wordsOf } from './word-blocks.ts';

/** Where the log ends, read under the lock that makes one appender at a time. */
export interface LedgerHead {
  readonly origin: string;
  readonly size: number;
  readonly lastLeaf: string;
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

/** Locks the end of the log until the transaction ends. Null when the log was never opened. */
export async function lockHead(client: PoolClient): Promise<LedgerHead | null> {
  const { rows } = await client.query<{
    origin: string;
    size: string;
    last_leaf: string;
    recorded_at: Date;
  }>('SELECT origin, size, last_leaf, recorded_at FROM ledger_lock()');
  const row = rows[0];
  if (row === undefined) return null;
  const { origin, size, last_leaf: lastLeaf, recorded_at: recordedAt } = row;
  return { origin, size: Number(size), lastLeaf, recordedAt: recordedAt.toISOString() };
}

/**
 * Writes events at the end of the log: rows and sealed payloads. The database looks at each, and grows the tree by them itself.
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
    rows.push({ ...one, sequence, canonical, leafHash, words: wordsOf(one.draft) });
    previous = leafHash;
  });
  await client.query('SELECT ledger_append($1)', [
    JSON.stringify({
      recordedAt: head.recordedAt,
      events: rows.map(columnsOf),
      payloads: payloadsOf(head.size, sealed),
    }),
  ]);
}

/** Names are those of the columns. */
function columnsOf({ canonical, draft, idempotencyKey, leafHash, sequence, words }: Row) {
  return {
    sequence,
    type: draft.type,
    category: draft.category,
    actor: draft.actor.id,
    resource: draft.resource,
    risk: draft.risk,
    frameworks: draft.frameworks ?? [],
    words,
    idempotency_key: idempotencyKey,
    canonical,
    leaf_hash: leafHash,
  };
}

function payloadsOf(first: number, sealed: readonly SealedEvent[]) {
  return sealed.flatMap(({ payload }, at) =>
    payload === null ? [] : [{ sequence: first + at, keyId: payload.keyId, sealed: payload.bytes.toString('base64') }],
  );
}
