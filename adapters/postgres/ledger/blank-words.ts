import type { PoolClient } from 'pg';
import { ERASED_WORDS } from '../../../domain/governance/custody-drafts.ts';

/** Whose words go. */
interface Blanked {
  readonly subject: string;
  /** What they are known by: the id, and names. */
  readonly who: readonly string[];
  /** Rows of this event and after are of somebody else who has the name now; null: all of them are theirs. */
  readonly until: number | null;
  /** Sequence of the event of the erasure. */
  readonly next: number;
}

/** Tables that say whom ids mean. */
export const NAME_TABLES = ['principal', 'imported_principal'] as const;

/** Tables that hold words of people beside the ledger. */
export const WORD_TABLES = ['rollout', 'rollout_event', 'traffic_write', 'incident', 'emergency_rollback'] as const;

/** $1: the id and names, $2: the id, $3: sequence of the event, $4: what stands in place of words, $5: where their rows end. In this order. */
const STATEMENTS = [
  // How it ended is in the words of whoever ended it: the story says who.
  `UPDATE rollout r SET ledger_sequence = $3,
     started_by = CASE WHEN started_by = ANY ($1) THEN $2 ELSE started_by END,
     detail = CASE WHEN ${endedBy('r')} THEN $4 ELSE detail END
   WHERE ((started_by = ANY ($1) AND started_by <> $2) OR (detail <> $4 AND ${endedBy('r')}))
     AND ($5 IS NULL OR started_at < (SELECT recorded_at FROM ledger_event WHERE sequence = $5))`,
  // The last entry repeats how it ended: both say the same still.
  `UPDATE rollout_event e SET ledger_sequence = $3,
     actor = CASE WHEN e.actor = ANY ($1) THEN $2 ELSE e.actor END,
     details = e.details
       || jsonb_build_object('detail', CASE WHEN e.event = r.outcome THEN r.reason || ': ' ELSE '' END || $4)
       || CASE WHEN e.details ? 'reason' THEN jsonb_build_object('reason', $4) ELSE '{}' END
       || CASE WHEN e.details->>'writer' = ANY ($1) THEN jsonb_build_object('writer', $2) ELSE '{}' END
   FROM rollout r WHERE r.rollout_key = e.rollout_key AND (e.actor = ANY ($1) OR e.details->>'writer' = ANY ($1))
     AND right(COALESCE(e.details->>'detail', ''), length($4)) <> $4 AND ${isBefore('e.ledger_sequence')}`,
  // Why a rollout wrote is said by the rollout; of what was found there the reason is in the words of who wrote it.
  `UPDATE traffic_write SET ledger_sequence = $3,
     actor = CASE WHEN actor = ANY ($1) THEN $2 ELSE actor END,
     reason = CASE WHEN starts_with(idempotency_key, 'foreign/') THEN $4 ELSE reason END,
     observed = without_words(observed, $1, $2, $4)
   WHERE ((actor = ANY ($1) AND (actor <> $2 OR (starts_with(idempotency_key, 'foreign/') AND reason <> $4)))
     OR repeats_words(reason, $1)) AND ${isBefore('ledger_sequence')}`,
  `UPDATE incident SET ledger_sequence = $3, summary = $4,
     evidence = jsonb_build_object('live', without_words(evidence->'live', $1, $2, $4))
   WHERE summary <> $4 AND (evidence->'live'->>'actor' = ANY ($1) OR repeats_words(evidence->'live'->>'reason', $1))
     AND ${isBefore('ledger_sequence')}`,
  `UPDATE emergency_rollback SET ledger_sequence = $3,
     entry = without_words(entry, $1, $2, $4) - CASE WHEN entry->>'actor' = ANY ($1) THEN 'statement' ELSE '' END
       || jsonb_build_object('before', without_words(entry->'before', $1, $2, $4))
       || jsonb_build_object('after', without_words(entry->'after', $1, $2, $4))
   WHERE (has_words(entry, $1, $4) OR has_words(entry->'before', $1, $4) OR has_words(entry->'after', $1, $4))
     AND ${isBefore('ledger_sequence')}`,
].map((statement) =>
  statement
    .replaceAll('$1', '$1::text[]')
    .replaceAll('$2', '$2::text')
    .replaceAll('$3', '$3::bigint')
    .replaceAll('$4', '$4::text')
    .replaceAll('$5', '$5::bigint'),
);

function isBefore(sequence: string): string {
  return `($5 IS NULL OR ${sequence} < $5)`;
}

function endedBy(rollout: string): string {
  return `EXISTS (SELECT FROM rollout_event e WHERE e.rollout_key = ${rollout}.rollout_key AND e.event = ${rollout}.outcome AND e.actor = ANY ($1))`;
}

/**
 * Takes a person's name and words out of the tables beside the ledger, in the transaction of the event that says so; the database
 * permits it to no other. What the system itself wrote stays. Returns how many rows changed.
 */
export async function blankWords(client: PoolClient, { next, subject, until, who }: Blanked): Promise<number> {
  let rows = 0;
  for (const statement of STATEMENTS)
    rows += (await client.query(statement, [who, subject, next, ERASED_WORDS, until])).rowCount ?? 0;
  return rows;
}
