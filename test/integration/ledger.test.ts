import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, type Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DataKeys } from '../../adapters/crypto/envelope.ts';
import { appendJournal, readJournal } from '../../adapters/gateway/emergency-journal.ts';
import { readBeginning, readExport, readText } from '../../adapters/ledger/export-files.ts';
import { createSegmentFiles, listSegments } from '../../adapters/ledger/segments.ts';
import { createTokenVerifier } from '../../adapters/identity/token-verifier.ts';
import { createAuthority } from '../../adapters/postgres/identity/authority.ts';
import { createEmergencyJournal } from '../../adapters/postgres/emergency-ingest.ts';
import { createLedger, type LedgerTransaction } from '../../adapters/postgres/ledger/ledger.ts';
import { exportLedger } from '../../adapters/postgres/ledger/export-ledger.ts';
import { createProver } from '../../adapters/postgres/ledger/prove.ts';
import { queryEvents, statementOf, type PageOrder } from '../../adapters/postgres/ledger/query-events.ts';
import { readEventLines } from '../../adapters/postgres/ledger/read-events.ts';
import { createPayloadSealer } from '../../adapters/postgres/ledger/seal-payloads.ts';
import { signCheckpoint } from '../../adapters/postgres/ledger/sign-checkpoint.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { inTransaction } from '../../adapters/postgres/query.ts';
import { createRolloutReader } from '../../adapters/postgres/rollout-reader.ts';
import { createRolloutStore, type EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { createTrafficStore } from '../../adapters/postgres/traffic-store.ts';
import { verifyFile } from '../../client/audit/verify-file.ts';
import { verifyReceiptHere } from '../../client/rollouts/verify-receipt-here.ts';
import { verifyWithLedger } from '../../client/rollouts/verify-with-ledger.ts';
import { portsFrom } from '../../config/load.ts';
import { MlopsError } from '../../domain/errors.ts';
import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import { formatCheckpoint, formatNote } from '../../domain/governance/checkpoint.ts';
import type { EventCategory, EventDraft } from '../../domain/governance/event-draft.ts';
import type { EventQuery } from '../../domain/governance/event-query.ts';
import { formatHeader } from '../../domain/governance/export-format.ts';
import { verifyInclusion } from '../../domain/governance/merkle-proof.ts';
import { growTree } from '../../domain/governance/merkle-tree.ts';
import { createExportVerifier, type ExportCheck } from '../../domain/governance/verify-export.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import type { StoryEvent } from '../../domain/rollout/story.ts';
import { openTestLedger, startDatabase, testKeys, type TestDatabase } from '../support/database.ts';
import { ORIGIN, primitives, testKey, testSigner } from '../support/ledger.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createJudgedReceipt, createReceipt } from '../support/receipts.ts';

const PORT = portsFrom(OFFSETS.ledger).postgres;
const KEY = testKey(9);
const SIGNER = testSigner(KEY);

const DRAFT: EventDraft = {
  type: 'test.happened',
  category: 'data_access',
  actor: { id: 'system:test', kind: 'system', authentication: 'process' },
  resource: 'test/1',
  risk: 'low',
};

let database: TestDatabase;
let pool: Pool;
let parts: EvidenceParts;

beforeAll(async () => {
  database = await startDatabase(PORT);
  await migrate(database.url);
  pool = createPool(database.url, 20);
  parts = await openTestLedger(pool);
});
afterAll(async () => {
  await pool.end();
  await database.remove();
});

const sizeOf = async (): Promise<number> =>
  Number((await pool.query<{ size: string }>('SELECT size FROM ledger_head')).rows[0]?.size);

async function verify(lines: readonly string[], note: string): Promise<ExportCheck> {
  const verifier = createExportVerifier(primitives, { trustedKeys: [KEY], earlier: [] });
  const file = formatHeader({ kind: 'full', events: lines.length, checkpoint: note }) + lines.join('');
  for (const text of file.split('\n').slice(0, -1)) verifier.read({ text });
  return await Promise.resolve(verifier.finish());
}

async function verifyDatabase(): Promise<ExportCheck> {
  const { note, size } = await signCheckpoint(pool, primitives, SIGNER);
  const lines: string[] = [];
  for await (const group of readEventLines(pool, 0, size)) lines.push(...group);
  return await verify(lines, note);
}

describe('the ledger', () => {
  it('begins with the event that it was opened, once, whoever opens it', async () => {
    await Promise.all([openTestLedger(pool), openTestLedger(pool)]);
    expect(await sizeOf()).toBe(1);
    expect(await verifyDatabase()).toMatchObject({ valid: true, size: 1, signedBy: [`${ORIGIN}+${KEY.id}`] });
  });

  it('gives one order without gaps to what several processes append at once', async () => {
    const others = await Promise.all([openTestLedger(pool), openTestLedger(pool), openTestLedger(pool)]);
    const before = await sizeOf();
    await Promise.all(
      Array.from(
        { length: 900 },
        async (_, at) =>
          await others[at % 3]?.ledger.append({ ...DRAFT, facts: { at }, payload: { note: `reason ${at}` } }),
      ),
    );
    expect(await sizeOf()).toBe(before + 900);
    expect(await verifyDatabase()).toMatchObject({ valid: true, events: before + 900 });
  });

  it('writes an event once per key', async () => {
    const first = parts.ledger.append(DRAFT, 'key-1');
    const second = parts.ledger.append(DRAFT, 'key-1');
    expect(await Promise.all([first, second])).toEqual([true, false]);
    expect(await parts.ledger.append(DRAFT, 'key-1')).toBe(false);
  });

  it('writes an event whose key another type has taken before, among others and alone', async () => {
    const other = { ...DRAFT, type: 'test.else' };
    expect(await parts.ledger.append(other, 'key-2')).toBe(true);
    expect(await Promise.all([parts.ledger.append(DRAFT, 'key-2'), parts.ledger.append(other, 'key-3')])).toEqual([
      true,
      true,
    ]);
    expect(await Promise.all([parts.ledger.append(DRAFT, 'key-3'), parts.ledger.append(other, 'key-3')])).toEqual([
      true,
      false,
    ]);
  });

  it('takes back what one change did when it fails, and nothing of the others', async () => {
    const before = await sizeOf();
    const works = [0, 1, 2, 3].map(
      async (at) =>
        await parts.ledger.transact(async (transaction) => {
          transaction.append({ ...DRAFT, resource: `test/batch-${at}` });
          if (at === 1) throw new RangeError('no');
          if (at === 2) await transaction.client.query('SELECT 1 / 0');
          return at;
        }),
    );
    const results = await Promise.allSettled(works);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { message: 'no' } });
    expect(results[2]).toMatchObject({ reason: { code: '22012' } });
    expect(await sizeOf()).toBe(before + 2);
    expect(await verifyDatabase()).toMatchObject({ valid: true });
  });

  it('writes the others when one change breaks a rule that is checked at the end', async () => {
    const before = await sizeOf();
    const good = parts.ledger.append(DRAFT);
    const bad = parts.ledger.transact(async ({ client }) => {
      await client.query(
        `INSERT INTO incident (idempotency_key, model, environment, kind, severity, summary, evidence) VALUES ('x', 'm', 'dev', 'k', 'info', 's', '{}')`,
      );
    });
    const also = parts.ledger.append(DRAFT);
    await expect(bad).rejects.toMatchObject({
      code: 'LEDGER_REFUSED',
      exitCode: 1,
      details: { events: 'a change', problem: 'INSERT of incident has no event of its own in the ledger' },
    });
    expect(await Promise.all([good, also])).toEqual([true, true]);
    expect(await sizeOf()).toBe(before + 2);
  });

  it('says what the database refuses, and why', async () => {
    const before = await sizeOf();
    const wrong = { ...primitives, leafHash: () => '0'.repeat(64) };
    const ledger = createLedger(pool, { primitives: wrong, sealer: createPayloadSealer(primitives, testKeys) });
    const appended = [ledger.append(DRAFT), ledger.append({ ...DRAFT, type: 'test.else' })];
    for (const [at, type] of [DRAFT.type, 'test.else'].entries())
      await expect(appended[at]).rejects.toMatchObject({
        code: 'LEDGER_REFUSED',
        exitCode: 1,
        retryable: true,
        message: `Database refuses ${type}, with what is changed by it: events do not go on from the end of the log; wanted what its rules allow`,
        cause: { code: '23000' },
      });
    // Nobody may, by whatever login.
    const changed = parts.ledger.transact(async ({ client }) => await client.query(`DELETE FROM ledger_event`));
    await expect(changed).rejects.toMatchObject({
      code: 'LEDGER_REFUSED',
      details: { problem: 'evidence is append-only: DELETE of ledger_event is refused' },
    });
    expect(await sizeOf()).toBe(before);
  });

  it('refuses a draft that has no canonical text, or is too long, before it harms others', async () => {
    const before = await sizeOf();
    const nan = parts.ledger.append({ ...DRAFT, facts: { share: Number.NaN } });
    const long = parts.ledger.append({ ...DRAFT, resource: 'x'.repeat(70_000) });
    const good = parts.ledger.append(DRAFT);
    await expect(nan).rejects.toThrow(TypeError);
    await expect(long).rejects.toThrow(RangeError);
    expect(await good).toBe(true);
    expect(await sizeOf()).toBe(before + 1);
  });
});

