import type { Pool } from 'pg';
import type { AccessEvent } from '../../../domain/governance/access-watch/access-event.ts';
import { query } from '../query.ts';
import { KNOWN_PEOPLE } from './principals.ts';

interface Row extends Record<string, unknown> {
  readonly sequence: string;
  readonly recorded_at: Date;
  readonly type: string;
  readonly category: string;
  readonly actor: string;
  readonly resource: string;
  readonly code: string | null;
  readonly source: string | null;
  readonly asked_at: Date | null;
  readonly is_own: boolean | null;
}

/** Somebody excluded is who acts, or has his name: one person is several principals. */
const IS_OWN = `r.excluded ? e.actor OR r.excluded ?| ARRAY (
  SELECT known.principal_id FROM principal mine JOIN ${KNOWN_PEOPLE} ON lower(btrim(known.name)) = lower(btrim(mine.name))
  WHERE mine.principal_id = e.actor)`;

/**
 * What people and programs did from one sequence up to another, by principal, in the order of the log. Of what an event says,
 * refusals show their code and all of them their source; the request that a decision is about is looked up beside it.
 */
export async function readAccessEvents(
  pool: Pool,
  from: number,
  until: number,
): Promise<ReadonlyMap<string, readonly AccessEvent[]>> {
  const rows = await query<Row>(
    pool,
    `SELECT e.sequence, e.recorded_at, e.type, e.category, e.actor, e.resource,
       e.canonical::json ->> 'source' AS source,
       CASE WHEN e.type LIKE '%-refused' THEN e.canonical::json -> 'facts' ->> 'code' END AS code,
       asked.recorded_at AS asked_at, CASE WHEN r.approval_id IS NOT NULL THEN ${IS_OWN} END AS is_own
     FROM ledger_event e
     LEFT JOIN approval_request r ON e.type IN ('approval.approve', 'approval.approve-refused', 'approval.decide-refused')
       AND r.approval_id = substr(e.resource, length('approval/') + 1)
     LEFT JOIN LATERAL (
       SELECT a.recorded_at FROM ledger_event a
       WHERE r.approval_id IS NOT NULL AND a.resource = e.resource AND a.sequence < e.sequence
         AND a.type IN ('approval.requested', 'approval.content-changed')
       ORDER BY a.sequence DESC LIMIT 1
     ) asked ON true
     WHERE e.sequence >= $1 AND e.sequence < $2 AND NOT starts_with(e.actor, 'system:')
     ORDER BY e.sequence`,
    [from, until],
  );
  return Map.groupBy(rows.map(eventOf), ({ principal }) => principal);
}

function eventOf(row: Row): AccessEvent {
  return {
    sequence: Number(row.sequence),
    atMs: row.recorded_at.getTime(),
    principal: row.actor,
    type: row.type,
    category: row.category,
    resource: row.resource,
    code: row.code,
    source: row.source,
    asked: row.asked_at === null ? null : { atMs: row.asked_at.getTime(), isOwn: row.is_own === true },
  };
}
