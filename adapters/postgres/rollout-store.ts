import type { Pool } from 'pg';
import type { RolloutEventRecord, RolloutStore } from '../../activities/ports.ts';
import type { RolloutRecord, TickRecord } from '../../domain/rollout/records.ts';
import { inTransaction, query } from './query.ts';

/** Rows as PostgreSQL returns them; names are the columns'. */
export interface TickRow {
  readonly rollout_key: string;
  readonly tick: number;
  readonly at: Date;
  readonly step: number;
  readonly judged: boolean;
  readonly snapshot: TickRecord['snapshot'];
  readonly input: TickRecord['input'];
  readonly verdict: TickRecord['verdict'];
  readonly state: unknown;
  readonly engine: string;
}

const TICK_COLUMNS = 'rollout_key, tick, at, step, judged, snapshot, input, verdict, state, engine';

/** Ticks that keep the judge's state and the raw reading; older ones can be recomputed and are kept small. */
const KEPT_STATES = 2;

/** The evidence of rollouts in PostgreSQL. Every write is idempotent by its key. */
export function createRolloutStore(pool: Pool): RolloutStore {
  return {
    open: async (record) => await openRollout(pool, record),

    async tick(rolloutKey, tick) {
      const rows = await query<TickRow>(
        pool,
        `SELECT ${TICK_COLUMNS} FROM rollout_tick WHERE rollout_key = $1 AND tick = $2`,
        [rolloutKey, tick],
      );
      return rows[0] === undefined ? null : tickOf(rows[0]);
    },

    async lastTickBefore(rolloutKey, tick) {
      const rows = await query<TickRow>(
        pool,
        `SELECT ${TICK_COLUMNS} FROM rollout_tick WHERE rollout_key = $1 AND tick < $2 ORDER BY tick DESC LIMIT 1`,
        [rolloutKey, tick],
      );
      return rows[0] === undefined ? null : tickOf(rows[0]);
    },

    saveTick: async (record) => await saveTick(pool, record),

    recordEvent: async (record) => await recordEvent(pool, record),

    async unfinished(environment, model) {
      const rows = await query<{ rollout_key: string }>(
        pool,
        'SELECT rollout_key FROM rollout WHERE environment = $1 AND model = $2 AND outcome IS NULL ORDER BY started_at',
        [environment, model],
      );
      return rows.map((row) => row.rollout_key);
    },

    async openIncident(record) {
      const rows = await query(
        pool,
        `INSERT INTO incident (idempotency_key, model, environment, kind, severity, summary, evidence)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (idempotency_key) DO NOTHING RETURNING idempotency_key`,
        [
          record.idempotencyKey,
          record.model,
          record.environment,
          record.kind,
          record.severity,
          record.summary,
          JSON.stringify(record.evidence),
        ],
      );
      return rows.length > 0;
    },

    close: async (rolloutKey, outcome, proven) => await closeRollout(pool, rolloutKey, outcome, proven),
  };
}

async function openRollout(pool: Pool, record: RolloutRecord): Promise<void> {
  await query(
    pool,
    `INSERT INTO rollout (rollout_key, rollout_id, model, environment, from_version, to_version, plan, policy, started_by, started_at, engine)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (rollout_key) DO NOTHING`,
    [
      record.rolloutKey,
      record.rolloutId,
      record.model,
      record.environment,
      record.fromVersion,
      record.toVersion,
      JSON.stringify(record.plan),
      JSON.stringify(record.policy),
      record.startedBy,
      record.startedAt,
      JSON.stringify(record.engine),
    ],
  );
}

async function recordEvent(pool: Pool, record: RolloutEventRecord): Promise<void> {
  await query(
    pool,
    `INSERT INTO rollout_event (rollout_key, idempotency_key, at, event, actor, details)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (idempotency_key) DO NOTHING`,
    [record.rolloutKey, record.idempotencyKey, record.at, record.event, record.actor, JSON.stringify(record.details)],
  );
}

async function closeRollout(
  pool: Pool,
  rolloutKey: string,
  outcome: Parameters<RolloutStore['close']>[1],
  proven: Parameters<RolloutStore['close']>[2],
): Promise<void> {
  await inTransaction(pool, async (client) => {
    const closed = await client.query(
      `UPDATE rollout SET outcome = $2, reason = $3, detail = $4, closed_at = $5, human_wait_seconds = $6
       WHERE rollout_key = $1 AND outcome IS NULL`,
      [rolloutKey, outcome.outcome, outcome.reason, outcome.detail, outcome.at, outcome.humanWaitSeconds],
    );
    // Closed already by an attempt whose answer was lost.
    if (closed.rowCount === 0 || proven === null) return;
    await client.query(
      `INSERT INTO proven_version (model, environment, version, endpoint, rollout_key) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (model, environment, version)
       DO UPDATE SET endpoint = EXCLUDED.endpoint, proven_at = now(), rollout_key = EXCLUDED.rollout_key`,
      [proven.model, proven.environment, proven.version, proven.endpoint, rolloutKey],
    );
  });
}

async function saveTick(pool: Pool, record: TickRecord): Promise<TickRecord> {
  return await inTransaction(pool, async (client) => {
    const inserted = await client.query<TickRow>(
      `INSERT INTO rollout_tick (${TICK_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (rollout_key, tick) DO NOTHING RETURNING ${TICK_COLUMNS}`,
      [
        record.rolloutKey,
        record.tick,
        record.at,
        record.step,
        record.judged,
        record.snapshot === null ? null : JSON.stringify(record.snapshot),
        JSON.stringify(record.input),
        JSON.stringify(record.verdict),
        record.state === null ? null : JSON.stringify(record.state),
        record.engine,
      ],
    );
    if (inserted.rows[0] !== undefined) {
      await client.query(
        'UPDATE rollout_tick SET state = NULL, snapshot = NULL WHERE rollout_key = $1 AND tick <= $2 AND tick > $2 - 3 AND state IS NOT NULL',
        [record.rolloutKey, record.tick - KEPT_STATES],
      );
      return tickOf(inserted.rows[0]);
    }
    const there = await client.query<TickRow>(
      `SELECT ${TICK_COLUMNS} FROM rollout_tick WHERE rollout_key = $1 AND tick = $2`,
      [record.rolloutKey, record.tick],
    );
    const row = there.rows[0];
    if (row === undefined) throw new Error(`tick ${record.tick} of ${record.rolloutKey} is neither new nor there`);
    return tickOf(row);
  });
}

/** A row as the rest of the program knows it. */
export function tickOf(row: TickRow): TickRecord {
  return {
    rolloutKey: row.rollout_key,
    tick: row.tick,
    at: row.at.toISOString(),
    step: row.step,
    judged: row.judged,
    snapshot: row.snapshot,
    input: row.input,
    verdict: row.verdict,
    state: row.state,
    engine: row.engine,
  };
}