describe('a key that cannot be had', () => {
  const WITH_PAYLOAD: EventDraft = { ...DRAFT, payload: { note: 'sealed' } };
  const unreadable = new MlopsError('LEDGER_KEY_UNREADABLE', { subject: 'test/unreadable', key: 'k0' });
  /** A ledger whose keys come as `wrap` says, and are opened by nobody who has no right to. */
  const ledgerOf = (wrap: DataKeys['wrap']) =>
    createLedger(pool, { primitives, sealer: createPayloadSealer(primitives, { ...testKeys, wrap }) });

  it('fails its own event, and none that is appended beside it', async () => {
    const before = await sizeOf();
    const ledger = ledgerOf(async (order) => {
      if (order.subject === 'test/unreadable') throw unreadable;
      return await testKeys.wrap(order);
    });
    const results = await Promise.allSettled([
      ledger.append(DRAFT),
      ledger.append({ ...WITH_PAYLOAD, resource: 'test/unreadable' }),
      ledger.append({ ...WITH_PAYLOAD, resource: 'test/readable' }),
      ledger.transact(async ({ append }) => await Promise.resolve(append(DRAFT))),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'LEDGER_KEY_UNREADABLE' } });
    expect(await sizeOf()).toBe(before + 3);
  });

  it('is waited for while nobody else waits: neither this program nor another', async () => {
    const before = await sizeOf();
    const answer = Promise.withResolvers<boolean>();
    const ledger = ledgerOf(async (order) => {
      if (await answer.promise) return await testKeys.wrap(order);
      throw new MlopsError('KEY_SERVICE_UNREACHABLE', { place: 'vault', problem: 'sealed' });
    });
    const ended: string[] = [];
    const far = ['one', 'two', 'three'].map(async (name) => {
      const append = ({ append: add }: LedgerTransaction) => add({ ...WITH_PAYLOAD, resource: `test/far-${name}` });
      await ledger.transact(async (transaction) => await Promise.resolve(append(transaction)));
      ended.push(name);
    });
    expect(await ledger.append(DRAFT)).toBe(true);
    expect(await parts.ledger.append(DRAFT)).toBe(true);
    expect(await ledger.append(DRAFT)).toBe(true);
    expect([ended, await sizeOf()]).toEqual([[], before + 3]);
    answer.resolve(true);
    await Promise.all(far);
    expect(await sizeOf()).toBe(before + 6);
    expect(await verifyDatabase()).toMatchObject({ valid: true });
  });

  it('fails its own event when the service stays away, to be tried again', async () => {
    const answer = Promise.withResolvers<never>();
    const ledger = ledgerOf(async () => await answer.promise);
    const far = ledger.append({ ...WITH_PAYLOAD, resource: 'test/away' });
    expect(await ledger.append(DRAFT)).toBe(true);
    answer.reject(new MlopsError('KEY_SERVICE_UNREACHABLE', { place: 'vault', problem: 'sealed' }));
    await expect(far).rejects.toMatchObject({ code: 'KEY_SERVICE_UNREACHABLE', retryable: true });
  });

  it('is made once for several events of one change, however long each takes', async () => {
    const before = await sizeOf();
    const ledger = ledgerOf(async (order) => {
      await new Promise((resolve) => void setTimeout(resolve, 120));
      return await testKeys.wrap(order);
    });
    await ledger.transact(async ({ append }) => {
      for (let at = 0; at < 6; at += 1) append({ ...WITH_PAYLOAD, resource: `test/slow-${at}` });
      await Promise.resolve();
    });
    expect(await sizeOf()).toBe(before + 6);
    const { rows } = await pool.query(`SELECT FROM ledger_key WHERE subject LIKE 'test/slow-%'`);
    expect(rows).toHaveLength(6);
  });
});

