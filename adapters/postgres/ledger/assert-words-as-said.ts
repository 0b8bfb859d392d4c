import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { query } from '../query.ts';
import { BLOCK_WIDTH } from './word-blocks.ts';

/**
 * Words of events stand beside them, and in which blocks they are stands beside those: whoever takes one away blinds the search for it. Compared
 * is what the database itself sees to when an event is appended, from one event to another, both among them: that words have its type and
 * resource, and that blocks have all words. Other words are what whoever appended says.
 *
 * @throws LEDGER_TAMPERED
 */
export async function assertWordsAsSaid(pool: Pool, from: number, to: number): Promise<void> {
  const [blind] = await query<{ sequence: string }>(
    pool,
    `SELECT sequence FROM (
       SELECT sequence FROM ledger_event WHERE sequence BETWEEN $1 AND $2 AND NOT has_names(words, type, resource)
       UNION ALL
       SELECT sequence FROM (
         SELECT min(sequence) AS sequence, word, sequence / ${BLOCK_WIDTH} AS block FROM ledger_event CROSS JOIN LATERAL (
           SELECT unnest(tsvector_to_array(words)) UNION ALL SELECT 'framework:' || unnest(frameworks)
         ) AS w(word) WHERE sequence BETWEEN $1 AND $2 GROUP BY word, block
       ) AS wanted WHERE NOT EXISTS (SELECT FROM ledger_word t WHERE (t.word, t.block) = (wanted.word, wanted.block))
     ) AS missing ORDER BY sequence LIMIT 1`,
    [from, to],
  );
  if (blind !== undefined)
    throw new MlopsError('LEDGER_TAMPERED', {
      problem: `event ${blind.sequence} is not found by every word that it has`,
    });
}
