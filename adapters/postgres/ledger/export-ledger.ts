import type { Pool } from 'pg';
import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import { canonicalJson } from '../../../domain/governance/canonical-json.ts';
import { openPayload, type DataKeys } from '../../crypto/envelope.ts';
import { createPrimitives } from '../../crypto/primitives.ts';
import type { EventPage, EventQuery, StoredEvent } from '../../../domain/governance/event-query.ts';
import { formatHeader, formatLine, type ExportLine } from '../../../domain/governance/export-format.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import { query } from '../query.ts';
import { assertFoundAsSaid } from './assert-found-as-said.ts';
import { assertWordsAsSaid } from './assert-words-as-said.ts';
import { createProver, type Prover } from './prove.ts';
import { countEvents, queryEvents } from './query-events.ts';
import type { SignedCheckpoint } from './sign-checkpoint.ts';

/** What is exported. */
export interface ExportOrder {
  /** Nothing chosen: every event, without proofs. Else a selection, each event with its proof. */
  readonly chosen: Pick<EventQuery, 'from' | 'to' | 'type'>;
  /** Null: payloads are withheld. */
  readonly payloads: { readonly origin: string; readonly keys: DataKeys } | null;
}

const EVENTS_AT_ONCE = 2000;
/** Comparing words takes as long as all the rest of an event: those of all are compared up to so many, and of this share beyond. */
const MOST_WORDS_COMPARED = 20_000;
const WORD_SHARE = 0.1;

/**
 * The lines of an export under a checkpoint (ledger-format §6), in groups. A payload that cannot be opened is withheld: one that somebody has spoilt
 * keeps nobody from the others. It is said at the end, when all lines are there.
 *
 * @throws LEDGER_TAMPERED, PAYLOAD_UNREADABLE, LEDGER_KEY_UNREADABLE
 */
export async function* exportLedger(
  pool: Pool,
  primitives: Primitives,
  checkpoint: SignedCheckpoint,
  order: ExportOrder,
): AsyncGenerator<readonly string[]> {
  const isSelection = Object.values(order.chosen).some((value) => value !== undefined);
  const chosen = { ...order.chosen, to: Math.min(order.chosen.to ?? Infinity, checkpoint.size - 1) };
  const events = isSelection ? await countEvents(pool, chosen) : checkpoint.size;
  const prover = isSelection ? createProver(pool, primitives.nodeHash, checkpoint.size) : null;
  const share = Math.max(WORD_SHARE, MOST_WORDS_COMPARED / checkpoint.size);
  let unreadable: MlopsError | null = null;
  const opening =
    order.payloads === null
      ? null
      : { ...order.payloads, onUnreadable: (error: MlopsError) => void (unreadable ??= error) };
  yield [formatHeader({ kind: isSelection ? 'selection' : 'full', events, checkpoint: checkpoint.note })];
  const read = async (after: number | null, left: number): Promise<EventPage> =>
    await queryEvents(pool, chosen, { isNewestFirst: false, after, limit: Math.min(left, EVENTS_AT_ONCE) });
  let page: EventPage | null = events === 0 ? null : await read(null, events);
  for (let left = events; page !== null;) {
    left -= page.events.length;
    // The next ones are read while these are compared and written.
    const next: Promise<EventPage> | null = left > 0 && page.cursor !== null ? read(page.cursor, left) : null;
    next?.catch(() => undefined);
    // A selection is of what was found; all of them are looked at when all are read.
    const isCompared = isSelection ? Promise.resolve() : comparePage(pool, page, share);
    const [lines] = await Promise.all([linesOf(pool, page.events, prover, opening), isCompared]);
    yield lines;
    page = await next;
  }
  // What a callback has set is not seen by the compiler.
  if (unreadable !== null) throw unreadable as MlopsError;
}

async function comparePage(pool: Pool, { events }: EventPage, share: number): Promise<void> {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return;
  await assertFoundAsSaid(pool, first.sequence, last.sequence);
  // By chance: whoever changed some does not know which.
  if (Math.random() < share) await assertWordsAsSaid(pool, first.sequence, last.sequence);
}

async function linesOf(
  pool: Pool,
  events: readonly StoredEvent[],
  prover: Prover | null,
  payloads: Opening | null,
): Promise<readonly string[]> {
  const opened = payloads === null ? null : await openPayloads(pool, events, payloads);
  const lines: string[] = [];
  for (const event of events) {
    const shown = opened?.get(event.sequence);
    const line: ExportLine = {
      ...event,
      ...(shown === undefined ? {} : { opened: shown }),
      ...(prover === null ? {} : { proof: await prover.prove(event.sequence) }),
    };
    lines.push(formatLine(line));
  }
  return lines;
}

/** By which keys payloads are opened, and what becomes of one that cannot be. */
interface Opening {
  readonly origin: string;
  readonly keys: DataKeys;
  readonly onUnreadable?: (error: MlopsError) => void;
}

interface PayloadRow {
  readonly sequence: string;
  readonly key_id: string;
  readonly sealed: Buffer;
  readonly subject: string;
  readonly wrapping_key: string;
  readonly wrapped: Buffer;
  readonly commitment: string | null;
}

type Opened = NonNullable<ExportLine['opened']>;

/** Payloads by sequence. What was erased is not among them. @throws PAYLOAD_UNREADABLE, LEDGER_KEY_UNREADABLE */
export async function openPayloads(
  pool: Pool,
  events: readonly Pick<StoredEvent, 'sequence'>[],
  { keys, onUnreadable = fail, origin }: Opening,
): Promise<ReadonlyMap<number, Opened>> {
  const rows = await query<PayloadRow>(
    pool,
    `SELECT sequence, key_id, sealed, subject, wrapping_key, wrapped, canonical::json ->> 'commitment' AS commitment
     FROM ledger_payload JOIN ledger_key USING (key_id) JOIN ledger_event USING (sequence)
     WHERE sequence = ANY ($1) AND wrapped IS NOT NULL`,
    [events.map(({ sequence }) => sequence)],
  );
  const opened = new Map<number, Opened>();
  const unwrapped = new Map<string, Buffer>();
  const primitives = createPrimitives();
  for (const row of rows) {
    const { key_id: keyId, subject, wrapped, wrapping_key: wrappingKey } = row;
    try {
      const key = unwrapped.get(keyId) ?? (await keys.unwrap({ origin, subject, wrappingKey, wrapped }));
      unwrapped.set(keyId, key);
      opened.set(Number(row.sequence), openRow(primitives, row, { origin, key }));
    } catch (error) {
      if (!isMlopsError(error, 'PAYLOAD_UNREADABLE') && !isMlopsError(error, 'LEDGER_KEY_UNREADABLE')) throw error;
      onUnreadable(error);
    }
  }
  return opened;
}

function fail(error: MlopsError): never {
  throw error;
}

/** @throws PAYLOAD_UNREADABLE when it is not what the event commits to */
function openRow(
  primitives: Primitives,
  row: PayloadRow,
  { key, origin }: { readonly origin: string; readonly key: Buffer },
): Opened {
  const sequence = Number(row.sequence);
  const details = { sequence: row.sequence };
  try {
    const { salt, text } = openPayload(key, { origin, sequence, keyId: row.key_id }, row.sealed);
    const payload = JSON.parse(text) as unknown;
    if (primitives.commitment(salt, canonicalJson(payload)) === row.commitment)
      return { payload, salt: salt.toString('base64') };
  } catch (cause) {
    throw new MlopsError('PAYLOAD_UNREADABLE', details, { cause });
  }
  throw new MlopsError('PAYLOAD_UNREADABLE', details);
}
