import type { Pool } from 'pg';
import { query } from './query.ts';

/** A rollout as its record was opened, while it has not ended. */
export interface OpenRollout {
  readonly environment: string;
  readonly model: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** '' when who it was has been erased. */
  readonly startedBy: string;
}

/** Null when there is none of that key, or it has ended. @throws DATABASE_UNREACHABLE */
export async function findOpenRollout(pool: Pool, rolloutKey: string): Promise<OpenRollout | null> {
  const [row] = await query<{
    environment: string;
    model: string;
    from_version: string;
    to_version: string;
    started_by: string;
  }>(
    pool,
    `SELECT environment, model, from_version, to_version, started_by FROM rollout
     WHERE rollout_key = $1 AND outcome IS NULL`,
    [rolloutKey],
  );
  if (row === undefined) return null;
  const { environment, from_version: fromVersion, model, started_by: startedBy, to_version: toVersion } = row;
  return { environment, model, fromVersion, toVersion, startedBy };
}
