import type { Pool } from 'pg';
import type { IncidentRecord, RolloutStore } from '../../activities/ports.ts';
import { MlopsError } from '../../domain/errors.ts';
import {
  boundContentOf,
  draftOfClose,
  draftOfIncident,
  draftOfStart,
  draftOfTick,
} from '../../domain/governance/rollout-drafts.ts';
import { ERASED_WORDS } from '../../domain/governance/custody-drafts.ts';
import { keepable } from '../../domain/keepable-text.ts';
import type { RolloutRecord, TickRecord } from '../../domain/rollout/records.ts';
import { digestOf } from '../crypto/digest-of.ts';
import { appendAct, assertNobodyErased, endForgetting, readErased } from './erased-while-running.ts';
import { findCarriedWealth, findEarlierAttempt } from './earlier-attempts.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Principals } from './ledger/principals.ts';
import { query } from './query.ts';
import { assertStillAdmitted } from './registry/rollout-versions.ts';
import { recordEntry, subjectOf } from './rollout-entry.ts';

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

/** What the stores of evidence are made of. */
export interface EvidenceParts {
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly principals: Principals;
}

const TICK_COLUMNS = 'rollout_key, tick, at, step, judged, snapshot, input, verdict, state, engine';

/** Ticks that keep the judge's state and the raw reading; older ones can be recomputed and are kept small. */
const KEPT_STATES = 2;

/** The evidence of rollouts in PostgreSQL. Every write is idempotent by its key, and has its event in the ledger. */
export function createRolloutStore(parts: EvidenceParts): RolloutStore {
  const { pool } = parts;
  return {
    open: async (record, isGoverned) => await openRollout(parts, keepable(record), isGoverned === true),

    earlierAttempt: async (release) => await findEarlierAttempt(pool, release),

    carriedWealth: async (rolloutKey) => await findCarriedWealth(pool, rolloutKey),

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

    saveTick: async (record) => await saveTick(parts, record),

    // What people write is kept as it can be: an entry that could never be written would keep all that come after it from being.
    recordEvent: async (record) => await recordEntry(parts, keepable(record)),

    async unfinished(environment, model) {
      const rows = await query<{ rollout_key: string }>(
        pool,
        'SELECT rollout_key FROM rollout WHERE environment = $1 AND model = $2 AND outcome IS NULL ORDER BY started_at',
        [environment, model],
      );
      return rows.map((row) => row.rollout_key);
    },

    openIncident: async (record) => await openIncident(parts, keepable(record)),

    close: async (rolloutKey, outcome, proven) => await closeRollout(parts, rolloutKey, keepable(outcome), proven),
  };
}

async function openRollout(
  { ledger, principals }: EvidenceParts,
  record: RolloutRecord,
  isGoverned: boolean,
): Promise<void> {
  const actor = await principals.actor(record.startedBy);
  const [plan, policy] = [JSON.stringify(record.plan), JSON.stringify(record.policy)];
  await ledger.transact(async (transaction) => {
    const { rowCount } = await transaction.client.query(
      `INSERT INTO rollout (rollout_key, rollout_id, model, environment, from_version, to_version, plan, policy, started_by, started_at, engine, ledger_sequence)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (rollout_key) DO NOTHING`,
      [
        record.rolloutKey,
        record.rolloutId,
        record.model,
        record.environment,
        record.fromVersion,
        record.toVersion,
        plan,
        policy,
        record.startedBy,
        record.startedAt,
        JSON.stringify(record.engine),
        transaction.next,
      ],
    );
    if (rowCount !== 1) return;
    if (isGoverned) await assertStillAdmitted(transaction.client, record);
    transaction.append(draftOfStart(record, actor, { plan: digestOf(record.plan), policy: digestOf(record.policy) }));
  });
}

async function openIncident({ ledger, principals }: EvidenceParts, record: IncidentRecord): Promise<boolean> {
  const actor = await principals.actor(record.actor);
  const { live } = record.evidence as { readonly live?: { readonly actor?: unknown } };
  const told = typeof live?.actor === 'string' ? await principals.actor(live.actor) : actor;
  const evidence = JSON.stringify(record.evidence);
  return await ledger.transact(async (transaction) => {
    const { rowCount } = await transaction.client.query(
      `INSERT INTO incident (idempotency_key, model, environment, kind, severity, summary, evidence, ledger_sequence)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (idempotency_key) DO NOTHING`,
      [
        record.idempotencyKey,
        record.model,
        record.environment,
        record.kind,
        record.severity,
        record.summary,
        evidence,
        transaction.next,
      ],
    );
    if (rowCount !== 1) return false;
    transaction.append(draftOfIncident({ ...record, evidence: JSON.parse(evidence) as unknown }, actor, told));
    return true;
  });
}

