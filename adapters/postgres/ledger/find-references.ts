import type { Pool } from 'pg';
import { query } from '../query.ts';

/** Which of these references lead somewhere: `ledger:<sequence>` to an event, `sha256:<digest>` to a registered artifact. */
export async function findReferences(pool: Pool, references: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await query<{ reference: string }>(
    pool,
    `SELECT reference FROM unnest($1::text[]) AS asked(reference)
     WHERE (reference LIKE 'ledger:%' AND EXISTS (
         SELECT FROM ledger_event WHERE sequence = CASE WHEN reference LIKE 'ledger:%' THEN substr(reference, 8)::bigint END))
       OR (reference LIKE 'sha256:%' AND EXISTS (SELECT FROM model_version WHERE artifact_digest = substr(reference, 8)))`,
    [references],
  );
  return new Set(rows.map(({ reference }) => reference));
}