describe('the database', () => {
  it.each([
    ['a change of an event', `UPDATE ledger_event SET type = 'x' WHERE sequence = 0`],
    ['the removal of an event', 'DELETE FROM ledger_event WHERE sequence = 0'],
    ['emptying the log', 'TRUNCATE ledger_event CASCADE'],
    ['a change of a checkpoint', `UPDATE ledger_checkpoint SET note = 'x'`],
    ['the removal of a look', 'DELETE FROM rollout_tick'],
    [
      'an incident without its event',
      `INSERT INTO incident (idempotency_key, model, environment, kind, severity, summary, evidence) VALUES ('y', 'm', 'dev', 'k', 'info', 's', '{}')`,
    ],
    [
      'an incident with the event of another change',
      `INSERT INTO incident (idempotency_key, model, environment, kind, severity, summary, evidence, ledger_sequence) VALUES ('y', 'm', 'dev', 'k', 'info', 's', '{}', 0)`,
    ],
    [
      'a traffic write without its event',
      `INSERT INTO traffic_write (model, environment, generation, idempotency_key, split, actor, reason) VALUES ('m', 'dev', 1, 'z', '{}', 'a', 'r')`,
    ],
  ])('refuses %s', async (_name, sql) => {
    await expect(pool.query(sql)).rejects.toThrow(/append-only|no event of its own/);
  });

  it('does nothing when the event cannot be written', async () => {
    const store = createRolloutStore(parts);
    await pool.query('ALTER TABLE ledger_event RENAME TO ledger_event_away');
    const incident = {
      idempotencyKey: 'while-away',
      model: 'm',
      environment: 'dev',
      actor: 'judge',
      kind: 'success-rate',
      severity: 'warning',
      summary: 's',
      evidence: {},
    } as const;
    await expect(store.openIncident(incident)).rejects.toThrow();
    expect((await pool.query('SELECT FROM incident')).rowCount).toBe(0);
    await pool.query('ALTER TABLE ledger_event_away RENAME TO ledger_event');
    expect(await store.openIncident(incident)).toBe(true);
    expect(await store.openIncident(incident)).toBe(false);
    const { rows } = await pool.query<{ type: string }>(
      'SELECT e.type, e.actor FROM incident i JOIN ledger_event e ON e.sequence = i.ledger_sequence',
    );
    expect(rows).toEqual([{ type: 'incident.opened', actor: 'system:judge' }]);
  });

  it('gives the log back when the process that holds it has stopped', async () => {
    const stopped = new Client({ connectionString: database.url });
    stopped.on('error', () => undefined);
    await stopped.connect();
    await stopped.query(`BEGIN; SET LOCAL idle_in_transaction_session_timeout = '1s'`);
    await stopped.query('SELECT FROM ledger_head FOR UPDATE');
    expect(await parts.ledger.append(DRAFT)).toBe(true);
    await stopped.end().catch(() => undefined);
  });
});

describe('a connection that the server ends between two statements of a transaction', () => {
  it('fails that change, and nothing else of the process', async () => {
    const before = await sizeOf();
    // Decision 19 ends a change that stands still; here sooner. Without a listener the process would end with it.
    const stood = parts.ledger.transact(async ({ append, client }) => {
      append(DRAFT);
      await client.query(`SET LOCAL idle_in_transaction_session_timeout = '50ms'`);
      await new Promise((resolve) => void setTimeout(resolve, 300));
    });
    await expect(stood).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(await parts.ledger.append(DRAFT)).toBe(true);
    expect(await sizeOf()).toBe(before + 1);
  });
});

describe('a second attempt of a release', () => {
  it('finds the evidence that the newest attempt before it left, of the same two versions only', async () => {
    const store = createRolloutStore(parts);
    const open = async (rolloutKey: string, toVersion: string, minute: number, policy = {}) => {
      const startedAt = `2026-01-01T08:0${minute}:00.000Z`;
      const versions = { fromVersion: '1', toVersion };
      const { rollout } = createReceipt();
      await store.open({ ...rollout, model: 'again', rolloutKey, ...versions, startedAt, policy });
    };
    const earlier = async (rolloutKey: string) =>
      await store.earlierAttempt({ rolloutKey, model: 'again', environment: 'dev', fromVersion: '1', toVersion: '2' });
    await open('a/1', '2', 1);
    expect(await earlier('a/1')).toBeNull();
    const [tick] = createJudgedReceipt(0.01, 0.72).ticks;
    if (tick === undefined) throw new Error('no look');
    for (const [number, wealth] of [0.1 + 0.2, 1 / 3].entries())
      await store.saveTick({
        ...tick,
        rolloutKey: 'a/1',
        tick: number,
        verdict: { ...tick.verdict, wealth },
        snapshot: null,
        state: null,
      });
    await open('a/other', '3', 2);
    expect(await earlier('a/2')).toMatchObject({ rolloutKey: 'a/1', wealth: 1 / 3, decision: 'undecided' });
    await open('a/2', '2', 3, { carriedWealth: 1 / 3 });
    expect(await store.carriedWealth('a/2')).toBe(1 / 3);
    expect(await store.carriedWealth('a/1')).toBe(1);
    expect(await earlier('a/3'), 'an attempt without a look hands on what it had').toEqual({
      rolloutKey: 'a/2',
      wealth: 1 / 3,
      decision: null,
      metric: null,
    });
  });
});

describe('a rollout that was terminated while a look was taken', () => {
  it('keeps no look that comes after it was closed, and ends no earlier than its last', async () => {
    const store = createRolloutStore(parts);
    const { rollout, ticks } = createJudgedReceipt(0.01, 0.72);
    const { environment } = rollout;
    const [rolloutKey, model] = ['terminated', 'terminated'];
    await store.open({ ...rollout, rolloutKey, model });
    const save = async (at: number) => {
      const tick = ticks[at];
      if (tick === undefined) throw new Error('no look');
      return await store.saveTick({ ...tick, rolloutKey, snapshot: null, state: null });
    };
    await save(0);
    const last = await save(1);
    const end = { outcome: 'failed', reason: 'broken', detail: 'terminated', actor: 'traffic-guard' } as const;
    await store.close(rolloutKey, { ...end, at: rollout.startedAt, humanWaitSeconds: 0 }, null);
    await expect(save(2)).rejects.toMatchObject({ code: 'ROLLOUT_OVER', retryable: false });
    expect(await save(1), 'what was kept is answered again').toEqual(last);
    const receipt = await createRolloutReader(pool).receipt(environment, model, rolloutKey);
    expect([receipt?.ticks.length, receipt?.outcome?.at]).toEqual([2, last.at]);
  });
});

describe('what nothing can keep as it was typed', () => {
  const BAD = 'half \ud83d and \u0000';
  const KEPT = 'half \ufffd and \ufffd';

  it('keeps no entry of a rollout from being written, nor its end', async () => {
    const store = createRolloutStore(parts);
    const { rollout } = createJudgedReceipt(0.01, 0.72);
    const [rolloutKey, model] = ['badly-typed', 'badly-typed'];
    await store.open({ ...rollout, rolloutKey, model });
    const entry = { rolloutKey, at: rollout.startedAt, details: { detail: `approve (${BAD})` } };
    await store.recordEvent({ ...entry, idempotencyKey: 'typed/0', event: 'approval-refused', actor: 'signal' });
    for (const actor of [`ann ${BAD}`, 'constructor', '__proto__', 'x'.repeat(5000)])
      await store.recordEvent({ ...entry, idempotencyKey: `typed/${actor}`.slice(0, 99), event: 'pause', actor });
    const end = { outcome: 'aborted', reason: 'aborted', detail: BAD, actor: `ann ${BAD}` } as const;
    await store.close(rolloutKey, { ...end, at: rollout.startedAt, humanWaitSeconds: 0 }, null);
    const receipt = await createRolloutReader(pool).receipt(rollout.environment, model, rolloutKey);
    expect(receipt?.events.map(({ details }) => details['detail'])).toEqual(
      Array.from({ length: 5 }, () => `approve (${KEPT})`),
    );
    expect(receipt?.outcome).toMatchObject({ detail: KEPT });
    const { rows } = await pool.query<{ actor: string }>(
      `SELECT DISTINCT actor FROM ledger_event WHERE type = 'rollout.pause' AND resource LIKE '%badly-typed%'`,
    );
    expect(rows.map(({ actor }) => actor.replace(/:.*/, ''))).toEqual([
      'principal',
      'principal',
      'principal',
      'principal',
    ]);
  });

  it('is sealed as it can be', async () => {
    await parts.ledger.append({ ...DRAFT, payload: { [BAD]: [BAD, 1, null] }, subject: 'test/typed' });
    expect((await verifyDatabase()).problems).toEqual([]);
  });
});

