import type { PoolClient } from 'pg';
import { canonicalJson } from '../../../domain/governance/canonical-json.ts';
import type { EventDraft } from '../../../domain/governance/event-draft.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import { newDataKey, sealPayload, type DataKeys } from '../../crypto/envelope.ts';

/** A payload that only the holder of its subject's key can read. */
export interface SealedPayload {
  readonly keyId: string;
  readonly bytes: Buffer;
  /** Hex, for the event. */
  readonly commitment: string;
}

/** Seals the payloads of a batch; null for events without one. */
export interface PayloadSealer {
  seal(
    client: PoolClient,
    place: { readonly origin: string; readonly size: number },
    appended: readonly { readonly draft: EventDraft }[],
  ): Promise<readonly (SealedPayload | null)[]>;
}

interface KeyRow {
  readonly key_id: string;
  readonly subject: string;
  readonly wrapping_key: string;
  readonly wrapped: Buffer;
}

/** Keys in clear that are kept in memory. */
const MOST_CACHED = 10_000;

/** Seals under one key per subject, which is made when the subject is first met. */
export function createPayloadSealer(primitives: Primitives, keys: DataKeys): PayloadSealer {
  /** By key id: a subject whose key was destroyed has another row, or none. */
  const cache = new Map<string, Buffer>();
  const open = async (origin: string, row: KeyRow): Promise<Buffer> => {
    const known = cache.get(row.key_id);
    if (known !== undefined) return known;
    const key = await keys.unwrap({
      origin,
      subject: row.subject,
      wrappingKey: row.wrapping_key,
      wrapped: row.wrapped,
    });
    if (cache.size >= MOST_CACHED) cache.clear();
    cache.set(row.key_id, key);
    return key;
  };
  return {
    async seal(client, { origin, size }, appended) {
      const subjects = [
        ...new Set(appended.flatMap(({ draft }) => (draft.payload === undefined ? [] : [subjectOf(draft)]))),
      ];
      if (subjects.length === 0) return [];
      const rows = await keysFor(client, keys, origin, subjects);
      const opened = new Map<string, { readonly keyId: string; readonly key: Buffer }>();
      for (const row of rows) opened.set(row.subject, { keyId: row.key_id, key: await open(origin, row) });
      return appended.map(({ draft }, at) => {
        const held = draft.payload === undefined ? undefined : opened.get(subjectOf(draft));
        if (held === undefined) return null;
        const text = canonicalJson(draft.payload);
        const { bytes, salt } = sealPayload(held.key, { origin, sequence: size + at, keyId: held.keyId }, text);
        return { keyId: held.keyId, bytes, commitment: primitives.commitment(salt, text) };
      });
    },
  };
}

/** Whose key seals the payload. */
export function subjectOf({ resource, subject }: Pick<EventDraft, 'resource' | 'subject'>): string {
  return subject ?? resource;
}

async function keysFor(
  client: PoolClient,
  keys: DataKeys,
  origin: string,
  subjects: readonly string[],
): Promise<KeyRow[]> {
  const { rows } = await client.query<KeyRow>(
    `SELECT key_id, subject, wrapping_key, wrapped FROM ledger_key WHERE subject = ANY($1) AND destroyed_at IS NULL`,
    [subjects],
  );
  const known = new Set(rows.map(({ subject }) => subject));
  for (const subject of subjects.filter((name) => !known.has(name))) {
    const { wrappingKey, wrapped } = await keys.wrap({ origin, subject, key: newDataKey() });
    // Whoever appends holds the end of the log: nobody else makes a key for the subject now.
    const made = await client.query<KeyRow>(
      'INSERT INTO ledger_key (subject, wrapping_key, wrapped) VALUES ($1, $2, $3) RETURNING key_id, subject, wrapping_key, wrapped',
      [subject, wrappingKey, wrapped],
    );
    rows.push(...made.rows);
  }
  return rows;
}