async function closeRollout(
  { ledger, pool, principals }: EvidenceParts,
  rolloutKey: string,
  ended: Parameters<RolloutStore['close']>[1],
  proven: Parameters<RolloutStore['close']>[2],
): Promise<void> {
  const erased = await readErased(pool, rolloutKey);
  const id = erased.idOf(ended.actor);
  const outcome = id === null ? ended : { ...ended, actor: id, detail: ERASED_WORDS };
  const actor = await principals.actor(outcome.actor);
  await ledger.transact(async (transaction) => {
    await assertNobodyErased(transaction, rolloutKey, erased);
    const { client, next } = transaction;
    // The guard closes a rollout that was terminated by its own clock: no look may come after the end.
    const closed = await client.query<{ closed_at: Date }>(
      `UPDATE rollout SET outcome = $2, reason = $3, detail = $4, human_wait_seconds = $6, ledger_sequence = $7,
         closed_at = GREATEST($5::timestamptz, (SELECT max(at) FROM rollout_tick WHERE rollout_key = $1))
       WHERE rollout_key = $1 AND outcome IS NULL RETURNING closed_at`,
      [rolloutKey, outcome.outcome, outcome.reason, outcome.detail, outcome.at, outcome.humanWaitSeconds, next],
    );
    const [row] = closed.rows;
    // Closed already by an attempt whose answer was lost.
    if (row === undefined) return;
    const at = row.closed_at.toISOString();
    const draft = draftOfClose(await subjectOf(transaction, rolloutKey), { ...outcome, at }, actor);
    appendAct(transaction, draft, id !== null);
    await endForgetting(transaction, rolloutKey, erased);
    if (proven === null) return;
    await client.query(
      `INSERT INTO proven_version (model, environment, version, endpoint, rollout_key, ledger_sequence) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (model, environment, version)
       DO UPDATE SET endpoint = EXCLUDED.endpoint, proven_at = now(), rollout_key = EXCLUDED.rollout_key, ledger_sequence = EXCLUDED.ledger_sequence`,
      [proven.model, proven.environment, proven.version, proven.endpoint, rolloutKey, next],
    );
  });
}

async function saveTick({ ledger, principals }: EvidenceParts, record: TickRecord): Promise<TickRecord> {
  const judge = await principals.actor('judge');
  const [input, verdict] = [JSON.stringify(record.input), JSON.stringify(record.verdict)];
  return await ledger.transact(async (transaction) => {
    const { client } = transaction;
    const inserted = await client.query<TickRow>(
      `INSERT INTO rollout_tick (${TICK_COLUMNS}, ledger_sequence)
       SELECT $1, $2::integer, $3::timestamptz, $4::integer, $5::boolean, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11::bigint
       WHERE NOT EXISTS (SELECT FROM rollout WHERE rollout_key = $1 AND outcome IS NOT NULL)
       ON CONFLICT (rollout_key, tick) DO NOTHING RETURNING ${TICK_COLUMNS}`,
      [
        record.rolloutKey,
        record.tick,
        record.at,
        record.step,
        record.judged,
        record.snapshot === null ? null : JSON.stringify(record.snapshot),
        input,
        verdict,
        record.state === null ? null : JSON.stringify(record.state),
        record.engine,
        transaction.next,
      ],
    );
    if (inserted.rows[0] !== undefined) {
      const rollout = await subjectOf(transaction, record.rolloutKey);
      transaction.append(draftOfTick(rollout, record, digestOfTick(record), judge));
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
    // What was being looked at when somebody terminated the workflow is no part of its story.
    if (row === undefined)
      throw new MlopsError('ROLLOUT_OVER', { rolloutKey: record.rolloutKey, tick: String(record.tick) });
    return tickOf(row);
  });
}

/** What a look rested on and what it found, as the ledger binds it. */
export function digestOfTick(tick: Omit<TickRecord, 'rolloutKey' | 'snapshot' | 'state'>): string {
  return digestOf(boundContentOf(tick));
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