describe('a receipt out of the database', () => {
  it('fits the ledger that was written with it, look by look', async () => {
    const [rollouts, traffic] = [createRolloutStore(parts), createTrafficStore(parts)];
    const { rollout, ticks, events, writes, outcome } = createJudgedReceipt(0.035, 0.7);
    if (outcome === null) throw new Error('no outcome');
    const { rolloutKey, environment, model } = rollout;
    await rollouts.open(rollout);
    for (const { idempotencyKey, split, actor, reason } of writes) {
      const reserved = await traffic.reserve({
        environment,
        idempotencyKey,
        split,
        expectedGeneration: 0,
        actor,
        reason,
      });
      await traffic.markApplied(environment, { ...reserved, actor, reason, writtenAt: outcome.at });
    }
    for (const tick of ticks) await rollouts.saveTick({ ...tick, rolloutKey, snapshot: null, state: null });
    for (const [index, event] of events.entries())
      await rollouts.recordEvent({
        ...event,
        event: event.event as StoryEvent,
        rolloutKey,
        idempotencyKey: `${rolloutKey}/${index}`,
      });
    await rollouts.close(rolloutKey, { ...outcome, actor: 'judge', humanWaitSeconds: 0 }, null);

    const receipt = await createRolloutReader(pool).receipt(environment, model, rolloutKey);
    if (receipt === null) throw new Error('no receipt');
    expect(verifyReceiptHere(receipt)).toMatchObject({ valid: true, exact: true });
    const { note, size } = await signCheckpoint(pool, primitives, SIGNER);
    const lines: string[] = [];
    for await (const group of readEventLines(pool, 0, size)) lines.push(...group);
    const file = join(mkdtempSync(join(tmpdir(), 'mlops-receipt-')), 'ledger.jsonl');
    writeFileSync(file, formatHeader({ kind: 'full', events: lines.length, checkpoint: note }) + lines.join(''));
    const files = { primitives, lines: readExport, beginning: readBeginning, text: readText };
    const compare = async (one: RolloutReceipt) => await verifyWithLedger(files, one, { file, trustedKeys: [KEY] });
    expect(await compare(receipt)).toMatchObject({ problems: [] });
    expect((await compare({ ...receipt, ticks: receipt.ticks.slice(0, -1) })).problems).toHaveLength(1);
  });
});

describe('what is sealed', () => {
  const SECRET = 'Ada Lovelace, ada@example.org';

  it('is nowhere in the log in clear, and every event of a subject is lost with its key', async () => {
    const subject = 'principal:ada';
    await parts.ledger.append({ ...DRAFT, resource: 'test/sealed', payload: { reason: SECRET }, subject });
    await parts.ledger.append({ ...DRAFT, resource: 'test/sealed', payload: { reason: SECRET }, subject });
    const { rows } = await pool.query<{ text: string }>(
      `SELECT e::text AS text FROM ledger_event e UNION ALL SELECT encode(sealed, 'escape') FROM ledger_payload`,
    );
    expect(rows.filter(({ text }) => text.includes('Ada Lovelace'))).toEqual([]);
    const sealed = await pool.query<{ key_id: string; commitment: string }>(
      `SELECT p.key_id, e.canonical::jsonb->>'commitment' AS commitment
       FROM ledger_payload p JOIN ledger_event e USING (sequence) WHERE e.resource = 'test/sealed'`,
    );
    expect(new Set(sealed.rows.map(({ key_id: key }) => key)).size).toBe(1);
    // The same words under two salts: nobody can tell that they are the same.
    expect(new Set(sealed.rows.map(({ commitment }) => commitment)).size).toBe(2);
  });
});

describe('an emergency rollback that was journaled while the ledger was away', () => {
  it('comes into the log in order, once, marked late', async () => {
    const line = (id: string, stage: string, at: string) => ({
      id,
      stage,
      at,
      model: 'm',
      actor: 'ada',
      reason: 'users saw errors',
      after: null,
    });
    const lines = [
      line('e/1/intent', 'intent', '2026-01-01T00:00:00.000Z'),
      line('e/1/done', 'done', '2026-01-01T00:00:01.000Z'),
    ];
    const rules = { mustSign: false, developmentRoles: [] };
    const authority = createAuthority({ ...parts, primitives, rules, tokens: createTokenVerifier([]) });
    const read = async () => await Promise.resolve({ entries: lines, unreadable: [] });
    expect(await createEmergencyJournal({ ...parts, authority }, 'dev', read).ingest()).toBe(2);
    expect(await createEmergencyJournal({ ...parts, authority }, 'dev', read).ingest()).toBe(0);
    const { rows } = await pool.query<{ event: Record<string, unknown> }>(
      `SELECT canonical::jsonb AS event FROM ledger_event WHERE resource = 'traffic/dev/m' ORDER BY sequence`,
    );
    expect(rows.map(({ event }) => [event['type'], event['late'], event['happenedAt']])).toEqual([
      ['traffic.emergency-intent', true, '2026-01-01T00:00:00.000Z'],
      ['traffic.emergency-done', true, '2026-01-01T00:00:01.000Z'],
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/\bada\b|users saw/);
  });

  it('is not lost behind a line that was cut off, which has an event of its own, once', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mlops-journal-')), 'emergency.jsonl');
    const entry = (id: string, stage: 'intent' | 'done') => ({
      id,
      stage,
      idempotencyKey: 'k',
      at: '2026-01-01T00:00:00.000Z',
      model: 'cut',
      actor: 'ada',
      reason: 'users saw errors',
      before: null,
      after: null,
    });
    await appendJournal(file, entry('e/7/intent', 'intent'));
    // A full disk, then a line that somebody has edited, and one whose time is none.
    appendFileSync(file, '{"id":"e/8/intent","ac');
    await appendJournal(file, entry('e/8/done', 'done'));
    appendFileSync(file, '{"stage":"done","at":"2026-01-01T00:00:00.000Z"}\n');
    appendFileSync(file, `${JSON.stringify({ ...entry('e/9/done', 'done'), at: 'yesterday' })}\n`);
    appendFileSync(file, JSON.stringify(entry('e/10/done', 'done')));
    const rules = { mustSign: false, developmentRoles: [] };
    const authority = createAuthority({ ...parts, primitives, rules, tokens: createTokenVerifier([]) });
    const ingest = async () =>
      await createEmergencyJournal({ ...parts, authority }, 'dev', async () => await readJournal(file)).ingest();
    expect([await ingest(), await ingest()]).toEqual([3, 0]);
    const events = async (resource: string) => {
      const page = { isNewestFirst: false, after: null, limit: 10 };
      const { events: found } = await queryEvents(pool, { resource, type: 'traffic.' }, page);
      return found.map(({ canonical }) => JSON.parse(canonical) as { type: string; facts: Record<string, unknown> });
    };
    expect((await events('traffic/dev/cut')).map(({ facts }) => facts['journalId'])).toEqual([
      'e/7/intent',
      'e/8/done',
      'e/10/done',
    ]);
    expect((await events('traffic/dev')).map(({ facts, type }) => [type, facts['line']])).toEqual(
      [2, 4, 5].map((line) => ['traffic.emergency-unreadable', line]),
    );
  });

  it('is not held up by one that is refused', async () => {
    const line = (id: string, reason: string) => ({
      id,
      reason,
      stage: 'done',
      at: '2026-01-01T00:00:00.000Z',
      model: 'held-up',
      actor: 'ada',
      after: null,
    });
    const recognise = async ({ actor }: { readonly actor: string }) => await parts.principals.actor(actor);
    const entries = [
      line('x'.repeat(70_000), 'too long for an event'),
      { ...line('e/12/done', 'the database wants a model'), model: null as unknown as string },
      line('e/11/done', 'well'),
    ];
    const read = async () => await Promise.resolve({ entries, unreadable: [] });
    const journal = createEmergencyJournal({ ...parts, authority: { recognise } }, 'dev', read);
    await expect(journal.ingest()).rejects.toThrow(RangeError);
    const { rowCount } = await pool.query(`SELECT FROM ledger_event WHERE resource = 'traffic/dev/held-up'`);
    expect(rowCount).toBe(1);
  });
});

