import type { PoolClient } from 'pg';
import { canonicalJson } from '../../../domain/governance/canonical-json.ts';
import { hasSource, sourceText, withSource, type ActSource } from '../../../domain/governance/act-source.ts';
import type { EventDraft } from '../../../domain/governance/event-draft.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import { newDataKey, sealPayload, sourceTag, type DataKeys, type WrappedKey } from '../../crypto/envelope.ts';
import { createFetches } from './fetch-in-time.ts';

/** A payload that only the holder of its subject's key can read. */
export interface SealedPayload {
  readonly keyId: string;
  readonly bytes: Buffer;
  /** Hex, for the event. */
  readonly commitment: string;
}

/** What an event commits to, and the keyed hash of where it was done from; null for what it has not. */
export interface SealedEvent {
  readonly payload: SealedPayload | null;
  readonly source: string | null;
}

/** Seals the payloads and the sources of a batch. */
export interface PayloadSealer {
  /** @throws NotYet when a key is not to be had at once, LEDGER_KEY_UNREADABLE, KEY_SERVICE_UNREACHABLE */
  seal(
    client: PoolClient,
    place: { readonly origin: string; readonly size: number },
    appended: readonly Unsealed[],
  ): Promise<readonly SealedEvent[]>;
}

interface Unsealed {
  readonly draft: EventDraft;
  readonly source: ActSource | null;
}

interface KeyRow {
  readonly key_id: string;
  readonly subject: string;
  readonly wrapping_key: string;
  readonly wrapped: Buffer;
}

/** Keys in clear that are kept in memory. */
const MOST_CACHED = 10_000;

/** How long the keys of a batch are waited for: whoever appends holds the end of the log, and a service of keys may be away. */
const PATIENCE_MS = 250;

/** Seals under one key per subject, which is made when the subject is first met. */
export function createPayloadSealer(primitives: Primitives, keys: DataKeys): PayloadSealer {
  const keysOf = createSubjectKeys(keys);
  return {
    async seal(client, { origin, size }, appended) {
      const events = appended.map(placed);
      const subjects = [...new Set(events.flatMap(subjectsOf))];
      if (subjects.length === 0) return [];
      const opened = await keysOf(client, origin, subjects);
      return events.map(({ draft, source }, at) => ({
        payload: sealOne(primitives, opened, draft, { origin, sequence: size + at }),
        source: tagOf(opened, draft, source),
      }));
    },
  };
}

/** Keys of subjects in clear; who has none gets one, once all are to be had. The function throws as `seal`. */
function createSubjectKeys(keys: DataKeys) {
  /** By key id: a subject whose key was destroyed has another row, or none. */
  const cache = new Map<string, Buffer>();
  const fetches = createFetches<WrappedKey & { readonly key: Buffer }>();
  const open = async (origin: string, row: KeyRow, until: number): Promise<Buffer> => {
    const known = cache.get(row.key_id);
    if (known !== undefined) return known;
    const { key_id: id, subject, wrapped, wrapping_key: wrappingKey } = row;
    const { key } = await fetches.take(id, until, async () => ({
      key: await keys.unwrap({ origin, subject, wrappingKey, wrapped }),
      wrappingKey,
      wrapped,
    }));
    fetches.release(id);
    if (cache.size >= MOST_CACHED) cache.clear();
    cache.set(id, key);
    return key;
  };
  const make = async (origin: string, subject: string, until: number) =>
    await fetches.take(newOf(subject), until, async () => {
      const key = newDataKey();
      return { key, ...(await keys.wrap({ origin, subject, key })) };
    });
  return async (client: PoolClient, origin: string, subjects: readonly string[]) => {
    const until = performance.now() + PATIENCE_MS;
    const opened = new Map<string, Held>();
    for (const row of await readKeys(client, subjects))
      opened.set(row.subject, { keyId: row.key_id, key: await open(origin, row, until) });
    const made: (WrappedKey & { readonly subject: string; readonly key: Buffer })[] = [];
    for (const subject of subjects)
      if (!opened.has(subject)) made.push({ subject, ...(await make(origin, subject, until)) });
    for (const { key, subject, ...wrapped } of made) {
      // It is this row's from now on: who is erased gets another.
      fetches.release(newOf(subject));
      opened.set(subject, { keyId: await insertKey(client, subject, wrapped), key });
    }
    return opened;
  };
}

/** Ids of keys are numbers. */
function newOf(subject: string): string {
  return `new ${subject}`;
}

/** Whoever appends holds the end of the log: nobody else makes a key for the subject now. Returns its id. */
async function insertKey(client: PoolClient, subject: string, { wrapped, wrappingKey }: WrappedKey): Promise<string> {
  const { rows } = await client.query<{ key_id: string }>(
    'INSERT INTO ledger_key (subject, wrapping_key, wrapped) VALUES ($1, $2, $3) RETURNING key_id',
    [subject, wrappingKey, wrapped],
  );
  return rows[0]?.key_id ?? '';
}

async function readKeys(client: PoolClient, subjects: readonly string[]): Promise<readonly KeyRow[]> {
  const { rows } = await client.query<KeyRow>(
    `SELECT key_id, subject, wrapping_key, wrapped FROM ledger_key WHERE subject = ANY($1) AND destroyed_at IS NULL`,
    [subjects],
  );
  return rows;
}

/** A key of a subject, in clear. */
interface Held {
  readonly keyId: string;
  readonly key: Buffer;
}

/** Only what somebody from outside did has a source. */
function placed({ draft, source }: Unsealed): Unsealed {
  if (source === null || !hasSource(draft)) return { draft, source: null };
  return { draft: withSource(draft, source), source };
}

function subjectsOf({ draft, source }: Unsealed): string[] {
  return [...(draft.payload === undefined ? [] : [subjectOf(draft)]), ...(source === null ? [] : [draft.actor.id])];
}

function sealOne(
  primitives: Primitives,
  opened: ReadonlyMap<string, Held>,
  draft: EventDraft,
  place: { readonly origin: string; readonly sequence: number },
): SealedPayload | null {
  const held = draft.payload === undefined ? undefined : opened.get(subjectOf(draft));
  if (draft.payload === undefined || held === undefined) return null;
  const text = canonicalJson(draft.payload);
  const { bytes, salt } = sealPayload(held.key, { ...place, keyId: held.keyId }, text);
  return { keyId: held.keyId, bytes, commitment: primitives.commitment(salt, text) };
}

/** Under the key of who acted: destroying it leaves a number that leads nowhere. */
function tagOf(opened: ReadonlyMap<string, Held>, { actor }: EventDraft, source: ActSource | null): string | null {
  const held = opened.get(actor.id);
  return source === null || held === undefined ? null : sourceTag(held.key, sourceText(source));
}

/** Whose key seals the payload. */
export function subjectOf({ resource, subject }: Pick<EventDraft, 'resource' | 'subject'>): string {
  return subject ?? resource;
}
