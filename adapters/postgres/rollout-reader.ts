import type { Pool } from 'pg';
import {
  historyOfPairs,
  type HistoryQuery,
  type HistoryTick,
  type PairedTick,
} from '../../domain/rollout/calibration/history.ts';
import type { JudgeTick } from '../../domain/rollout/judge.ts';
import type { ReceiptEvent, ReceiptWrite, RolloutReceipt } from '../../domain/rollout/receipt.ts';
import type { EngineVersion, RolloutOutcomeRecord } from '../../domain/rollout/records.ts';
import { query } from './query.ts';
import { tickOf, type TickRow } from './rollout-store.ts';

interface RolloutRow {
  readonly rollout_key: string;
  readonly rollout_id: string;
  readonly model: string;
  readonly environment: string;
  readonly from_version: string;
  readonly to_version: string;
  readonly plan: unknown;
  readonly policy: Record<string, unknown>;
  readonly started_by: string;
  readonly started_at: Date;
  readonly outcome: RolloutOutcomeRecord['outcome'] | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly closed_at: Date | null;
  readonly engine: EngineVersion;
}

/** Reads the evidence of rollouts. */
export function createRolloutReader(pool: Pool) {
  return {
    /** Rollouts of an environment, newest first. */
    async list(environment: string, model: string | null, limit: number) {
      const rows = await query<RolloutRow>(
        pool,
        `SELECT * FROM rollout WHERE environment = $1 AND ($2::text IS NULL OR model = $2) ORDER BY started_at DESC LIMIT $3`,
        [environment, model, limit],
      );
      return rows.map(summaryOf);
    },

    /** Counts of the stable version in every look of that length, oldest first; of both arms of A/A runs. */
    async history(environment: string, model: string, asked: HistoryQuery): Promise<HistoryTick[]> {
      const rows = await query<HistoryRow>(
        pool,
        `SELECT rollout_key, r.from_version = r.to_version AS same_version, t.input
         FROM rollout_tick t JOIN rollout r USING (rollout_key)
         WHERE r.environment = $1 AND r.model = $2 AND (r.policy->>'tickSeconds')::float8 = $3
           AND ($4::timestamptz IS NULL OR t.at >= $4)
           AND t.input->'control' ? 'requests' AND t.input->'control' ? 'errors'
         ORDER BY r.started_at DESC, t.tick DESC LIMIT $5`,
        [environment, model, asked.tickSeconds, asked.since, asked.newest],
      );
      return historyOf(rows.toReversed());
    },

    /** The receipt of one rollout, or of the newest one of a model; null when there is none. */
    async receipt(environment: string, model: string, rolloutKey: string | null): Promise<RolloutReceipt | null> {
      const rows = await query<RolloutRow>(
        pool,
        `SELECT * FROM rollout WHERE environment = $1 AND model = $2 AND ($3::text IS NULL OR rollout_key = $3)
         ORDER BY started_at DESC LIMIT 1`,
        [environment, model, rolloutKey],
      );
      const row = rows[0];
      return row === undefined ? null : await receiptOf(pool, row);
    },
  };
}

interface HistoryRow {
  readonly rollout_key: string;
  /** An A/A run: both arms are the stable version. */
  readonly same_version: boolean;
  readonly input: JudgeTick;
}

function historyOf(rows: readonly HistoryRow[]): HistoryTick[] {
  const runs = Map.groupBy(rows, ({ rollout_key: key }) => key);
  return [...runs].flatMap(([key, looks]) => {
    if (looks[0]?.same_version === true)
      return historyOfPairs(
        looks.map(({ input }) => input as PairedTick),
        key,
      );
    return looks.map(({ input }): HistoryTick => ({ ...(input.control as HistoryTick), segment: key }));
  });
}

async function receiptOf(pool: Pool, row: RolloutRow): Promise<RolloutReceipt> {
  const key = row.rollout_key;
  const ticks = await query<TickRow>(pool, 'SELECT * FROM rollout_tick WHERE rollout_key = $1 ORDER BY tick', [key]);
  const events = await query<{ at: Date; event: string; actor: string; details: Record<string, unknown> }>(
    pool,
    'SELECT at, event, actor, details FROM rollout_event WHERE rollout_key = $1 ORDER BY sequence',
    [key],
  );
  return {
    schemaVersion: 1,
    kind: 'rollout-receipt',
    rollout: {
      rolloutKey: key,
      rolloutId: row.rollout_id,
      model: row.model,
      environment: row.environment,
      fromVersion: row.from_version,
      toVersion: row.to_version,
      plan: row.plan,
      policy: row.policy,
      startedBy: row.started_by,
      startedAt: row.started_at.toISOString(),
      engine: row.engine,
    },
    outcome:
      row.outcome === null || row.closed_at === null
        ? null
        : { outcome: row.outcome, reason: row.reason ?? '', detail: row.detail ?? '', at: row.closed_at.toISOString() },
    events: events.map((event): ReceiptEvent => ({ ...event, at: event.at.toISOString() })),
    writes: await writesOf(pool, row),
    ticks: ticks.map(tickOf).map(({ state: _state, snapshot: _snapshot, rolloutKey: _key, ...tick }) => tick),
  };
}

async function writesOf(pool: Pool, row: RolloutRow): Promise<ReceiptWrite[]> {
  const rows = await query<{
    generation: string;
    idempotency_key: string;
    split: ReceiptWrite['split'];
    actor: string;
    reason: string;
    requested_at: Date;
    applied_at: Date | null;
    refused_code: string | null;
  }>(
    pool,
    `SELECT generation, idempotency_key, split, actor, reason, requested_at, applied_at, refused_code FROM traffic_write
     WHERE environment = $1 AND model = $2 AND starts_with(idempotency_key, $3) ORDER BY generation`,
    [row.environment, row.model, `${row.rollout_key}/`],
  );
  return rows.map((write) => ({
    generation: Number(write.generation),
    idempotencyKey: write.idempotency_key,
    split: write.split,
    actor: write.actor,
    reason: write.reason,
    requestedAt: write.requested_at.toISOString(),
    appliedAt: write.applied_at?.toISOString() ?? null,
    refusedCode: write.refused_code,
  }));
}

function summaryOf(row: RolloutRow) {
  return {
    rolloutKey: row.rollout_key,
    model: row.model,
    environment: row.environment,
    fromVersion: row.from_version,
    toVersion: row.to_version,
    outcome: row.outcome,
    reason: row.reason,
    startedBy: row.started_by,
    startedAt: row.started_at.toISOString(),
    closedAt: row.closed_at?.toISOString() ?? null,
  };
}