describe('a checkpoint', () => {
  it('is signed again only when there is more, and never over a log that was changed', async () => {
    const first = await signCheckpoint(pool, primitives, SIGNER);
    expect(await signCheckpoint(pool, primitives, SIGNER)).toEqual(first);
    await parts.ledger.append({ ...DRAFT, resource: 'test/tampered' });
    // Who owns the database can switch the triggers off.
    await pool.query(`
      BEGIN; SET LOCAL session_replication_role = replica;
      UPDATE ledger_event SET canonical = replace(canonical, 'test/tampered', 'test/harmless') WHERE resource = 'test/tampered';
      COMMIT;`);
    await expect(signCheckpoint(pool, primitives, SIGNER)).rejects.toMatchObject({ code: 'LEDGER_TAMPERED' });
    await pool.query(`
      BEGIN; SET LOCAL session_replication_role = replica;
      UPDATE ledger_event SET canonical = replace(canonical, 'test/harmless', 'test/tampered') WHERE resource = 'test/tampered';
      COMMIT;`);
    expect((await signCheckpoint(pool, primitives, SIGNER)).size).toBe(first.size + 1);
    const foreign = testSigner(testKey(3, 'other.example/dev'));
    await expect(signCheckpoint(pool, primitives, foreign)).rejects.toMatchObject({ code: 'LEDGER_KEY_FOREIGN' });
  });
});

describe('a second history that the database alone has', () => {
  let forged: Pool;
  let filed: string | null = null;
  const own = { ...testSigner(KEY), filed: async () => await Promise.resolve(filed) };
  const sign = async (signer = own) => await signCheckpoint(forged, primitives, signer);
  /** As who owns the database and switches its rules off. */
  const overrule = async (...statements: readonly (readonly [string, unknown[]?])[]) => {
    await inTransaction(
      forged,
      async (client) => {
        for (const [sql, values] of statements) await client.query(sql, values);
      },
      'BEGIN; SET LOCAL session_replication_role = replica',
    );
  };
  /** Writes the events from one on anew, with a tree that fits: everything that no signature covers. */
  const rewrite = async (from: number): Promise<readonly string[]> => {
    const { rows } = await forged.query<{ canonical: string }>('SELECT canonical FROM ledger_event ORDER BY sequence');
    const tree = growTree(primitives.nodeHash);
    const statements: [string, unknown[]][] = [];
    let previous = '';
    for (const [sequence, { canonical }] of rows.entries()) {
      const said = JSON.parse(canonical) as Record<string, string>;
      const other = sequence < from ? said : { ...said, previous, resource: `${said['resource']}-forged` };
      const [text, leaf] = [canonicalJson(other), primitives.leafHash(canonicalJson(other))];
      previous = leaf;
      tree.append(leaf);
      statements.push([
        `UPDATE ledger_event SET canonical = $2::text, resource = $2::text::json ->> 'resource', leaf_hash = decode($3, 'hex') WHERE sequence = $1`,
        [sequence, text, leaf],
      ]);
    }
    const { peaks } = tree.edge();
    await overrule(...statements, ['UPDATE ledger_head SET last_leaf = $1, peaks = $2', [previous, peaks]]);
    return peaks;
  };
  const append = async (count: number) => {
    const { ledger } = await openTestLedger(forged);
    await Promise.all(Array.from({ length: count }, async () => await ledger.append(DRAFT)));
  };
  const TAMPERED = (problem: string) => ({
    code: 'LEDGER_TAMPERED',
    message: expect.stringContaining(problem) as string,
  });

  beforeEach(async () => {
    filed = null;
    await pool.query('DROP DATABASE IF EXISTS forged WITH (FORCE)');
    await pool.query('CREATE DATABASE forged');
    const url = Object.assign(new URL(database.url), { pathname: '/forged' }).href;
    await migrate(url);
    forged = createPool(url, 2);
    await append(5);
  });
  afterEach(async () => await forged.end());

  it('is not signed where it begins below the last checkpoint, whatever stands beside that', async () => {
    await sign();
    const peaks = await rewrite(3);
    await overrule(['UPDATE ledger_checkpoint SET peaks = $1', [peaks]]);
    await append(1);
    await expect(sign()).rejects.toMatchObject(TAMPERED('is another than was signed'));
    const [other] = [testKey(3)];
    const text = formatCheckpoint(primitives, {
      origin: ORIGIN,
      size: 6,
      root: growTree(primitives.nodeHash, { size: 6, peaks }).root(),
    });
    await overrule([
      'UPDATE ledger_checkpoint SET note = $1',
      [formatNote(primitives, text, [{ key: other, signature: other.sign(text) }])],
    ]);
    await expect(sign()).rejects.toMatchObject(TAMPERED('none of its keys has signed the checkpoint in the database'));
  });

  it('is not signed where the checkpoints are gone, or an earlier one is the last, and the files know better', async () => {
    await sign();
    await append(2);
    filed = (await sign()).note;
    await append(1);
    expect((await sign()).size, 'the files may be behind').toBe(9);
    await overrule(['DELETE FROM ledger_checkpoint WHERE size > 6']);
    expect((await sign()).size, 'a checkpoint that was lost does no harm').toBe(9);
    for (const lost of ['DELETE FROM ledger_checkpoint WHERE size > 6', 'DELETE FROM ledger_checkpoint']) {
      await overrule([lost]);
      await rewrite(7);
      await expect(sign(), lost).rejects.toMatchObject(
        TAMPERED('does not continue the checkpoint in the files, over 8'),
      );
    }
    await overrule(['DELETE FROM ledger_event WHERE sequence > 5'], ['UPDATE ledger_head SET size = 6']);
    await expect(sign()).rejects.toMatchObject(TAMPERED('it has 6 events, the checkpoint in the files is over 8'));
    filed = filed.replace('\n8\n', '\n6\n');
    await expect(sign()).rejects.toMatchObject(TAMPERED('none of its keys has signed the checkpoint in the files'));
  });

  it('is not signed where a checkpoint of it is, by a signer that knew no better, and the files of this one are behind', async () => {
    await append(600);
    filed = (await sign()).note;
    await append(300);
    await sign();
    await append(1);
    expect((await sign()).size, 'one that goes on in it is proven by tiles').toBe(907);
    await overrule(['DELETE FROM ledger_checkpoint']);
    await rewrite(500);
    await sign(testSigner(KEY));
    await append(1);
    await expect(sign()).rejects.toMatchObject(TAMPERED('does not continue the checkpoint in the files, over 606'));
    await overrule(['DELETE FROM ledger_node']);
    await expect(sign()).rejects.toMatchObject(TAMPERED('of its tree is not whole'));
  });

  it('is told from a log whose key was replaced: what a retired key has signed is signed', async () => {
    filed = (await sign()).note;
    await append(1);
    const newer = testKey(4);
    expect((await sign({ ...own, keys: [newer], retired: [KEY] })).size).toBe(7);
    await append(1);
    await expect(sign()).rejects.toMatchObject(TAMPERED('none of its keys'));
  });
});

