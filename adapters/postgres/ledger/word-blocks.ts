import type { Pool } from 'pg';
import type { EventDraft } from '../../../domain/governance/event-draft.ts';
import { query } from '../query.ts';

/** Events of one block: as in `ledger_append`, which writes in which blocks a word is. */
export const BLOCK_WIDTH = 16;
/** Longer words are no words of an event. */
export const LONGEST_WORD = 100;

/** The words an event is found by: those of its type, its resource and its facts. */
export function wordsOf({
  facts,
  requestId = '',
  resource,
  type,
}: Pick<EventDraft, 'facts' | 'requestId' | 'resource' | 'type'>): readonly string[] {
  const texts = Object.values(facts ?? {}).filter((value) => typeof value === 'string');
  // A name counts whole and by its parts: `rag_api`, `rag`, `api`.
  const names = namesIn([type, resource, requestId, ...texts].join(' '));
  const parts = names.flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)]);
  return [...new Set(parts)].filter((word) => word !== '' && word.length <= LONGEST_WORD);
}

/** The names that a text consists of. */
export function namesIn(text: string): readonly string[] {
  return text.toLowerCase().split(/[\s/:]+/);
}

/** A framework among the words: those have no colon. */
export function frameworkTerm(framework: string): string {
  return `framework:${framework}`;
}

/** Blocks are looked up by the rarest ones alone: planning a statement takes long for many, and the events are asked for all. */
const MOST_TERMS = 8;

/** The next blocks, in the order of the page, that have every term; of many the rarest ones. */
export async function findBlocks(
  pool: Pool,
  terms: readonly string[],
  order: { readonly isNewestFirst: boolean; readonly beyond: number | null; readonly limit: number },
): Promise<number[]> {
  const { beyond, isNewestFirst, limit } = order;
  const [rarest, ...more] = terms.slice(0, MOST_TERMS);
  const others = more.map(
    (_, at) => `AND EXISTS (SELECT FROM ledger_word o WHERE o.word = $${at + 4} AND o.block = w.block)`,
  );
  const rows = await query<{ block: string }>(
    pool,
    `SELECT block FROM ledger_word w WHERE word = $1 AND ($2::bigint IS NULL OR block ${isNewestFirst ? '<' : '>'} $2) ${others.join(' ')}
     ORDER BY block ${isNewestFirst ? 'DESC' : 'ASC'} LIMIT $3`,
    [rarest, beyond, limit, ...more],
  );
  return rows.map(({ block }) => Number(block));
}

/** The terms, rarest first: what the others are looked up for. */
export async function rarestFirst(pool: Pool, terms: readonly string[]): Promise<readonly string[]> {
  if (terms.length < 2) return terms;
  const rows = await query<{ term: string }>(
    pool,
    `SELECT term FROM unnest($1::text[]) AS term CROSS JOIN LATERAL (
       SELECT count(*) AS blocks FROM (SELECT FROM ledger_word WHERE word = term LIMIT 500) AS few
     ) AS counted ORDER BY blocks`,
    [terms],
  );
  return rows.map(({ term }) => term);
}
