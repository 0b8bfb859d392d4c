import type { Pool, PoolClient } from 'pg';
import type { ReservedWrite, TrafficStore } from '../../activities/ports.ts';
import type { LiveSplit, TrafficSplit } from '../../domain/rollout/split.ts';
import { inTransaction, query } from './query.ts';

interface WriteRow {
  readonly generation: string;
  readonly idempotency_key: string;
  readonly split: TrafficSplit;
  readonly expected_generation: string | null;
  readonly applied_at: Date | null;
  readonly actor: string;
  readonly reason: string;
}

type ReserveRequest = Parameters<TrafficStore['reserve']>[0];

const COLUMNS = 'generation, idempotency_key, split, expected_generation, applied_at, actor, reason';

/** The fence of traffic writes in PostgreSQL: generations are given out here, one after the other per model. */
export function createTrafficStore(pool: Pool): TrafficStore {
  return {
    reserve: async (request) => await inTransaction(pool, (client) => reserve(client, request)),

    async markApplied(environment, live) {
      await query(
        pool,
        `UPDATE traffic_write SET applied_at = COALESCE(applied_at, $4::timestamptz), observed = $5
         WHERE environment = $1 AND model = $2 AND generation = $3 AND refused_code IS NULL`,
        [environment, live.split.model, live.generation, live.writtenAt, JSON.stringify(live)],
      );
    },

    async markRefused(environment, model, generation, code) {
      await query(
        pool,
        `UPDATE traffic_write SET refused_code = $4
         WHERE environment = $1 AND model = $2 AND generation = $3 AND applied_at IS NULL`,
        [environment, model, generation, code],
      );
    },

    async latestApplied(environment, model) {
      const rows = await query<{ observed: LiveSplit }>(
        pool,
        `SELECT observed FROM traffic_write
         WHERE environment = $1 AND model = $2 AND applied_at IS NOT NULL ORDER BY generation DESC LIMIT 1`,
        [environment, model],
      );
      return rows[0]?.observed ?? null;
    },

    async recordForeign(environment, live, reason) {
      await query(
        pool,
        `INSERT INTO traffic_write (model, environment, generation, idempotency_key, split, actor, reason, applied_at, observed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
        [
          live.split.model,
          environment,
          live.generation,
          // The foreign writer's key may be anything; ours must stay unique.
          `foreign/${environment}/${live.split.model}/${live.generation}`,
          JSON.stringify(live.split),
          live.actor,
          `${reason}: ${live.reason}`,
          live.writtenAt,
          JSON.stringify(live),
        ],
      );
    },

    async models(environment) {
      const rows = await query<{ model: string }>(
        pool,
        'SELECT DISTINCT model FROM traffic_write WHERE environment = $1 ORDER BY model',
        [environment],
      );
      return rows.map((row) => row.model);
    },
  };
}

async function reserve(client: PoolClient, request: ReserveRequest): Promise<ReservedWrite> {
  const { split, environment } = request;
  // Writers of one model take turns; without the lock two could compute the same next generation.
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 42))', [`${environment}/${split.model}`]);
  const known = await client.query<WriteRow>(
    `SELECT ${COLUMNS} FROM traffic_write WHERE idempotency_key = $1 AND refused_code IS NULL`,
    [request.idempotencyKey],
  );
  if (known.rows[0] !== undefined) return reservedOf(known.rows[0]);
  const inserted = await client.query<WriteRow>(
    `INSERT INTO traffic_write (model, environment, generation, idempotency_key, split, expected_generation, actor, reason)
     SELECT $1, $2, GREATEST(COALESCE(MAX(generation), 0), $3::bigint) + 1, $4, $5, $3, $6, $7
     FROM traffic_write WHERE model = $1 AND environment = $2
     RETURNING ${COLUMNS}`,
    [
      split.model,
      environment,
      request.expectedGeneration,
      request.idempotencyKey,
      JSON.stringify(split),
      request.actor,
      request.reason,
    ],
  );
  const row = inserted.rows[0];
  if (row === undefined) throw new Error('INSERT ... RETURNING gave no row');
  return reservedOf(row);
}

function reservedOf(row: WriteRow): ReservedWrite {
  return {
    generation: Number(row.generation),
    idempotencyKey: row.idempotency_key,
    split: row.split,
    expectedGeneration: row.expected_generation === null ? null : Number(row.expected_generation),
    applied: row.applied_at !== null,
  };
}
