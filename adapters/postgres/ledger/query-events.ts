import type { Pool } from 'pg';
import { RISKS } from '../../../domain/governance/event-draft.ts';
import type { EventPage, EventQuery, StoredEvent } from '../../../domain/governance/event-query.ts';
import { query } from '../query.ts';
import { BLOCK_WIDTH, findBlocks, frameworkTerm, LONGEST_WORD, namesIn, rarestFirst } from './word-blocks.ts';

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
  const terms = termsOf(asked);
  const events = isByWord(asked, terms)
    ? await readByWord(pool, asked, terms, page)
    : await read(pool, statementOf(asked, page));
  return { events, cursor: events.length < page.limit ? null : (events.at(-1)?.sequence ?? null) };
}

/** Conditions with an index of their own leave fewer events than most words do. */
function isByWord({ actor, category, resource, risk, type }: EventQuery, terms: readonly string[]): boolean {
  const others = [actor, category, risk, type, resource?.endsWith('/') === true ? undefined : resource];
  return terms.length > 0 && others.every((value) => value === undefined);
}

async function read(pool: Pool, { sql, values }: Statement): Promise<StoredEvent[]> {
  const rows = await query<{ sequence: string; canonical: string; leaf_hash: string }>(pool, sql, values);
  return rows.map((row) => ({ sequence: Number(row.sequence), canonical: row.canonical, leafHash: row.leaf_hash }));
}

const FIRST_BLOCKS = 8;
const MOST_BLOCKS = 1024;
/** Blocks after which words are taken to be seldom together, and how many there must be for each event that was found. */
const TRIED_BLOCKS = 64;
const SELDOM = 10;

/**
 * Reads the blocks that have every term: few at first, of a frequent one those fill a page; then as many as the page should take by what
 * these had. Words that are seldom in one event, though often in one block, are looked up in the full-text index then.
 */
async function readByWord(
  pool: Pool,
  asked: EventQuery,
  terms: readonly string[],
  page: PageOrder,
): Promise<StoredEvent[]> {
  const { after, isNewestFirst, limit } = page;
  const sorted = await rarestFirst(pool, terms);
  const events: StoredEvent[] = [];
  let beyond = after === null ? null : Math.floor(after / BLOCK_WIDTH) + (isNewestFirst ? 1 : -1);
  let tried = 0;
  for (let many = FIRST_BLOCKS; events.length < limit; many = nextBlocks(many, tried, events.length, limit)) {
    const blocks = await findBlocks(pool, sorted, { isNewestFirst, beyond, limit: many });
    events.push(...(await read(pool, statementOf(asked, { ...page, limit: limit - events.length }, blocks))));
    if (blocks.length < many) break;
    tried += blocks.length;
    beyond = blocks.at(-1) ?? null;
    if (terms.length > 1 && tried > TRIED_BLOCKS && events.length * SELDOM < tried && beyond !== null) {
      const last = isNewestFirst ? beyond * BLOCK_WIDTH : (beyond + 1) * BLOCK_WIDTH - 1;
      return [
        ...events,
        ...(await read(pool, sparseStatementOf(asked, { ...page, after: last, limit: limit - events.length }))),
      ];
    }
  }
  return events;
}

/** As many as hold what is missing, if they have what those before had, and a few more. */
function nextBlocks(many: number, tried: number, found: number, limit: number): number {
  const wanted = found === 0 ? 4 * many : Math.ceil((1.25 * tried * (limit - found)) / found);
  return Math.max(1, Math.min(wanted, MOST_BLOCKS));
}

function termsOf({ framework, words = [] }: EventQuery): readonly string[] {
  return [...plainWords(words), ...(framework === undefined ? [] : [frameworkTerm(framework)])];
}

interface Statement {
  readonly sql: string;
  readonly values: unknown[];
}

/** The statement of one page, of the events in some blocks when they are given. */
export function statementOf(asked: EventQuery, page: PageOrder, blocks?: readonly number[]): Statement {
  const { order, select, values } = partsOf(asked, page, blocks);
  return { sql: `${select} ${order}`, values };
}

/** All events first, and then the page of them: for words that are seldom together. */
function sparseStatementOf(asked: EventQuery, page: PageOrder): Statement {
  const { order, select, values } = partsOf(asked, page);
  return { sql: `WITH found AS MATERIALIZED (${select}) SELECT * FROM found ${order}`, values };
}

function partsOf(asked: EventQuery, page: PageOrder, blocks?: readonly number[]) {
  const { conditions, values } = conditionsOf(asked);
  const { after, isNewestFirst, limit } = page;
  const place = (value: unknown): string => `$${values.push(value)}`;
  const from = blocks === undefined ? 'ledger_event' : eventsOf(place(blocks));
  if (after !== null) conditions.push(`sequence ${isNewestFirst ? '<' : '>'} ${place(after)}`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return {
    select: `SELECT sequence, canonical, encode(leaf_hash, 'hex') AS leaf_hash FROM ${from} ${where}`,
    order: `ORDER BY sequence ${isNewestFirst ? 'DESC' : 'ASC'} LIMIT ${place(limit)}`,
    values,
  };
}

/** The events of blocks. The limit tells the planner what it cannot know: a block is a few rows of the primary key. */
function eventsOf(blocks: string): string {
  return `unnest(${blocks}::bigint[]) AS block CROSS JOIN LATERAL (
       SELECT * FROM ledger_event WHERE sequence >= ${BLOCK_WIDTH} * block AND sequence < ${BLOCK_WIDTH} * (block + 1)
       ORDER BY sequence LIMIT ${BLOCK_WIDTH}
     ) AS event`;
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
  add(actor, (place) => (typeof actor === 'string' ? `actor = ${place}` : `actor = ANY (${place})`));
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
  // Of what holds no word nothing is found, and not everything.
  if (words !== undefined && words.length > 0 && plainWords(words).length === 0) conditions.push('false');
  return { conditions, values };
}

/** All of the words, each as it stands; undefined for none. */
function wordsQuery(words: readonly string[]): string | undefined {
  const plain = plainWords(words);
  return plain.length === 0 ? undefined : plain.map(quoted).join(' & ');
}

function quoted(word: string): string {
  return `'${word.replaceAll(/['\\]/g, '$&$&')}'`;
}

/** As an event has its words: a name that was copied, `model/rag_api/1.1.0` or `sha256:...`, is several. Each once. */
function plainWords(words: readonly string[]): readonly string[] {
  // What is too long finds nothing, and the database takes no word of any length.
  const plain = namesIn(words.join(' ')).map((word) => word.slice(0, LONGEST_WORD + 1));
  return [...new Set(plain)].filter((word) => word !== '');
}
