import type { Pool } from 'pg';
import { RISKS } from '../../../domain/governance/event-draft.ts';
import type { EventPage, EventQuery, StoredEvent } from '../../../domain/governance/event-query.ts';
import { query } from '../query.ts';

/** How a page is cut. */
export interface PageOrder {
  /** Newest first, or oldest first. */
  readonly isNewestFirst: boolean;
  /** Sequence of the last event of the page before; null for the first page. */
  readonly after: number | null;
  readonly limit: number;
}

/**
 * Events that meet every condition, by sequence. Pages go on from the last sequence (keyset): a deep page costs what the
 * first one does.
 */
export async function queryEvents(pool: Pool, asked: EventQuery, page: PageOrder): Promise<EventPage> {
  const { sql, values } = statementOf(asked, page);
  const rows = await query<{ sequence: string; canonical: string; leaf_hash: string }>(pool, sql, values);
  const events = rows.map((row): StoredEvent => ({
    sequence: Number(row.sequence),
    canonical: row.canonical,
    leafHash: row.leaf_hash,
  }));
  return { events, cursor: events.length < page.limit ? null : (events.at(-1)?.sequence ?? null) };
}

/** The statement of one page. */
export function statementOf(asked: EventQuery, page: PageOrder): { sql: string; values: unknown[] } {
  const { conditions, values } = conditionsOf(asked);
  if (page.after !== null) {
    values.push(page.after);
    conditions.push(`sequence ${page.isNewestFirst ? '<' : '>'} $${values.length}`);
  }
  values.push(page.limit);
  const sql = `SELECT sequence, canonical, encode(leaf_hash, 'hex') AS leaf_hash FROM ledger_event
     ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
     ORDER BY sequence ${page.isNewestFirst ? 'DESC' : 'ASC'} LIMIT $${values.length}`;
  return { sql, values };
}

/** How many events meet every condition. */
export async function countEvents(pool: Pool, asked: EventQuery): Promise<number> {
  const { conditions, values } = conditionsOf(asked);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const [row] = await query<{ count: string }>(pool, `SELECT count(*) FROM ledger_event ${where}`, values);
  return Number(row?.count ?? 0);
}

/** Conditions in SQL. Names that end in a separator are prefixes. */
function conditionsOf(asked: EventQuery): { conditions: string[]; values: unknown[] } {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (value: unknown, condition: (place: string) => string): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  const { actor, category, framework, from, resource, risk, since, to, type, until, words } = asked;
  add(from, (place) => `sequence >= ${place}`);
  add(to, (place) => `sequence <= ${place}`);
  add(type, (place) => (type?.endsWith('.') === true ? `starts_with(type, ${place})` : `type = ${place}`));
  add(category, (place) => `category = ${place}`);
  add(actor, (place) => `actor = ${place}`);
  add(resource, (place) =>
    resource?.endsWith('/') === true ? `starts_with(resource, ${place})` : `resource = ${place}`,
  );
  // The log's times never go back: a time is a place in it.
  add(
    since,
    (place) =>
      `sequence >= (SELECT sequence FROM ledger_event WHERE recorded_at >= ${place} ORDER BY recorded_at, sequence LIMIT 1)`,
  );
  add(
    until,
    (place) =>
      `sequence <= (SELECT sequence FROM ledger_event WHERE recorded_at < ${place} ORDER BY recorded_at DESC, sequence DESC LIMIT 1)`,
  );
  add(risk, (place) => `risk = ANY (${place})`);
  if (risk !== undefined) values[values.length - 1] = RISKS.slice(RISKS.indexOf(risk));
  add(framework, (place) => `frameworks @> ARRAY[${place}]`);
  add(wordsQuery(words ?? []), (place) => `words @@ ${place}::tsquery`);
  return { conditions, values };
}

/** All of the words, each as it stands; undefined for none. */
function wordsQuery(words: readonly string[]): string | undefined {
  const plain = words.map((word) => word.toLowerCase().replaceAll(/['\\]/g, '').trim()).filter((word) => word !== '');
  return plain.length === 0 ? undefined : plain.map((word) => `'${word}'`).join(' & ');
}
