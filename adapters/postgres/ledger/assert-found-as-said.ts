import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { query } from '../query.ts';

/**
 * Events are found by columns beside their canonical text, which no hash covers. Whoever changes one hides an event from queries, though
 * every proof holds: so they are compared, from one event to another, both among them.
 *
 * @throws LEDGER_TAMPERED
 */
export async function assertFoundAsSaid(pool: Pool, from: number, to: number): Promise<void> {
  const [row] = await query<{ sequence: string }>(
    pool,
    `SELECT e.sequence FROM ledger_event e CROSS JOIN LATERAL json_to_record(e.canonical::json)
       AS said(type text, category text, resource text, risk text, actor json, frameworks json, "recordedAt" timestamptz)
     WHERE e.sequence BETWEEN $1 AND $2 AND NOT (
       said.type = e.type AND said.category = e.category AND said.resource = e.resource AND said.risk = e.risk
       AND said.actor ->> 'id' = e.actor AND said."recordedAt" = e.recorded_at
       AND coalesce(said.frameworks, '[]')::jsonb = to_jsonb(e.frameworks))
     ORDER BY e.sequence LIMIT 1`,
    [from, to],
  );
  if (row !== undefined)
    throw new MlopsError('LEDGER_TAMPERED', {
      problem: `event ${row.sequence} is stored under another type, actor, resource, time or risk than it says`,
    });
}
