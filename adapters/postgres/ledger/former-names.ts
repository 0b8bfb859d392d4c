import type { Pool } from 'pg';
import { query } from '../query.ts';

/** Which words of somebody stand where, beside the ledger. */
export interface Traces {
  /** What they are known by in rows that were not blanked: their id, and names. */
  readonly who: readonly string[];
  /** Of these, names that mean somebody else by now, or them when they came again. */
  readonly taken: readonly string[];
  /** Sequence of the event from which on a name means nobody, or somebody else; null while it is theirs. */
  readonly until: number | null;
}

/** Names that a person was known by who was erased, by the events of the rows that still have them. */
export async function findTraces(pool: Pool, subject: string): Promise<Traces> {
  const erasures = await query<{ sequence: string }>(
    pool,
    `SELECT sequence FROM ledger_event WHERE type = 'governance.erased' AND resource = $1 ORDER BY sequence LIMIT 1`,
    [subject],
  );
  const [erased] = erasures;
  if (erased === undefined) return { who: [subject], taken: [], until: null };
  const names = await query<{ name: string; is_taken: boolean }>(pool, NAMES, [subject, erased.sequence]);
  return {
    who: [subject, ...names.map(({ name }) => name)],
    taken: names.flatMap(({ is_taken, name }) => (is_taken ? [name] : [])),
    until: Number(erased.sequence),
  };
}

/** The event of a row says by its id who acted, and by the key of its payload whose words it repeats. $1: the id, $2: where to end. */
const NAMES = `
  WITH acted AS (SELECT sequence FROM ledger_event WHERE actor = $1 AND sequence < $2),
  said AS (
    SELECT p.sequence FROM ledger_payload p JOIN ledger_key k USING (key_id) WHERE k.subject = $1 AND p.sequence < $2
  ), named AS (
    SELECT r.started_by AS name FROM rollout r JOIN ledger_event e ON e.type = 'rollout.opened' AND e.actor = $1
      AND e.canonical::json ->> 'requestId' = r.rollout_key
    UNION SELECT e.actor FROM rollout_event e JOIN acted ON acted.sequence = e.ledger_sequence
    UNION SELECT e.details ->> 'writer' FROM rollout_event e JOIN said ON said.sequence = e.ledger_sequence
    UNION SELECT w.actor FROM traffic_write w JOIN acted ON acted.sequence = w.ledger_sequence
    UNION SELECT w.actor FROM traffic_write w JOIN said ON said.sequence = w.ledger_sequence
    UNION SELECT i.evidence -> 'live' ->> 'actor' FROM incident i JOIN said ON said.sequence = i.ledger_sequence
    UNION SELECT b.entry ->> 'actor' FROM emergency_rollback b JOIN acted ON acted.sequence = b.ledger_sequence
  )
  SELECT name, EXISTS (SELECT FROM principal p WHERE p.name = named.name) AS is_taken FROM named
  WHERE name IS NOT NULL AND NOT starts_with(name, 'principal:')
  ORDER BY name`;