describe('the columns that events are found by', () => {
  it.each([
    ['type', `'model.read'`],
    ['category', `'model_access'`],
    ['actor', `'system:else'`],
    ['resource', `'test/else'`],
    ['risk', `'critical'`],
    ['recorded_at', `recorded_at + interval '1 ms'`],
    ['frameworks', `ARRAY['gdpr']`],
  ])('are compared when all are read: a changed %s is noticed', async (column, value) => {
    await parts.ledger.append({ ...DRAFT, resource: `test/found-${column}` });
    const checkpoint = await signCheckpoint(pool, primitives, SIGNER);
    const exported = async () => {
      for await (const _ of exportLedger(pool, primitives, checkpoint, { chosen: {}, payloads: null }));
    };
    await exported();
    const { rows } = await pool.query<{ sequence: string; before: string }>(
      `SELECT sequence, ${column}::text AS before FROM ledger_event ORDER BY sequence DESC LIMIT 1`,
    );
    const [{ before, sequence }] = rows as [(typeof rows)[number]];
    const change = async (to: string, values: readonly string[] = []) => {
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query('SET LOCAL session_replication_role = replica');
      await client.query(`UPDATE ledger_event SET ${column} = ${to} WHERE sequence = ${sequence}`, [...values]);
      await client.query('COMMIT');
      client.release();
    };
    await change(value);
    await expect(exported()).rejects.toMatchObject({
      code: 'LEDGER_TAMPERED',
      message: expect.stringContaining(`event ${sequence} is stored under another`) as string,
    });
    const type = column === 'frameworks' ? 'text[]' : column === 'recorded_at' ? 'timestamptz' : 'text';
    await change(`$1::${type}`, [before]);
    await exported();
  });
});

describe('the words that events are found by', () => {
  it.each([
    ['of a resource', `UPDATE ledger_event SET words = ts_delete(words, 'blinded') WHERE resource = 'test/blinded'`],
    ['of a type', `UPDATE ledger_event SET words = ts_delete(words, 'test.happened') WHERE resource = 'test/blinded'`],
    ['of a block', `DELETE FROM ledger_word WHERE word = 'blinded'`],
    ['of a framework', `DELETE FROM ledger_word WHERE word = 'framework:hipaa'`],
  ])('are compared when all are read: one %s that is gone is noticed', async (_, change) => {
    await parts.ledger.append({ ...DRAFT, resource: 'test/blinded', frameworks: ['hipaa'] });
    const checkpoint = await signCheckpoint(pool, primitives, SIGNER);
    const exported = async () => {
      for await (const _ of exportLedger(pool, primitives, checkpoint, { chosen: {}, payloads: null }));
    };
    await exported();
    const { rows: before } = await pool.query('SELECT word, block FROM ledger_word');
    const overrule = async (...statements: readonly string[]) =>
      await inTransaction(
        pool,
        async (client) => {
          for (const statement of statements)
            await client.query(statement, statement.includes('$1') ? [JSON.stringify(before)] : []);
        },
        'BEGIN; SET LOCAL session_replication_role = replica',
      );
    await overrule(change);
    await expect(exported()).rejects.toMatchObject({
      code: 'LEDGER_TAMPERED',
      message: expect.stringContaining('is not found by every word that it has') as string,
    });
    await overrule(
      `UPDATE ledger_event SET words = words || array_to_tsvector(ARRAY['blinded', 'test.happened']) WHERE resource = 'test/blinded'`,
      `INSERT INTO ledger_word SELECT word, block FROM json_to_recordset($1::json) AS w(word text, block bigint) ON CONFLICT DO NOTHING`,
    );
    await exported();
  });
});

describe('a selection', () => {
  it('proves events on both sides of tile borders in a log of 66,000', async () => {
    await pool.query('CREATE DATABASE tiles');
    const url = Object.assign(new URL(database.url), { pathname: '/tiles' }).href;
    await migrate(url);
    const large = createPool(url, 2);
    const size = 66_000;
    const leaves = Array.from({ length: size }, (_, at) => primitives.leafHash(`leaf ${at}`));
    const nodes: { height: number; index: number; hash: string }[] = [];
    const tree = growTree(primitives.nodeHash, undefined, (subtree, hash) => nodes.push({ ...subtree, hash }));
    for (const leaf of leaves) tree.append(leaf);
    await large.query(
      `INSERT INTO ledger_event (sequence, recorded_at, type, category, actor, resource, risk, frameworks, words, canonical, leaf_hash)
       SELECT place - 1, now(), 't', 'c', 'a', 'r', 'low', '{}', 'r t', 'x', decode(hash, 'hex')
       FROM unnest($1::text[]) WITH ORDINALITY AS leaf (hash, place)`,
      [leaves],
    );
    const kept = nodes.filter(({ height }) => height === 8 || height === 16);
    await large.query(
      `INSERT INTO ledger_node (level, index, hash)
       SELECT height / 8, index, decode(hash, 'hex') FROM unnest($1::int[], $2::bigint[], $3::text[]) AS node (height, index, hash)`,
      [kept.map(({ height }) => height), kept.map(({ index }) => index), kept.map(({ hash }) => hash)],
    );
    const prover = createProver(large, primitives.nodeHash, size);
    for (const index of [0, 1, 255, 256, 511, 512, 40_000, 65_535, 65_536, 65_791, 65_792, 65_999]) {
      const claim = { leafHash: leaves[index] ?? '', index, size, root: tree.root() };
      expect(verifyInclusion(primitives.nodeHash, claim, await prover.prove(index)), `event ${index}`).toBe(true);
    }
    await large.end();
  });
});

