import type { Pool } from 'pg';
import type { DataKeys } from '../../crypto/envelope.ts';
import { openPayload } from '../../crypto/envelope.ts';
import type { EventPage, EventQuery, StoredEvent } from '../../../domain/governance/event-query.ts';
import { formatHeader, formatLine, type ExportLine } from '../../../domain/governance/export-format.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import { query } from '../query.ts';
import { assertFoundAsSaid } from './assert-found-as-said.ts';
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

/** The lines of an export under a checkpoint (ledger-format §6), in groups. @throws LEDGER_TAMPERED */
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
    const isCompared = isSelection ? Promise.resolve() : comparePage(pool, page);
    const [lines] = await Promise.all([linesOf(pool, page.events, prover, order.payloads), isCompared]);
    yield lines;
    page = await next;
  }
}

async function comparePage(pool: Pool, { events }: EventPage): Promise<void> {
  const [first, last] = [events[0], events.at(-1)];
  if (first !== undefined && last !== undefined) await assertFoundAsSaid(pool, first.sequence, last.sequence);
}

async function linesOf(
  pool: Pool,
  events: readonly StoredEvent[],
  prover: Prover | null,
  payloads: ExportOrder['payloads'],
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

/** Payloads that can be read, by sequence. What was erased is not among them. */
export async function openPayloads(
  pool: Pool,
  events: readonly Pick<StoredEvent, 'sequence'>[],
  { origin, keys }: { readonly origin: string; readonly keys: DataKeys },
): Promise<ReadonlyMap<number, NonNullable<ExportLine['opened']>>> {
  const rows = await query<{
    sequence: string;
    key_id: string;
    sealed: Buffer;
    subject: string;
    wrapping_key: string;
    wrapped: Buffer;
  }>(
    pool,
    `SELECT sequence, key_id, sealed, subject, wrapping_key, wrapped FROM ledger_payload JOIN ledger_key USING (key_id)
     WHERE sequence = ANY ($1) AND wrapped IS NOT NULL`,
    [events.map(({ sequence }) => sequence)],
  );
  const opened = new Map<number, NonNullable<ExportLine['opened']>>();
  const unwrapped = new Map<string, Buffer>();
  for (const row of rows) {
    const { key_id: keyId, subject, wrapped, wrapping_key: wrappingKey } = row;
    const key = unwrapped.get(keyId) ?? (await keys.unwrap({ origin, subject, wrappingKey, wrapped }));
    unwrapped.set(keyId, key);
    const sequence = Number(row.sequence);
    const { text, salt } = openPayload(key, { origin, sequence, keyId }, row.sealed);
    opened.set(sequence, { payload: JSON.parse(text) as unknown, salt: salt.toString('base64') });
  }
  return opened;
}
