import type { Pool } from 'pg';
import type { RolloutStore } from '../../activities/ports.ts';
import { carriedWealthOf, type EarlierAttempt } from '../../domain/rollout/error-budget.ts';
import type { RolloutRecord, TickRecord } from '../../domain/rollout/records.ts';
import { query } from './query.ts';

/** The newest attempt of the same release but this one, as its last look left it. */
export async function findEarlierAttempt(
  pool: Pool,
  { rolloutKey, model, environment, fromVersion, toVersion }: Parameters<RolloutStore['earlierAttempt']>[0],
): Promise<EarlierAttempt | null> {
  const rows = await query<{
    rollout_key: string;
    outcome: string | null;
    policy: RolloutRecord['policy'];
    verdict: TickRecord['verdict'] | null;
  }>(
    pool,
    `SELECT r.rollout_key, r.outcome, r.policy, last.verdict FROM rollout r
     LEFT JOIN LATERAL (
       SELECT verdict FROM rollout_tick t WHERE t.rollout_key = r.rollout_key ORDER BY tick DESC LIMIT 1
     ) last ON true
     WHERE r.environment = $1 AND r.model = $2 AND r.from_version = $3 AND r.to_version = $4 AND r.rollout_key <> $5
     ORDER BY r.started_at DESC LIMIT 1`,
    [environment, model, fromVersion, toVersion, rolloutKey],
  );
  const [row] = rows;
  // A promotion ends the release: rolling the version out again is another one.
  if (row === undefined || row.outcome === 'promoted') return null;
  const { rollout_key: key, policy, verdict } = row;
  return {
    rolloutKey: key,
    wealth: verdict?.wealth ?? carriedWealthOf(policy),
    decision: verdict?.decision ?? null,
    metric: verdict?.metric ?? null,
  };
}

/** Evidence that a rollout began with, by the policy it was opened with. */
export async function findCarriedWealth(pool: Pool, rolloutKey: string): Promise<number> {
  const rows = await query<{ policy: RolloutRecord['policy'] }>(
    pool,
    'SELECT policy FROM rollout WHERE rollout_key = $1',
    [rolloutKey],
  );
  return carriedWealthOf(rows[0]?.policy ?? {});
}