describe('a query', () => {
  const names = async (asked: EventQuery, page: Partial<PageOrder> = {}) =>
    (await queryEvents(pool, asked, { isNewestFirst: false, after: null, limit: 50, ...page })).events.map(
      ({ canonical }) => (JSON.parse(canonical) as { resource: string }).resource,
    );

  it('finds by every condition, alone and together, and pages without gaps', async () => {
    const draft = (name: string, more: Partial<EventDraft> = {}) => ({ ...DRAFT, resource: `q/${name}`, ...more });
    await parts.ledger.append(draft('a', { type: 'query.first', risk: 'high', facts: { word: 'Größe zork_api' } }));
    await parts.ledger.append(draft('b', { type: 'query.second', frameworks: ['gdpr', 'soc2'] }));
    await parts.ledger.append(draft('c', { category: 'security_event', risk: 'critical' }));
    await parts.ledger.append(draft('d', { actor: { id: 'principal:q', kind: 'human', authentication: 'test' } }));
    expect(await names({ resource: 'q/' })).toEqual(['q/a', 'q/b', 'q/c', 'q/d']);
    expect(await names({ resource: 'q/b' })).toEqual(['q/b']);
    expect(await names({ type: 'query.' })).toEqual(['q/a', 'q/b']);
    expect(await names({ type: 'query.second' })).toEqual(['q/b']);
    expect(await names({ resource: 'q/', risk: 'high' })).toEqual(['q/a', 'q/c']);
    expect(await names({ resource: 'q/', category: 'security_event' })).toEqual(['q/c']);
    expect(await names({ framework: 'gdpr' })).toEqual(['q/b']);
    expect(await names({ actor: 'principal:q' })).toEqual(['q/d']);
    for (const words of [['größe'], ['ZORK'], ['zork_api', 'größe'], ['query', 'first']])
      expect(await names({ words })).toEqual(['q/a']);
    expect(await names({ words: ['größe', 'second'] })).toEqual([]);
    expect(await names({ words: ["o'brien", 'a & b', ''] })).toEqual([]);
    for (const word of ['q/a', 'zork_api:größe', 'q/a \tGröße'])
      expect(await names({ words: [word] }), word).toEqual(['q/a']);
    for (const word of ['/', ' ', '']) expect(await names({ words: [word] }), word).toEqual([]);
    await parts.ledger.append(draft('e', { resource: 'quoted/e', facts: { who: String.raw`O'Zork back\slash` } }));
    expect(await names({ words: ["o'zork", String.raw`BACK\slash`] })).toEqual(['quoted/e']);
    expect(await names({ words: ['zork', 'x'.repeat(3000)] })).toEqual([]);
    const many = Array.from({ length: 5000 }, (_, at) => `w${at}`);
    const begun = performance.now();
    expect(await names({ words: ['zork', ...many] })).toEqual([]);
    expect(performance.now() - begun, 'by 5,000 words').toBeLessThan(10_000);
    expect(await names({ resource: 'q/', until: '2020-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await names({ resource: 'q/', since: '2020-01-01T00:00:00.000Z' })).toHaveLength(4);
    expect(await names({ resource: 'q/', since: '2999-01-01T00:00:00.000Z' })).toEqual([]);
    const paged: string[] = [];
    for (let after: number | null = null; ;) {
      const page = await queryEvents(pool, { resource: 'q/' }, { isNewestFirst: true, after, limit: 3 });
      paged.push(...page.events.map(({ canonical }) => (JSON.parse(canonical) as { resource: string }).resource));
      after = page.cursor;
      if (after === null) break;
    }
    expect(paged).toEqual(['q/d', 'q/c', 'q/b', 'q/a']);
  });

  it('by words and frameworks gives every event once, in order, over many blocks, whichever way it pages', async () => {
    const fits: Record<string, number[]> = { third: [], rare: [], both: [], gdpr: [], seldom: [] };
    for (let begin = 0; begin < 1500; begin += 100)
      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const at = begin + i;
          const words = [...(at % 3 === 0 ? ['third'] : []), ...(at % 400 === 0 ? ['rare'] : [])].join(' ');
          const sequence = await parts.ledger.transact(
            async ({ append }) =>
              await Promise.resolve(
                append({
                  ...DRAFT,
                  resource: `paged/${at}`,
                  facts: { words },
                  ...(at % 7 === 0 ? { frameworks: ['gdpr'] } : {}),
                }),
              ),
          );
          if (at % 3 === 0) fits['third']?.push(sequence);
          if (at % 400 === 0) fits['rare']?.push(sequence);
          if (at % 1200 === 0) fits['both']?.push(sequence);
          if (at % 7 === 0) fits['gdpr']?.push(sequence);
        }),
      );
    // Two words in every block, and in one event three times.
    await parts.ledger.transact(async ({ append }) => {
      for (let at = 0; at < 15_000; at += 1) {
        const words = at % 6000 === 5 ? 'left right' : at % 2 === 0 ? 'left' : 'right';
        const sequence = append({ ...DRAFT, facts: { words } });
        if (words === 'left right') fits['seldom']?.push(sequence);
      }
      await Promise.resolve();
    });
    const asked: Record<string, EventQuery> = {
      seldom: { words: ['left', 'right'] },
      third: { words: ['third'] },
      rare: { words: ['rare'] },
      both: { words: ['third', 'rare'] },
      gdpr: { framework: 'gdpr', resource: 'paged/' },
    };
    for (const [name, question] of Object.entries(asked))
      for (const isNewestFirst of [true, false]) {
        const found: number[] = [];
        for (let after: number | null = null; ;) {
          const page = await queryEvents(pool, question, { isNewestFirst, after, limit: 17 });
          found.push(...page.events.map(({ sequence }) => sequence));
          after = page.cursor;
          if (after === null) break;
        }
        const inOrder = (fits[name] ?? []).toSorted((a, b) => a - b);
        expect(found, name).toEqual(isNewestFirst ? inOrder.toReversed() : inOrder);
      }
  });

  it('uses an index for every condition, whatever language the database is of', async () => {
    await pool.query(`CREATE DATABASE english TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'`);
    const url = Object.assign(new URL(database.url), { pathname: '/english' }).href;
    await migrate(url);
    const english = new Client({ connectionString: url });
    await english.connect();
    // Enough for a choice among indexes, and few enough for none of them to be the whole log.
    await english.query(
      `INSERT INTO ledger_event (sequence, recorded_at, type, category, actor, resource, risk, frameworks, words, canonical, leaf_hash)
       SELECT n, '2026-01-01'::timestamptz + n * interval '1 s', 'type-' || n % 100 || '.x', 'category-' || n % 100, 'actor-' || n % 100,
         'resource-' || n % 100 || '/x', CASE WHEN n % 100 = 0 THEN 'high' ELSE 'low' END, '{}',
         array_to_tsvector(ARRAY['word-' || n % 100, 'type-' || n % 100 || '.x', 'resource-' || n % 100, 'x']), 'x',
         sha256('')
       FROM generate_series(0, 9999) AS n`,
    );
    await english.query('ANALYZE ledger_event');
    const page = { isNewestFirst: true, after: null, limit: 10 };
    // Without the order, which the primary key has.
    const planOf = async ({ sql, values }: ReturnType<typeof statementOf>): Promise<string> => {
      const { rows } = await english.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN ${sql.slice(0, sql.lastIndexOf('ORDER BY sequence DESC LIMIT'))}`,
        values.slice(0, -1),
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    const conditions: [EventQuery, string][] = [
      [{ type: 'type-1.x' }, 'by_type'],
      [{ type: 'type-1.' }, 'by_type'],
      [{ category: 'category-1' as EventCategory }, 'by_category'],
      [{ actor: 'actor-1' }, 'by_actor'],
      [{ resource: 'resource-1/x' }, 'by_resource'],
      [{ resource: 'resource-1/' }, 'by_resource'],
      [{ risk: 'critical' }, 'critical'],
      [{ risk: 'high' }, 'high'],
      [{ risk: 'high', resource: 'resource-1/' }, 'high_by_resource'],
      [{ since: '2026-01-01T02:40:00.000Z' }, 'by_time'],
      [{ until: '2026-01-01T00:02:00.000Z' }, 'by_time'],
      [{ words: ['word-1'] }, 'by_word'],
    ];
    for (const [asked, name] of conditions)
      expect(await planOf(statementOf(asked, page)), JSON.stringify(asked)).toMatch(
        new RegExp(`Scan (?:Backward )?(?:using|on) ledger_event_${name}\\b`),
      );
    // Their primary key is the order that pages have.
    for (const [asked, blocks] of [
      [{ from: 5, to: 7 }, undefined],
      [{ words: ['w'] }, [3, 4]],
    ] as const)
      expect(await planOf(statementOf(asked, page, blocks)), JSON.stringify(asked)).toMatch(
        /Scan (?:using|on) ledger_event_pkey/,
      );
    await english.end();
  });
});

describe('the segment files', () => {
  it('repeat the log in files that verify without the database, also after a crash in mid-line', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'mlops-audit-')), 'log');
    const follow = async (files = createSegmentFiles(folder, 100_000)) => {
      const checkpoint = await signCheckpoint(pool, primitives, SIGNER);
      await files.follow(checkpoint, (from, to) => readEventLines(pool, from, to));
      return checkpoint;
    };
    await follow();
    await parts.ledger.append({ ...DRAFT, resource: 'test/later' });
    const files = createSegmentFiles(folder, 100_000);
    await follow(files);
    const last = (await listSegments(folder)).at(-1)?.file ?? '';
    appendFileSync(last, '{"canonical":"cut o');
    await parts.ledger.append({ ...DRAFT, resource: 'test/after-crash' });
    await Promise.all([follow(), follow(files)]);
    const { size } = await follow();
    const segments = await listSegments(folder);
    expect(segments.length).toBeGreaterThan(1);
    expect(segments.every(({ file }) => (statSync(file).mode & 0o777) === 0o600)).toBe(true);
    const lines = segments.flatMap(({ file }) => readFileSync(file, 'utf8').split('\n').slice(0, -1));
    const note = readFileSync(join(folder, 'checkpoint'), 'utf8');
    expect(
      await verify(
        lines.map((line) => `${line}\n`),
        note,
      ),
    ).toMatchObject({ valid: true, events: size });
  });

  describe('read as an export', () => {
    let folder: string;
    let size: number;
    beforeEach(async () => {
      folder = join(mkdtempSync(join(tmpdir(), 'mlops-audit-')), 'log');
      // A segment is closed after each group.
      for (const part of [1, 2, 3]) {
        await parts.ledger.append({ ...DRAFT, resource: `test/part-${part}` });
        const checkpoint = await signCheckpoint(pool, primitives, SIGNER);
        await createSegmentFiles(folder, 1).follow(checkpoint, (from, to) => readEventLines(pool, from, to));
        ({ size } = checkpoint);
      }
    });
    const FILES = { primitives, lines: readExport, beginning: readBeginning, text: readText };
    const check = async (file = folder) => await verifyFile(FILES, { file, trustedKeys: [KEY], checkpoints: [] });

    it('verify, from the folder above as well', async () => {
      expect((await listSegments(folder)).length).toBeGreaterThan(1);
      expect(await check()).toMatchObject({ valid: true, events: size, size, kind: 'full' });
      expect(await check(dirname(folder))).toMatchObject({ valid: true, events: size });
    });

    it('are read as far as the checkpoint goes: a crash may have left more, or a line cut off', async () => {
      const last = (await listSegments(folder)).at(-1)?.file ?? '';
      appendFileSync(last, '{"canonical":"{}"}\n{"canonical":"cut o');
      expect(await check()).toMatchObject({ valid: true, events: size });
    });

    it('are not valid when a byte was changed, a segment is missing, or the end was cut off', async () => {
      const [first, second] = (await listSegments(folder)).map(({ file }) => file);
      const text = readFileSync(first ?? '', 'utf8');
      writeFileSync(first ?? '', text.replace('"risk', '"rosk'));
      expect(await check()).toMatchObject({ valid: false, firstFailedSequence: 0 });
      writeFileSync(first ?? '', text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1));
      expect(await check()).toMatchObject({ valid: false });
      writeFileSync(first ?? '', text);
      expect(await check()).toMatchObject({ valid: true });
      rmSync(second ?? '');
      expect(await check()).toMatchObject({ valid: false });
    });

    it('are not gone on with from a database that was put back to what it was, or written anew', async () => {
      const log: string[] = [];
      for await (const lines of readEventLines(pool, 0, size)) log.push(...lines);
      async function* from(lines: readonly string[], begin: number, end: number) {
        yield await Promise.resolve(lines.slice(begin, end));
      }
      const follow = async (lines: readonly string[], files = createSegmentFiles(folder)) => {
        await files.follow({ size: lines.length, note: 'n' }, (begin, end) => from(lines, begin, end));
      };
      const filed = async () => (await listSegments(folder)).map(({ file }) => readFileSync(file, 'utf8')).join('');
      const before = await filed();
      const [earlier, other] = [log.slice(0, -3), [...log.slice(0, -1), '{"other":1}\n', '{"more":1}\n']];
      await expect(follow(earlier)).rejects.toMatchObject({
        code: 'LEDGER_TAMPERED',
        message: expect.stringContaining(`end with event ${size - 1}, and the database has no such event`) as string,
      });
      await expect(follow(other)).rejects.toThrow('and the database has another one');
      expect(await filed(), 'nothing was added').toBe(before);
      const running = createSegmentFiles(folder);
      await follow([...log, '{"next":1}\n'], running);
      await expect(follow(log, running), 'also by a program that goes on').rejects.toThrow('has no such event');
    });

    it.each([
      ['empty', ''],
      ['with a line cut off', '{"canonical":"cut o'],
    ])('are gone on with after a crash that left a new segment %s', async (_, text) => {
      const file = join(folder, `events-${String(size).padStart(12, '0')}.jsonl`);
      writeFileSync(file, text);
      await parts.ledger.append({ ...DRAFT, resource: 'test/after-rotation' });
      const checkpoint = await signCheckpoint(pool, primitives, SIGNER);
      await createSegmentFiles(folder, 1).follow(checkpoint, (from, to) => readEventLines(pool, from, to));
      expect(await check()).toMatchObject({ valid: true, events: size + 1 });
      expect((await listSegments(folder)).at(-1)?.file).toBe(file);
    });

    it('get their checkpoint when a crash came before it', async () => {
      rmSync(join(folder, 'checkpoint'));
      await expect(check()).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
      const checkpoint = await signCheckpoint(pool, primitives, SIGNER);
      await createSegmentFiles(folder).follow(checkpoint, (from, to) => readEventLines(pool, from, to));
      expect(await check()).toMatchObject({ valid: true, events: size });
    });
  });
});
