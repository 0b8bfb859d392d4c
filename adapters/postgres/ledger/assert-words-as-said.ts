import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import type { EventDraft } from '../../../domain/governance/event-draft.ts';
import type { StoredEvent } from '../../../domain/governance/event-query.ts';
import { query } from '../query.ts';
import { BLOCK_WIDTH, wordsOf } from './word-blocks.ts';

/**
 * Words of events stand beside them, and in which blocks they are stands beside those: whoever takes one away blinds the search for it. They are
 * compared with what the events say, all of one stretch of the log.
 *
 * @throws LEDGER_TAMPERED
 */
export async function assertWordsAsSaid(pool: Pool, events: readonly StoredEvent[]): Promise<void> {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return;
  const range = [first.sequence, last.sequence];
  const rows = await query<{ words: string[] }>(
    pool,
    'SELECT tsvector_to_array(words) AS words FROM ledger_event WHERE sequence BETWEEN $1 AND $2 ORDER BY sequence',
    range,
  );
  for (const [at, event] of events.entries()) {
    const there = new Set(rows[at]?.words);
    if (saidWords(event).some((word) => !there.has(word))) throw notFound(event.sequence);
  }
  const [blind] = await query<{ block: string }>(
    pool,
    `SELECT block FROM (
       SELECT DISTINCT word, sequence / ${BLOCK_WIDTH} AS block FROM ledger_event CROSS JOIN LATERAL (
         SELECT unnest(tsvector_to_array(words)) UNION ALL SELECT 'framework:' || unnest(frameworks)
       ) AS w(word) WHERE sequence BETWEEN $1 AND $2
     ) AS wanted WHERE NOT EXISTS (SELECT FROM ledger_word there WHERE (there.word, there.block) = (wanted.word, wanted.block))
     ORDER BY block LIMIT 1`,
    range,
  );
  if (blind !== undefined) throw notFound(Math.max(first.sequence, Number(blind.block) * BLOCK_WIDTH));
}

/** Words of requests are not among those of the first events that have one. */
function saidWords({ canonical }: StoredEvent): readonly string[] {
  const { facts, resource, type } = JSON.parse(canonical) as Pick<EventDraft, 'facts' | 'resource' | 'type'>;
  return wordsOf({ resource, type, ...(facts === undefined ? {} : { facts }) });
}

function notFound(sequence: number): MlopsError {
  return new MlopsError('LEDGER_TAMPERED', {
    problem: `event ${sequence}, or one of the ${BLOCK_WIDTH} beside it, is not found by every word that it says`,
  });
}
