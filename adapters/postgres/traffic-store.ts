import type { ReservedWrite, TrafficStore } from '../../activities/ports.ts';
import type { LiveSplit, TrafficSplit } from '../../domain/rollout/split.ts';
import { draftOfTraffic, type TrafficStage } from '../../domain/governance/rollout-drafts.ts';
import { appendAct, assertNobodyErased, readErased } from './erased-while-running.ts';
import type { LedgerTransaction } from './ledger/ledger.ts';
import { query } from './query.ts';
import type { EvidenceParts } from './rollout-store.ts';

interface WriteRow {
  readonly generation: string;
  readonly idempotency_key: string;
  readonly split: TrafficSplit;
  readonly expected_generation: string | null;
  readonly applied_at: Date | null;
  readonly actor: string;
  readonly reason: string;
}

/** Which write is marked, and by whom. */
interface MarkOrder {
  readonly environment: string;
  readonly model: string;
  readonly generation: number;
  readonly actor: string;
  readonly code?: string;
  readonly isErased?: boolean;
}

type ReserveRequest = Parameters<TrafficStore['reserve']>[0];

const COLUMNS = 'generation, idempotency_key, split, expected_generation, applied_at, actor, reason';

/**
 * The fence of traffic writes in PostgreSQL: generations are given out here, one after the other per model. Every step of a
 * write has its event in the ledger, in the same transaction.
 */
export function createTrafficStore(parts: EvidenceParts): TrafficStore {
  const { pool, ledger, principals } = parts;
  return {
    async reserve(request) {
      const erased = await readErased(pool, request.idempotencyKey);
      const id = erased.idOf(request.actor);
      const said = { ...request, actor: id ?? request.actor };
      const actor = await principals.actor(said.actor);
      return await ledger.transact(async (transaction) => {
        await assertNobodyErased(transaction, request.idempotencyKey, erased);
        const { row, isNew } = await reserve(transaction, said);
        const { generation } = reservedOf(row);
        if (isNew) appendAct(transaction, draftOfTraffic('reserved', { ...said, generation }, actor), id !== null);
        return reservedOf(row);
      });
    },

    async markApplied(environment, written) {
      const id = (await readErased(pool, written.idempotencyKey)).idOf(written.actor);
      const live = id === null ? written : { ...written, actor: id };
      await mark(
        parts,
        { environment, model: live.split.model, generation: live.generation, actor: live.actor, isErased: id !== null },
        'applied',
        `UPDATE traffic_write SET applied_at = $5::timestamptz, observed = $6, ledger_sequence = $4
         WHERE environment = $1 AND model = $2 AND generation = $3 AND refused_code IS NULL AND applied_at IS NULL
         RETURNING ${COLUMNS}`,
        [live.writtenAt, JSON.stringify(live)],
      );
    },

    async markRefused(environment, model, generation, code) {
      await mark(
        parts,
        { environment, model, generation, code, actor: 'rollout' },
        'refused',
        `UPDATE traffic_write SET refused_code = $5, ledger_sequence = $4
         WHERE environment = $1 AND model = $2 AND generation = $3 AND applied_at IS NULL AND refused_code IS NULL
         RETURNING ${COLUMNS}`,
        [code],
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

    recordForeign: async (environment, live, reason) => await recordForeign(parts, environment, live, reason),

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

/** Marks a write by a statement that takes environment, model, generation and the event's sequence first. */
async function mark(
  { ledger, principals }: EvidenceParts,
  { actor: name, code, environment, generation, isErased = false, model }: MarkOrder,
  stage: TrafficStage,
  sql: string,
  values: readonly unknown[],
): Promise<void> {
  const actor = await principals.actor(name);
  await ledger.transact(async (transaction) => {
    const { client, next } = transaction;
    const { rows } = await client.query<WriteRow>(sql, [environment, model, generation, next, ...values]);
    const [row] = rows;
    if (row === undefined) return;
    const { idempotency_key: idempotencyKey, reason, split } = row;
    const change = { environment, split, generation, idempotencyKey, reason };
    const draft = draftOfTraffic(stage, { ...change, ...(code === undefined ? {} : { code }) }, actor);
    appendAct(transaction, draft, isErased);
  });
}

async function recordForeign(
  { ledger, principals }: EvidenceParts,
  environment: string,
  live: LiveSplit,
  reason: string,
): Promise<void> {
  const { generation, split } = live;
  // The foreign writer's key may be anything; ours must stay unique.
  const idempotencyKey = `foreign/${environment}/${split.model}/${generation}`;
  // Who wrote it is what the writer says: the event is of who found it.
  const actor = await principals.actor('traffic-guard');
  const writer = await principals.actor(live.actor);
  await ledger.transact(async ({ append, client, next }) => {
    const { rowCount } = await client.query(
      `INSERT INTO traffic_write (model, environment, generation, idempotency_key, split, actor, reason, applied_at, observed, ledger_sequence)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
      [
        split.model,
        environment,
        generation,
        idempotencyKey,
        JSON.stringify(split),
        live.actor,
        `${reason}: ${live.reason}`,
        live.writtenAt,
        JSON.stringify(live),
        next,
      ],
    );
    if (rowCount !== 1) return;
    const said = `${reason}; written by ${live.actor}: ${live.reason}`;
    const found = { environment, split, generation, idempotencyKey, reason: said };
    append(draftOfTraffic('found', found, actor, writer));
  });
}

/** Who appends to the ledger is alone: no two compute the same next generation. */
async function reserve(
  { client, next }: LedgerTransaction,
  request: ReserveRequest,
): Promise<{ readonly row: WriteRow; readonly isNew: boolean }> {
  const { split, environment } = request;
  const known = await client.query<WriteRow>(
    `SELECT ${COLUMNS} FROM traffic_write WHERE idempotency_key = $1 AND refused_code IS NULL`,
    [request.idempotencyKey],
  );
  if (known.rows[0] !== undefined) return { row: known.rows[0], isNew: false };
  const inserted = await client.query<WriteRow>(
    `INSERT INTO traffic_write (model, environment, generation, idempotency_key, split, expected_generation, actor, reason, ledger_sequence)
     SELECT $1, $2, GREATEST(COALESCE(MAX(generation), 0), $3::bigint) + 1, $4, $5, $3, $6, $7, $8::bigint
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
      next,
    ],
  );
  const row = inserted.rows[0];
  if (row === undefined) throw new Error('INSERT ... RETURNING gave no row');
  return { row, isNew: true };
}

function reservedOf(row: WriteRow): ReservedWrite {
  return {
    generation: Number(row.generation),
    idempotencyKey: row.idempotency_key,
    split: row.split,
    expectedGeneration: row.expected_generation === null ? null : Number(row.expected_generation),
    actor: row.actor,
    applied: row.applied_at !== null,
  };
}
