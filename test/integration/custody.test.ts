import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureLedgerKeys, followWrappingKeys, wrappingFileOf } from '../../adapters/crypto/ledger-keys.ts';
import { addSigningKey, signingFileOf } from '../../adapters/crypto/ledger-signer.ts';
import type { DataKeys } from '../../adapters/crypto/envelope.ts';
import { createLocalDataKeys } from '../../adapters/crypto/local-data-keys.ts';
import { segmentFolder } from '../../adapters/ledger/segments.ts';
import { readBeginning, readExport, readText } from '../../adapters/ledger/export-files.ts';
import { inTransaction } from '../../adapters/postgres/query.ts';
import { rewrapKeys } from '../../adapters/postgres/ledger/rewrap.ts';
import { journalFileOf, readJournal } from '../../adapters/gateway/emergency-journal.ts';
import { tidyFiles } from '../../adapters/postgres/ledger/tidy-files.ts';
import { sizeOfLog } from '../../adapters/postgres/ledger/sign-checkpoint.ts';
import { createEmergencyJournal } from '../../adapters/postgres/emergency-ingest.ts';
import { composeAuthority } from '../../workers/authority.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { createRolloutReader } from '../../adapters/postgres/rollout-reader.ts';
import { verifyFile } from '../../client/audit/verify-file.ts';
import { verifyReceiptHere } from '../../client/rollouts/verify-receipt-here.ts';
import { verifyWithLedger } from '../../client/rollouts/verify-with-ledger.ts';
import { loadConfig, portsFrom } from '../../config/load.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import { MlopsError } from '../../domain/errors.ts';
import { parseNote } from '../../domain/governance/checkpoint.ts';
import type { ConsistencyProof } from '../../domain/governance/consistency-proof.ts';
import { draftOfCustody } from '../../domain/governance/custody-drafts.ts';
import type { EventDraft } from '../../domain/governance/event-draft.ts';
import { ROLE_NAMES } from '../../domain/governance/roles.ts';
import { createExportVerifier } from '../../domain/governance/verify-export.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { parseVerifierKey } from '../../domain/governance/verifier-key.ts';
import { composeArtifacts } from '../../workers/artifacts.ts';
import type { SourceOfAct } from '../../workers/act-source.ts';
import { composeWebhooks } from '../../workers/webhooks.ts';
import { composeGovernance } from '../../workers/custody.ts';
import { composeRolloutEvidence } from '../../workers/rollout-evidence.ts';
import { examineLedger } from '../../workers/ledger-status.ts';
import { composeLedgerReader } from '../../workers/ledger-reader.ts';
import { startGateway, type RunningGateway } from '../../workers/gateway.ts';
import { composeEvidence, composeLedger, readVerifierKeys } from '../../workers/ledger.ts';
import { changeTraffic, tellStory } from '../support/told-story.ts';
import { fileWith, recordFileOf } from '../support/artifacts.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { primitives } from '../support/ledger.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createTestRegistry, registrationOf } from '../support/registry.ts';

const NAME = 'ada-lovelace-7193';
const WORDS = 'my-secret-words-5521';
const AUDITOR = { actor: 'auditor' };
const FILES = { primitives, lines: readExport, beginning: readBeginning, text: readText };
const WHY = { actor: 'officer', reason: 'request of 3 May' };
/** What is erased of who was erased before. */
const NOTHING = { keys: 0, name: false, payloads: 0, rows: 0, mentions: [], hasMore: false, authored: 0 };
const CASE = { ...WHY, caseId: '2026-17' };

let database: TestDatabase;
let pool: Pool;
let config: MlopsConfig;
let gateway: RunningGateway;
let parts: Awaited<ReturnType<typeof composeLedger>>;
let governance: Awaited<ReturnType<typeof composeGovernance>>;
let reader: Awaited<ReturnType<typeof composeLedgerReader>>;

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.custody).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 10);
  const workingDirectory = mkdtempSync(join(tmpdir(), 'mlops-custody-'));
  const { config: loaded } = loadConfig({ env: {}, workingDirectory, portOffset: OFFSETS.custody });
  const governed = { readSample: 1, developmentRoles: ROLE_NAMES, issuers: [], protectedAliases: [] };
  config = { ...loaded, governance: { ...loaded.governance, ...governed } };
  await ensureLedgerKeys(config.stateDirectory, 'dev');
  gateway = await startGateway(config);
  parts = await composeLedger(config, pool, pino({ level: 'silent' }));
  governance = await composeGovernance(config, pool);
  reader = await composeLedgerReader(config, pool);
});
afterAll(async () => {
  await gateway.stop();
  await parts.close();
  await pool.end();
  await database.remove();
});

/** Something that a person said about a thing. Returns its place in the log. */
async function say(name: string, words: string, resource = 'rollout/dev/rag_api'): Promise<number> {
  const actor = await parts.principals.actor(name);
  const draft: EventDraft = {
    type: 'rollout.paused',
    category: 'model_deployment',
    actor,
    resource,
    risk: 'low',
    payload: { reason: words },
    subject: actor.id,
  };
  return await parts.ledger.transact(async ({ append }) => await Promise.resolve(append(draft)));
}

const payloadOf = async (sequence: number) =>
  (await reader.event(sequence, { withPayload: true, actor: 'auditor' }))?.payload;

async function exported(chosen: { from?: number; to?: number } = {}): Promise<string> {
  let text = '';
  for await (const lines of reader.export({ chosen, withPayloads: true, actor: 'auditor' })) text += lines.join('');
  return text;
}

async function verify(text: string, earlier: readonly string[] = [], proofs: readonly ConsistencyProof[] = []) {
  const trustedKeys = (await readVerifierKeys(config))
    .trim()
    .split('\n')
    .map((line) => parseVerifierKey(primitives, line))
    .filter((key) => typeof key !== 'string');
  const verifier = createExportVerifier(primitives, { trustedKeys, earlier, proofs });
  for (const line of text.split('\n').slice(0, -1)) verifier.read({ text: line });
  return verifier.finish();
}

const noteIn = (text: string): string =>
  (JSON.parse(text.slice(0, text.indexOf('\n'))) as { checkpoint: string }).checkpoint;

/** Everything that a dump of the database would hold. */
async function dump(): Promise<string> {
  const { rows } = await pool.query<{ table: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS table FROM pg_tables WHERE schemaname = 'public'`,
  );
  const texts: string[] = [];
  for (const { table } of rows) {
    const content = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${table} AS t`);
    texts.push(...content.rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

const typesAfter = async (sequence: number): Promise<string[]> => {
  const { events } = await reader.query(
    { from: sequence + 1 },
    { isNewestFirst: false, after: null, limit: 100 },
    AUDITOR,
  );
  return events.map(({ canonical }) => (JSON.parse(canonical) as { type: string }).type);
};

describe('the files of the ledger', () => {
  it('repeat what another process appends, though the worker has nothing to do', async () => {
    const filed = async () =>
      (await verifyFile(FILES, { file: config.auditDirectory, trustedKeys: [], checkpoints: [] })).events;
    await expect.poll(filed, { timeout: 20_000 }).toBe(await sizeOfLog(pool));
    // As a command has it: it signs nothing.
    const { ledger, principals } = await composeEvidence(config, pool);
    const actor = await principals.actor('ada');
    await ledger.append({ type: 'audit.queried', category: 'data_access', actor, resource: 'ledger', risk: 'low' });
    await expect.poll(filed, { timeout: 20_000 }).toBe(await sizeOfLog(pool));
  });
});

describe('a payload that somebody has spoilt', () => {
  it('is withheld, and keeps nobody from the others', async () => {
    const [spoilt, other] = [await say('spoilt', 'a'), await say('unspoilt', 'b')];
    const sealedAs = async (sql: string, values: unknown[]) =>
      await inTransaction(
        pool,
        async (client) => void (await client.query(`UPDATE ledger_payload SET ${sql} WHERE sequence = $1`, values)),
        'BEGIN; SET LOCAL session_replication_role = replica',
      );
    const { rows } = await pool.query<{ sealed: Buffer; key_id: string }>(
      'SELECT sealed, key_id FROM ledger_payload WHERE sequence = ANY ($1) ORDER BY sequence',
      [[spoilt, other]],
    );
    const [own, others] = rows.map(({ sealed }) => sealed);
    for (const sealed of [Buffer.of(), Buffer.alloc(60), others]) {
      await sealedAs('sealed = $2', [spoilt, sealed]);
      const unreadable = { code: 'PAYLOAD_UNREADABLE', details: { sequence: String(spoilt) } };
      await expect(payloadOf(spoilt)).rejects.toMatchObject(unreadable);
      expect(await payloadOf(other)).toEqual({ reason: 'b' });
      let text = '';
      const all = async () => {
        for await (const lines of reader.export({ chosen: {}, withPayloads: true, actor: 'auditor' }))
          text += lines.join('');
      };
      await expect(all()).rejects.toMatchObject(unreadable);
      expect(await verify(text)).toMatchObject({ valid: true });
      expect(text).toContain('{"reason":"b"}');
      expect(text).not.toContain('{"reason":"a"}');
    }
    await sealedAs('sealed = $2', [spoilt, own]);
    expect(await exported()).toContain('{"reason":"a"}');
  });
});

describe('the erasure of a subject', () => {
  it('leaves nothing to be read, every proof valid, and an event', async () => {
    const said = await say(NAME, WORDS);
    const other = await say('grace', 'other words');
    expect(await payloadOf(said)).toEqual({ reason: WORDS });
    const before = await exported();
    const selection = await exported({ from: said, to: said });
    expect(before).toContain(WORDS);
    expect(await governance.foresee(NAME, AUDITOR)).toMatchObject({ keys: 1, name: true, payloads: 1, held: null });
    const erased = await governance.erase({ subject: NAME, ...WHY });
    expect(erased).toMatchObject({ keys: 1, name: true, payloads: 1 });
    expect(await payloadOf(said)).toBeNull();
    expect(await payloadOf(other), 'of somebody else').toEqual({ reason: 'other words' });
    const after = await exported();
    expect(after).not.toContain(WORDS);
    expect(await dump()).not.toContain(NAME);
    expect(await verify(after, [noteIn(before)])).toMatchObject({ valid: true, problems: [] });
    expect(await verify(selection), 'a proof of before').toMatchObject({ valid: true, problems: [] });
    expect(await typesAfter(other)).toContain('governance.erased');
    expect([...(await reader.names([erased.subject]))]).toEqual([]);
  });

  it('is done once: again it changes nothing, and the name means somebody new', async () => {
    const said = await say('twice', 'first');
    const { subject } = await governance.erase({ subject: 'twice', ...WHY });
    const { rows: before } = await pool.query('SELECT size FROM ledger_head');
    expect(await governance.erase({ subject, ...WHY })).toEqual({ subject, ...NOTHING });
    const { rows: after } = await pool.query('SELECT size FROM ledger_head');
    expect(after).toEqual(before);
    const again = await say('twice', 'second');
    expect([await payloadOf(said), await payloadOf(again)]).toEqual([null, { reason: 'second' }]);
    expect((await governance.foresee('twice', AUDITOR)).subject).not.toBe(subject);
  });

  it('of oneself leaves no new key', async () => {
    await say('leaver', 'words');
    const { subject } = await governance.erase({ subject: 'leaver', actor: 'leaver', reason: 'I leave' });
    expect(await governance.foresee(subject, AUDITOR)).toMatchObject({ keys: 0, name: false });
  });

  it('is refused for whom nobody knows', async () => {
    await expect(governance.erase({ subject: 'nobody', ...WHY })).rejects.toMatchObject({ code: 'SUBJECT_UNKNOWN' });
  });

  it('cannot be undone, nor be done without its event, by whoever holds the database', async () => {
    await say('kept', 'words');
    const { subject } = await governance.foresee('kept', AUDITOR);
    await expect(
      pool.query('UPDATE ledger_key SET wrapped = NULL, destroyed_at = now() WHERE subject = $1', [subject]),
    ).rejects.toThrow('has no event of its own');
    // Nor is a key made one that nobody can open.
    for (const garbled of [
      `wrapped = 'x'`,
      `wrapping_key = 'of no rotation'`,
      `wrapped = 'x', wrapping_key = 'of no rotation'`,
    ])
      await expect(
        pool.query(`UPDATE ledger_key SET ${garbled} WHERE subject = $1`, [subject]),
        garbled,
      ).rejects.toThrow('is wrapped anew by no rotation');
    await governance.erase({ subject, ...WHY });
    await expect(
      pool.query('UPDATE ledger_key SET wrapped = $2, destroyed_at = NULL WHERE subject = $1', [subject, 'x']),
    ).rejects.toThrow('was destroyed');
    for (const table of ['ledger_key', 'ledger_payload', 'principal', 'legal_hold'])
      await expect(pool.query(`DELETE FROM ${table}`), table).rejects.toThrow('append-only');
  });

  it('needs no rows to be tidied up later: the key is gone from the files of its table', async () => {
    await say('filed', 'words');
    const { subject } = await governance.foresee('filed', AUDITOR);
    const { rows } = await pool.query<{ wrapped: Buffer }>('SELECT wrapped FROM ledger_key WHERE subject = $1', [
      subject,
    ]);
    const [row] = rows;
    if (row === undefined) throw new Error('no key');
    const onDisk = async (): Promise<boolean> => (await fileOf('ledger_key')).includes(row.wrapped);
    expect(await onDisk(), 'it was there').toBe(true);
    await governance.erase({ subject, ...WHY });
    expect(await onDisk()).toBe(false);
  });
});

describe('the words of a person beside the ledger', () => {
  const ADA = { name: 'ada-of-the-story-8812', words: 'she-said-so-9934' };
  const EVE = { name: 'eve-of-the-story-1207', words: 'just-because-4410' };

  it('go with their key: a dump has nothing of them, and receipts and proofs are valid', async () => {
    const { environment, model, rolloutKey } = await tellStory(parts, ADA, EVE);
    const receipt = async () => {
      const found = await createRolloutReader(pool).receipt(environment, model, rolloutKey);
      if (found === null) throw new Error('no receipt');
      return found;
    };
    const file = join(mkdtempSync(join(tmpdir(), 'mlops-erased-')), 'ledger.jsonl');
    const compared = async (one: RolloutReceipt) => {
      const { problems } = await verifyWithLedger(FILES, one, { file, trustedKeys: [] });
      return [verifyReceiptHere(one).problems, problems];
    };
    const [journal, splits] = [
      journalFileOf(config.stateDirectory),
      join(config.stateDirectory, 'gateway/splits.json'),
    ];
    await changeTraffic(config, ADA, EVE);
    const outside = () => [journal, splits].map((path) => readFileSync(path, 'utf8'));
    for (const { name, words } of [ADA, EVE])
      for (const text of outside()) expect([text.includes(name), text.includes(words)]).toEqual([true, true]);
    const told = await receipt();
    const before = await exported();
    writeFileSync(file, before);
    expect(await compared(told)).toEqual([[], []]);
    for (const { name, words } of [ADA, EVE])
      expect([await dump()].filter((all) => all.includes(name) && all.includes(words))).toHaveLength(1);

    expect(await governance.erase({ subject: ADA.name, ...WHY })).toMatchObject({ keys: 1, name: true });
    expect([await dump(), ...outside()].filter((text) => text.includes(ADA.name) || text.includes(ADA.words))).toEqual(
      [],
    );
    for (const text of [await dump(), ...outside()]) expect(text, 'of somebody else').toContain(EVE.name);
    expect(await governance.erase({ subject: EVE.name, ...WHY })).toMatchObject({ keys: 1, name: true });
    expect(await dump()).not.toMatch(new RegExp(`${EVE.name}|${EVE.words}`));
    for (const text of outside()) expect(text).not.toMatch(/of-the-story|she-said|just-because/);
    const kept = await readJournal(journal);
    expect(
      kept.entries.map(({ stage }) => stage),
      'every line is there',
    ).toEqual(['intent', 'done', 'intent', 'done']);
    const written = await createEmergencyJournal(
      { ...parts, authority: composeAuthority(config, parts) },
      'dev',
      async () => await Promise.resolve(kept),
    ).ingest();
    expect([written, await dump()], 'nor does a worker that reads it anew meet them').toEqual([
      0,
      expect.not.stringContaining('of-the-story'),
    ]);
    const left = await receipt();
    expect(await compared(left), 'with an export of before').toEqual([[], []]);
    const after = await exported();
    expect(after).not.toMatch(new RegExp([ADA, EVE].flatMap(({ name, words }) => [name, words]).join('|')));
    writeFileSync(file, after);
    expect(await compared(left)).toEqual([[], []]);
    expect((await compared(told))[1], 'a receipt of before').toEqual([]);
    expect(await verify(after, [noteIn(before)])).toMatchObject({ valid: true, problems: [] });
    expect(left.ticks).toEqual(told.ticks);
    expect(left.events.map(({ event, at }) => [event, at])).toEqual(told.events.map(({ event, at }) => [event, at]));
  });

  it('do not come back by a rollout that still runs: what it writes is of an id, and says nothing', async () => {
    const [BEA, ZOE] = [
      { name: 'bea-of-the-story-3301', words: 'bea-said-so-3302' },
      { name: 'zoe-of-the-story-3303', words: 'zoe-said-so-3304' },
    ];
    const keysOf = async (id: string) =>
      (await pool.query('SELECT FROM ledger_key WHERE subject = $1 AND wrapped IS NOT NULL', [id])).rowCount;
    let subject = '';
    const { environment, model, rolloutKey } = await tellStory(parts, BEA, ZOE, {
      of: { rolloutKey: '0198-key', model: 'still_running' },
      meanwhile: async () => {
        ({ subject } = await governance.erase({ subject: BEA.name, ...WHY }));
        expect(await dump()).not.toMatch(/bea-/);
        expect((await pool.query('SELECT FROM erased_while_running')).rowCount).toBe(2);
      },
    });
    expect(await dump()).not.toMatch(/bea-/);
    expect(await keysOf(subject), 'nothing is sealed for them again').toBe(0);
    expect((await pool.query('SELECT FROM erased_while_running')).rowCount, 'it is over').toBe(0);
    const receipt = await createRolloutReader(pool).receipt(environment, model, rolloutKey);
    if (receipt === null) throw new Error('no receipt');
    expect(receipt).toMatchObject({
      rollout: { startedBy: subject },
      outcome: { outcome: 'rolled-back', detail: '[erased]' },
    });
    expect(receipt.events.map(({ actor, details, event }) => [event, actor, details['detail']])).toEqual([
      ['started', subject, '[erased]'],
      ['weight-set', 'rollout', 'weight 5 %'],
      ['foreign-edit', 'rollout', 'zoe-of-the-story-3303 had set 30 % (generation 2): replaced'],
      ['deny', subject, '[erased]'],
      ['rolled-back', subject, 'denied: [erased]'],
    ]);
    expect(verifyReceiptHere(receipt).problems).toEqual([]);
    const file = join(mkdtempSync(join(tmpdir(), 'mlops-running-')), 'ledger.jsonl');
    writeFileSync(file, await exported());
    expect((await verifyWithLedger(FILES, receipt, { file, trustedKeys: [] })).problems).toEqual([]);
  });

  it('of who was erased before that was reached go when they are erased again; those of who has the name now stay', async () => {
    const [MAY, SUE] = [
      { name: 'may-of-the-story-4401', words: 'may-said-so-4402' },
      { name: 'sue-of-the-story-4403', words: 'sue-said-so-4404' },
    ];
    await tellStory(parts, MAY, SUE, { of: { rolloutKey: '0199-key', model: 'long_ago' } });
    const ids = await Promise.all([MAY, SUE].map(async ({ name }) => (await parts.principals.actor(name)).id));
    // As an erasure was that took the key and the name behind the id, and nothing else.
    for (const id of ids)
      await parts.ledger.transact(async ({ append, client, next }) => {
        const gone = 'destroyed_at = now(), wrapped = NULL, ledger_sequence = $2';
        await client.query(`UPDATE ledger_key SET ${gone} WHERE subject = $1`, [id, next]);
        await client.query('UPDATE principal SET name = NULL, ledger_sequence = $2 WHERE principal_id = $1', [
          id,
          next,
        ]);
        append({
          type: 'governance.erased',
          category: 'data_modification',
          actor: await parts.principals.actor('rollout'),
          resource: id,
          risk: 'high',
        });
      });
    expect(await dump()).toMatch(/may-of.*may-said/s);
    // Somebody has one of the names again.
    await tellStory(parts, SUE, MAY, {
      of: { rolloutKey: '0200-key', model: 'now', startedAt: new Date().toISOString() },
      meanwhile: async () => await Promise.resolve(),
    });
    const again = (await parts.principals.actor(SUE.name)).id;
    for (const subject of ids) {
      const erased = await governance.erase({ subject, ...WHY });
      expect([erased.keys, erased.name, erased.rows > 0]).toEqual([0, false, true]);
      expect(await governance.erase({ subject, ...WHY })).toMatchObject({ rows: 0 });
    }
    const { rows } = await pool.query<{ model: string; started_by: string }>(
      "SELECT model, started_by FROM rollout WHERE model IN ('long_ago', 'now') ORDER BY model",
    );
    expect(rows).toEqual([
      { model: 'long_ago', started_by: ids[0] },
      { model: 'now', started_by: SUE.name },
    ]);
    const old = `SELECT string_agg(t::text, ' ') AS all FROM (
      SELECT to_jsonb(e) AS t FROM rollout_event e WHERE rollout_key = '0199-key'
      UNION ALL SELECT to_jsonb(i) FROM incident i WHERE model = 'long_ago'
      UNION ALL SELECT to_jsonb(b) FROM emergency_rollback b WHERE model = 'long_ago'
      UNION ALL SELECT to_jsonb(w) FROM traffic_write w WHERE model = 'long_ago') AS rows`;
    const left = (await pool.query<{ all: string }>(old)).rows[0]?.all ?? '';
    expect(left).not.toMatch(/may-of|may-said|sue-said|"sue-of/);
    expect(await governance.erase({ subject: again, ...WHY })).toMatchObject({ keys: 1, name: true });
    expect(await dump()).not.toMatch(/sue-said/);
  });

  it('are told of where they are part of what was registered, by a name as a word, before nobody knows it', async () => {
    const { registry } = await createTestRegistry(parts);
    const name = 'lea';
    await say(name, 'words');
    const register = async (version: string, more: object, actor: string): Promise<unknown> => {
      const registration = registrationOf('named', version, more);
      return await registry.register({ registration, artifactPath: null, wantsProduction: false, actor });
    };
    await register('1.0.0', { description: 'made by Lea (nights)' }, 'somebody');
    await register('1.1.0', { tags: { contact: name }, description: 'a league of leaves' }, name);
    await register('1.2.0', { description: 'a league of leaves' }, 'somebody');
    const found = {
      mentions: [
        { resource: 'model/named/1.0.0', places: ['registered', 'description'] },
        { resource: 'model/named/1.1.0', places: ['registered', 'tags'] },
      ],
      hasMore: false,
      // The version, and no model: somebody else was first.
      authored: 1,
    };
    expect(await governance.foresee(name, AUDITOR)).toMatchObject(found);
    expect(await governance.erase({ subject: name, ...WHY })).toMatchObject({ keys: 1, name: true, ...found });
    expect(await governance.foresee('rollout/dev/rag_api', AUDITOR), 'of a thing').toMatchObject({ mentions: [] });
  });

  it('stay, all of them, while the gateway cannot be asked to forget', async () => {
    await say('patient', 'words');
    const away = { ...config, gateway: { ...config.gateway, adminUrl: 'http://127.0.0.1:9' } };
    const erase = (await composeGovernance(away, pool)).erase({ subject: 'patient', ...WHY });
    await expect(erase).rejects.toMatchObject({ code: 'ROUTER_UNREACHABLE' });
    expect(await governance.foresee('patient', AUDITOR)).toMatchObject({ keys: 1, name: true });
  });

  it('go once: erasing again changes nothing', async () => {
    const { rows } = await pool.query<{ subject: string }>(
      "SELECT started_by AS subject FROM rollout WHERE model = 'rag_api'",
    );
    const subject = rows[0]?.subject ?? '';
    expect(await governance.erase({ subject, ...WHY })).toEqual({ subject, ...NOTHING });
  });

  it.each([
    ['rollout', "started_by = 'x'", 'rollout.closed'],
    ['rollout', "detail = 'x'", 'rollout.closed'],
    ['rollout_event', "details = '{}'", 'rollout.paused'],
    ['traffic_write', "reason = 'x'", 'traffic.applied'],
    ['traffic_write', "observed = '{}'", 'traffic.applied'],
    ['incident', "summary = 'x'", 'incident.opened'],
    ['emergency_rollback', "entry = '{}'", 'traffic.emergency-done'],
  ])('are changed by no event but an erasure: %s, %s', async (table, change, type) => {
    const actor = await parts.principals.actor('forger');
    const forged = parts.ledger.transact(async ({ append, client, next }) => {
      await client.query(`UPDATE ${table} SET ${change}, ledger_sequence = $1`, [next]);
      append({ type, category: 'model_deployment', actor, resource: 'rollout/dev/x', risk: 'low' });
    });
    await expect(forged).rejects.toThrow(/only an erasure takes them away/);
  });
});

describe('a legal hold', () => {
  it.each([
    ['on the person', async () => (await governance.foresee('held', AUDITOR)).subject],
    ['on what they spoke about', async () => await Promise.resolve('rollout/dev/case')],
    ['on something above it', async () => await Promise.resolve('rollout/dev')],
  ])('forbids an erasure: %s', async (_, subjectOf) => {
    const said = await say('held', 'evidence', 'rollout/dev/case');
    const subject = await subjectOf();
    expect(await governance.hold({ subject, ...CASE })).toBe(true);
    expect(await governance.hold({ subject, ...CASE }), 'it is there').toBe(false);
    const placed = (await typesAfter(said)).filter((type) => type === 'governance.hold-placed');
    expect(placed, 'what changes nothing is no event').toHaveLength(1);
    expect((await governance.holds(AUDITOR)).map((hold) => hold.subject)).toContain(subject);
    await expect(governance.erase({ subject: 'held', ...WHY })).rejects.toMatchObject({ code: 'LEGAL_HOLD' });
    expect(await typesAfter(said), 'what was refused is evidence').toContain('governance.erasure-refused');
    expect(await payloadOf(said)).toEqual({ reason: 'evidence' });
    const { subject: person } = await governance.foresee('held', AUDITOR);
    await expect(
      pool.query('UPDATE ledger_key SET wrapped = NULL, destroyed_at = now() WHERE subject = $1', [person]),
      'by the database itself',
    ).rejects.toThrow('legal hold');
    await expect(pool.query('UPDATE principal SET name = NULL WHERE principal_id = $1', [person])).rejects.toThrow(
      'legal hold',
    );
    await governance.release({ subject, ...CASE });
    await expect(governance.release({ subject, ...CASE })).rejects.toMatchObject({ code: 'HOLD_UNKNOWN' });
  });

  it('is of one case: what is held for two is free when both are released', async () => {
    const before = await say('held', 'more of it', 'rollout/dev/two');
    const [subject, other] = ['rollout/dev/two', { ...CASE, caseId: '2026-18' }];
    expect(await governance.hold({ subject, ...CASE })).toBe(true);
    expect(await governance.hold({ subject, ...other })).toBe(true);
    expect(await governance.hold({ subject, ...other, caseId: null })).toBe(true);
    const placed = (await typesAfter(before)).filter((type) => type === 'governance.hold-placed');
    expect(placed, 'each is an event').toHaveLength(3);
    for (const released of [CASE, { ...CASE, caseId: null }]) {
      await governance.release({ subject, ...released });
      await expect(governance.erase({ subject: 'held', ...WHY })).rejects.toMatchObject({ code: 'LEGAL_HOLD' });
    }
    await expect(governance.release({ subject, ...CASE })).rejects.toMatchObject({
      message: 'Legal hold on rollout/dev/two for the case 2026-17 is not there: it is held for 2026-18',
    });
    expect(await governance.holds(AUDITOR)).toMatchObject([{ subject, caseId: '2026-18' }]);
    await governance.release({ subject, ...other });
  });

  it('that is released lets an erasure through', async () => {
    expect(await governance.holds(AUDITOR)).toEqual([]);
    const lastRead = async () =>
      (
        await pool.query<{ canonical: string }>(
          `SELECT canonical FROM ledger_event WHERE type = 'governance.read' ORDER BY sequence DESC LIMIT 1`,
        )
      ).rows.map(({ canonical }) => JSON.parse(canonical) as object);
    expect(await lastRead()).toMatchObject([{ category: 'data_access', facts: { verb: 'holds' } }]);
    await governance.watch(AUDITOR);
    expect(await lastRead()).toMatchObject([{ category: 'data_access', facts: { verb: 'watch' } }]);
    expect(await governance.erase({ subject: 'held', ...WHY })).toMatchObject({ keys: 1, name: true });
  });
});

describe('the rotation of the wrapping key', () => {
  it('wraps keys anew, leaves payloads as they are, and programs that run go on', async () => {
    const said = await say('rotated', 'before');
    const sealed = async () =>
      (await pool.query<{ sealed: Buffer }>('SELECT sealed FROM ledger_payload WHERE sequence = $1', [said])).rows[0];
    const bytes = await sealed();
    const waiting = await governance.addKey(AUDITOR);
    expect(await governance.addKey(AUDITOR), 'one waits at a time').toBe(waiting);
    expect(await say('newcomer', 'under the old key')).toBeGreaterThan(said);
    const { store } = await composeArtifacts(config);
    const artifact = await store.put(fileWith('content'));
    const { content, hooks } = await composeWebhooks(config, parts);
    const order = { name: 'ci', url: 'https://ci', events: ['model_version.created'], secret: 'quokka' } as const;
    const actor = await parts.principals.actor('officer');
    const hook = await hooks.create({ ...order, description: null, status: null }, actor);
    const { artifacts, key, place, rewrapped, secrets } = await governance.rotate(WHY);
    expect([key, rewrapped > 1, secrets, artifacts]).toEqual([waiting, true, 1, 1]);
    expect((await pool.query('SELECT secret_key FROM webhook')).rows).toEqual([{ secret_key: key }]);
    expect(await content.target(hook.id)).toMatchObject({ secret: 'quokka' });
    // The secret of another hook is none of this one's.
    const other = await hooks.create({ ...order, description: null, status: null }, actor);
    await pool.query(
      'UPDATE webhook SET secret = (SELECT secret FROM webhook WHERE webhook_id = $2) WHERE webhook_id = $1',
      [other.id, hook.id],
    );
    await expect(content.target(other.id)).rejects.toMatchObject({ code: 'LEDGER_KEY_UNREADABLE' });
    await hooks.delete(other.id, actor);
    expect(place).toBe(wrappingFileOf(config.stateDirectory));
    expect(await store.verify(artifact.digest)).toMatchObject({ ok: true });
    expect(readFileSync(recordFileOf(join(config.stateDirectory, 'artifacts'), artifact.digest), 'utf8')).toContain(
      key,
    );
    const { rows } = await pool.query('SELECT DISTINCT wrapping_key FROM ledger_key WHERE wrapped IS NOT NULL');
    expect(rows).toEqual([{ wrapping_key: key }]);
    expect(await sealed()).toEqual(bytes);
    expect(await payloadOf(said)).toEqual({ reason: 'before' });
    expect(await payloadOf(await say('latecomer', 'under the new key'))).toEqual({ reason: 'under the new key' });
    const ring = JSON.parse(readFileSync(wrappingFileOf(config.stateDirectory), 'utf8')) as {
      active: string;
      keys: object;
    };
    expect([ring.active, Object.keys(ring.keys).length]).toEqual([key, 2]);
    expect(await typesAfter(said)).toContain('governance.keys-rotated');
  });

  it('is one of two at once after the other: no key is lost, and both end', async () => {
    const keysOf = () =>
      Object.keys((JSON.parse(readFileSync(wrappingFileOf(config.stateDirectory), 'utf8')) as { keys: object }).keys);
    const before = keysOf();
    const others = await Promise.all([composeGovernance(config, pool), composeGovernance(config, pool)]);
    const rotations = await Promise.all(others.map(async (other) => await other.rotate(WHY)));
    expect(keysOf()).toEqual([...before, ...rotations.map(({ key }) => key).toSorted()]);
    const { rows } = await pool.query<{ key: string }>(
      'SELECT DISTINCT wrapping_key AS key FROM ledger_key WHERE wrapped IS NOT NULL',
    );
    expect(rows).toEqual([{ key: keysOf().at(-1) }]);
  });

  it('ends also where another key is in use than the one that was asked for', { timeout: 20_000 }, async () => {
    const keys = createLocalDataKeys(followWrappingKeys(config.stateDirectory));
    const { rows } = await pool.query<{ origin: string }>('SELECT origin FROM ledger_head');
    const place = {
      origin: rows[0]?.origin ?? '',
      active: 'of another machine',
      say: async () => await Promise.reject(),
    };
    expect(await rewrapKeys(pool, keys, place), 'those in use are under that key already').toBe(0);
  });

  it('says also which key a service has put to use meanwhile, before it wraps under that', async () => {
    const { rows } = await pool.query<{ key: string; keys: string }>(
      'SELECT wrapping_key AS key, count(*) AS keys FROM ledger_key WHERE wrapped IS NOT NULL GROUP BY 1',
    );
    const [{ key, keys } = { key: '', keys: '' }, ...others] = rows;
    expect(others).toEqual([]);
    const said: string[] = [];
    const actor = await parts.principals.actor('officer');
    const wrapUnder = async (wrappingKey: string) =>
      await rewrapKeys(
        pool,
        {
          ...createLocalDataKeys(followWrappingKeys(config.stateDirectory)),
          rewrap: async ({ wrapped }) => await Promise.resolve({ wrappingKey, wrapped }),
        },
        {
          origin: '',
          active: 'foreseen',
          say: async (one) => {
            said.push(one);
            const draft = { subject: 'ledger', reason: '', facts: { key: one } };
            await parts.ledger.append(draftOfCustody('keys-rotated', draft, actor));
          },
        },
      );
    expect(await wrapUnder('of a schedule')).toBe(Number(keys));
    await wrapUnder(key);
    expect(said).toEqual(['of a schedule', key]);
  });

  it('is kept from no other key by one that cannot be opened, and says which', async () => {
    const { rows } = await pool.query<{ subject: string; key: string }>(
      'SELECT subject, wrapping_key AS key FROM ledger_key WHERE wrapped IS NOT NULL ORDER BY key_id',
    );
    const [{ subject, key } = { subject: '', key: '' }, ...others] = rows;
    const asked: string[] = [];
    const keys: DataKeys = {
      ...createLocalDataKeys(followWrappingKeys(config.stateDirectory)),
      rewrap: async (order) => {
        asked.push(order.subject);
        if (order.subject === subject) throw new MlopsError('LEDGER_KEY_UNREADABLE', { subject, key });
        return await Promise.resolve(order);
      },
    };
    const place = { origin: '', active: 'next', say: async () => await Promise.reject() };
    await expect(rewrapKeys(pool, keys, place)).rejects.toMatchObject({
      code: 'LEDGER_KEY_UNREADABLE',
      details: { subject },
    });
    expect(asked).toEqual([subject, ...others.map((one) => one.subject)]);
  });

  it('wraps what a rotation that stopped had left, with the next one', async () => {
    const stop = await composeGovernance(config, createStoppingPool(pool, 2));
    await expect(stop.rotate(WHY)).rejects.toThrow('stopped');
    const { rows: halfway } = await pool.query(
      'SELECT DISTINCT wrapping_key FROM ledger_key WHERE wrapped IS NOT NULL',
    );
    expect(halfway.length).toBeGreaterThan(1);
    const { key } = await governance.rotate(WHY);
    const { rows } = await pool.query('SELECT DISTINCT wrapping_key FROM ledger_key WHERE wrapped IS NOT NULL');
    expect(rows).toEqual([{ wrapping_key: key }]);
  });
});

describe('the rotation of the key that signs checkpoints', () => {
  const lines = async () => (await readVerifierKeys(config)).trim().split('\n');
  const trusted = () => readFileSync(join(config.auditDirectory, 'trusted-keys'), 'utf8').trim().split('\n');
  const keyOf = (line: string) => {
    const key = parseVerifierKey(primitives, line);
    if (typeof key === 'string') throw new Error(key);
    return key;
  };
  const check = (text: string, line: string, earlier: readonly string[] = []) => {
    const verifier = createExportVerifier(primitives, { trustedKeys: [keyOf(line)], earlier });
    for (const one of text.split('\n').slice(0, -1)) verifier.read({ text: one });
    return verifier.finish();
  };
  const order = { actor: 'officer', reason: 'yearly' };
  const countOf = async (type: string) =>
    (await pool.query('SELECT FROM ledger_event WHERE type = $1', [`governance.checkpoint-key-${type}`])).rowCount;

  it(
    'signs with both until the older is retired, and each trusts what its key has signed',
    { timeout: 60_000 },
    async () => {
      const before = await exported();
      const [old = '', ...none] = await lines();
      expect(none).toEqual([]);
      await expect(governance.retireCheckpointKey(order)).rejects.toMatchObject({ code: 'CHECKPOINT_KEY_ALONE' });
      // Killed between the file and the event: the next one goes on with the key that is there.
      await addSigningKey(config.stateDirectory);
      const [, young = ''] = await lines();
      expect([await countOf('added'), young !== old]).toEqual([0, true]);
      const added = await governance.addCheckpointKey(order);
      expect(added).toEqual({ key: keyOf(young).id, verifierKey: young, beside: keyOf(old).id, isNew: true });
      expect(await governance.addCheckpointKey(order)).toEqual({ ...added, isNew: false });
      expect([await countOf('added'), statSync(signingFileOf(config.stateDirectory)).mode & 0o777]).toEqual([1, 0o600]);
      expect([await lines(), trusted().slice(-2)]).toEqual([
        [old, young],
        [old, young],
      ]);
      // Programs that run sign with both, and who has the older key alone finds the newer one in what that signed.
      const overlap = await exported();
      for (const line of [old, young]) expect(check(overlap, line, [noteIn(overlap)])).toMatchObject({ valid: true });
      expect(check(overlap, old, [noteIn(before)]).valid).toBe(true);
      expect(overlap).toContain(`\\"verifierKey\\":\\"${young}\\"`);

      expect(await governance.retireCheckpointKey(order)).toEqual({
        key: keyOf(old).id,
        inUse: keyOf(young).id,
        verifierKey: young,
      });
      expect([await countOf('retired'), await lines()]).toEqual([1, [old, young]]);
      const file = JSON.parse(readFileSync(signingFileOf(config.stateDirectory), 'utf8')) as Record<string, unknown>;
      expect(file).toMatchObject({ keys: [expect.any(String)], retired: [old] });
      const { rows } = await pool.query<{ note: string }>(
        `SELECT note
         FROM ledger_checkpoint WHERE size > (SELECT sequence FROM ledger_event WHERE type = 'governance.checkpoint-key-retired') ORDER BY size`,
      );
      expect(rows[0]?.note.match(/^\u2014 /gmu), 'the end of the older key is under its own signature').toHaveLength(2);

      await say('after', 'words');
      const after = await exported();
      expect(check(after, young, [noteIn(overlap)])).toMatchObject({ valid: true });
      for (const text of [before, overlap]) expect(check(text, old).valid).toBe(true);
      const { problems } = check(after, old);
      expect(problems).toMatchObject([{ code: 'KEY_UNKNOWN' }]);
      expect(problems[0]?.message).toContain(`${keyOf(young).id}, whose verifier key is missing: you trust`);
      expect(problems[0]?.message).toContain('governance.checkpoint-key-added');
      await expect.poll(async () => await verifiedFiles([young]), { timeout: 20_000 }).toEqual([]);
    },
  );

  const verifiedFiles = async (keys: readonly string[]) =>
    (await verifyFile(FILES, { file: config.auditDirectory, trustedKeys: keys.map(keyOf), checkpoints: [] })).problems;

  it(
    'retires nothing while a machine signs without the newer key, and goes on where it stopped',
    { timeout: 60_000 },
    async () => {
      const file = signingFileOf(config.stateDirectory);
      const alone = readFileSync(file, 'utf8');
      const { beside, key } = await governance.addCheckpointKey(order);
      const both = readFileSync(file, 'utf8');
      await exported();
      // Another machine, where the file was not copied to: what it signs is newer.
      writeFileSync(file, alone);
      await say('elsewhere', 'words');
      await exported();
      writeFileSync(file, both);
      await expect(governance.retireCheckpointKey(order)).rejects.toMatchObject({ code: 'CHECKPOINT_KEY_UNUSED' });
      expect([await countOf('retired'), readFileSync(file, 'utf8')]).toEqual([1, both]);
      await say('here', 'words');
      // Killed between the event and the file.
      const stop = await composeGovernance(config, createBlindPool(pool, 2));
      await expect(stop.retireCheckpointKey(order)).rejects.toThrow('stopped');
      expect([await countOf('retired'), readFileSync(file, 'utf8')]).toEqual([2, both]);
      expect(await governance.retireCheckpointKey(order)).toMatchObject({ key: beside, inUse: key });
      expect([await countOf('retired'), (await lines()).length]).toEqual([2, 3]);
    },
  );
});

describe('the files of the database', () => {
  it('have nothing of who was erased, also where the erasure was killed before it had tidied them up', async () => {
    const order = { subject: 'killed-before-6631', ...WHY };
    await say(order.subject, 'words');
    const { id } = await parts.principals.actor(order.subject);
    const { rows } = await pool.query<{ wrapped: Buffer }>('SELECT wrapped FROM ledger_key WHERE subject = $1', [id]);
    const wrapped = rows[0]?.wrapped ?? Buffer.alloc(0);
    // Whoever comes later lies before them in the page, whose free space ends where they were.
    await say('came-later', 'words');
    const left = async () => [
      (await fileOf('ledger_key')).includes(wrapped),
      (await fileOf('principal')).includes(order.subject),
    ];
    const killed = await composeGovernance(config, createPoolUntil(pool, 'VACUUM'));
    await expect(killed.erase(order)).rejects.toThrow('killed');
    expect(await left()).toEqual([true, true]);
    expect(await governance.erase({ ...order, subject: id })).toMatchObject(NOTHING);
    expect(await left()).toEqual([false, false]);
  });

  it('are tidied up as soon as nobody uses them, and nobody waits long for that', { timeout: 20_000 }, async () => {
    const reader = await pool.connect();
    await reader.query('BEGIN; SELECT FROM ledger_key');
    await say('erased-while-read', 'words');
    const erasing = governance.erase({ subject: 'erased-while-read', ...WHY });
    await sleep(2500);
    await reader.query('COMMIT');
    reader.release();
    expect(await erasing).toMatchObject({ keys: 1, name: true });
  });

  it('are tidied up again when somebody could still see what was there, and nobody is told that it is gone before', async () => {
    await say('erased-while-seen', 'words');
    const { id } = await parts.principals.actor('erased-while-seen');
    const { rows } = await pool.query<{ wrapped: Buffer }>('SELECT wrapped FROM ledger_key WHERE subject = $1', [id]);
    const wrapped = rows[0]?.wrapped ?? Buffer.alloc(0);
    // As a backup does, before it comes to the tables of words.
    const reader = await pool.connect();
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class LIMIT 1');
    const erasing = governance.erase({ subject: 'erased-while-seen', ...WHY });
    await sleep(1500);
    expect((await fileOf('ledger_key')).includes(wrapped)).toBe(true);
    const once = tidyFiles(pool, { tables: ['ledger_key'], subject: id, pausesMs: [] });
    await expect(once).rejects.toMatchObject({
      code: 'ERASURE_UNFINISHED',
      message: expect.stringContaining('a transaction that began before can see '),
    });
    await reader.query('COMMIT');
    reader.release();
    expect(await erasing).toMatchObject({ keys: 1, name: true });
    expect((await fileOf('ledger_key')).includes(wrapped)).toBe(false);
    expect((await fileOf('principal')).includes('erased-while-seen')).toBe(false);
  });
});

describe('a checkpoint that somebody has kept', () => {
  const checkpointIn = (text: string) => {
    const checkpoint = parseNote(primitives, noteIn(text))?.checkpoint;
    if (checkpoint === undefined) throw new Error('no checkpoint');
    return checkpoint;
  };

  it('is proven to be continued by a selection, to who believes the log nothing', async () => {
    const kept = await exported({ from: 0, to: 0 });
    await say('after-what-was-kept', 'words');
    const before = (await sizeOfLog(pool)) ?? 0;
    const later = await exported({ from: 3, to: 5 });
    const asked = { earlier: checkpointIn(kept), now: checkpointIn(later) };
    const proof = await reader.proveContinued(asked, AUDITOR);
    expect(proof).toMatchObject({ earlier: asked.earlier.size, size: asked.now.size });
    const [taken, asking] = await typesAfter(before - 1);
    expect([taken, asking]).toEqual(['audit.exported', 'audit.queried']);
    expect(await verify(later, [noteIn(kept)], [proof])).toMatchObject({ valid: true, problems: [] });
    expect((await verify(later, [noteIn(kept)])).problems).toMatchObject([{ code: 'CONSISTENCY' }]);

    const other = { ...asked.earlier, root: asked.now.root };
    await expect(reader.proveContinued({ ...asked, earlier: other }, AUDITOR)).rejects.toMatchObject({
      code: 'LEDGER_TAMPERED',
    });
    for (const earlier of [
      { ...asked.earlier, size: asked.now.size + 1 },
      { ...asked.earlier, size: 0 },
      { ...asked.earlier, origin: 'other/dev' },
    ])
      await expect(reader.proveContinued({ ...asked, earlier }, AUDITOR)).rejects.toMatchObject({
        code: 'USAGE_INVALID',
      });
  });
});

describe('how the ledger stands', () => {
  const examine = async ({ auditDirectory } = config) =>
    await examineLedger({ ...config, auditDirectory, databaseUrl: database.url }, 1);
  /** Until it is so, a few seconds at most. */
  const until = async (state: string, detail: RegExp) => {
    await expect
      .poll(async () => await examine(), { timeout: 20_000, interval: 100 })
      .toMatchObject({
        state,
        detail: expect.stringMatching(detail) as string,
      });
  };

  it('is well when all is signed and in its files, and says so when nobody signs or files', async () => {
    await say('stands-well', 'words');
    await until('up', /^(\d+) events, \1 signed, \1 in files$/);
    const signing = await pool.connect();
    await signing.query('SELECT pg_advisory_lock(7304106)');
    await say('stalled', 'words');
    await until('degraded', /^1 of \d+ events are not signed, for \d+ s$/);
    await signing.query('SELECT pg_advisory_unlock(7304106)');
    signing.release();
    await until('up', /in files$/);
    const { origin = '' } = (await pool.query<{ origin: string }>('SELECT origin FROM ledger_head')).rows[0] ?? {};
    const elsewhere = { ...config, auditDirectory: mkdtempSync(join(tmpdir(), 'mlops-audit-')) };
    mkdirSync(segmentFolder(elsewhere.auditDirectory, origin));
    expect(await examine(elsewhere)).toMatchObject({
      state: 'degraded',
      detail: expect.stringMatching(/^its files have 0 of \d+ signed events$/) as string,
    });
  });

  it('says what a worker found when the log is not the one that was signed, until it is again', async () => {
    const signing = await pool.connect();
    await signing.query('SELECT pg_advisory_lock(7304106)');
    const sequence = await say('tampered-with', 'words', 'test/before');
    const change = async (from: string, to: string) =>
      await pool.query(`BEGIN; SET LOCAL session_replication_role = replica;
        UPDATE ledger_event SET canonical = replace(canonical, '${from}', '${to}') WHERE sequence = ${sequence}; COMMIT;`);
    await change('test/before', 'test/behind');
    await signing.query('SELECT pg_advisory_unlock(7304106)');
    signing.release();
    await until(
      'degraded',
      /not signed, for \d+ s: Ledger is not the one that was signed: its \d+ events do not give the tree/,
    );
    expect((await examine()).fix).toContain('verify-evidence-offline.md');
    await change('test/behind', 'test/before');
    await until('up', /in files$/);
  });

  it('says what one worker cannot do while another can, and not for ever what one said that was killed', async () => {
    const { origin = '' } = (await pool.query<{ origin: string }>('SELECT origin FROM ledger_head')).rows[0] ?? {};
    const folder = segmentFolder(config.auditDirectory, origin);
    const wordOf = (name: string) => join(folder, `problem-${name}.json`);
    const leave = (name: string) => writeFileSync(wordOf(name), '{"message":"its disk is full","fix":null}');
    leave('other');
    await say('by-another', 'words');
    await until('degraded', /events, and a worker could not go on: its disk is full$/);
    const another = await composeLedger(config, pool, pino({ level: 'silent' }));
    await sleep(1000);
    await another.close();
    expect(await examine(), 'whoever starts goes on too').toMatchObject({ state: 'degraded' });
    rmSync(wordOf('other'));
    leave('killed');
    const before = new Date(Date.now() - 120_000);
    utimesSync(wordOf('killed'), before, before);
    await until('up', /in files$/);
  });
});

describe('who looks, and who is refused', () => {
  const page = { isNewestFirst: true, after: null, limit: 1 };
  const sizeOf = async () => (await pool.query<{ size: string }>('SELECT size FROM ledger_head')).rows[0]?.size;

  it('leaves an event of a query: what was asked, but not its words', async () => {
    const before = await say('looked-at', 'words');
    await reader.query({ risk: 'high', actor: 'lovelace', words: ['lovelace', 'ada'] }, page, AUDITOR);
    const further = await reader.query({ risk: 'high' }, { ...page, after: Number.MAX_SAFE_INTEGER }, AUDITOR);
    const { events } = await reader.query({ from: before + 1 }, { ...page, isNewestFirst: false, limit: 9 }, AUDITOR);
    const [asked, paged, itself, ...more] = events.map(
      ({ canonical }) => JSON.parse(canonical) as { type: string; facts: object },
    );
    expect(asked).toMatchObject({ type: 'audit.queried', category: 'data_access', facts: { risk: 'high', words: 2 } });
    expect(JSON.stringify(asked)).not.toContain('lovelace');
    expect(await payloadOf(before + 1)).toMatchObject({ actor: 'lovelace', words: ['lovelace', 'ada'] });
    expect(further.events, 'all of it can be called a further page').toHaveLength(1);
    expect([paged, itself?.type, more], 'so each is written down').toMatchObject([
      { type: 'audit.queried', facts: { risk: 'high', after: Number.MAX_SAFE_INTEGER } },
      'audit.queried',
      [],
    ]);
  });

  it('leaves an event of rollouts that somebody lists, and of a receipt; who has no role is refused', async () => {
    const before = await say('looks-at-rollouts', 'words');
    const evidence = composeRolloutEvidence(config, pool);
    await evidence.list('dev', null, 5, AUDITOR);
    await evidence.list('dev', 'rag_api', 5, AUDITOR);
    expect(await evidence.receipt('dev', 'nothing_here', null, AUDITOR)).toBeNull();
    const roleless = { ...config, governance: { ...config.governance, developmentRoles: [] } };
    await expect(composeRolloutEvidence(roleless, pool).list('dev', null, 5, { actor: 'eve' })).rejects.toMatchObject({
      code: 'NOT_AUTHORISED',
      exitCode: 4,
    });
    const { rows } = await pool.query<{ canonical: string }>(
      'SELECT canonical FROM ledger_event WHERE sequence > $1 ORDER BY sequence',
      [before],
    );
    const { id } = await parts.principals.actor('auditor');
    const read = { type: 'rollout.read', category: 'data_access', actor: { id }, risk: 'low' };
    expect(rows.map(({ canonical }) => JSON.parse(canonical) as object)).toMatchObject([
      { ...read, resource: 'rollout/dev', facts: { verb: 'list' } },
      { ...read, resource: 'rollout/dev/rag_api', facts: { verb: 'list' } },
      { ...read, resource: 'rollout/dev/nothing_here', facts: { verb: 'receipt' } },
      { type: 'rollout.read-refused', resource: 'rollout/dev' },
    ]);
  });

  it('leaves an event of an export, in which the type that was asked for is sealed', async () => {
    const before = await say('exported-by-type', 'words');
    const chosen = { type: 'recorded.ada_lovelace' };
    for await (const _ of reader.export({ chosen, withPayloads: false, actor: 'auditor' }));
    const found = await reader.event(before + 1, { withPayload: true, ...AUDITOR });
    expect(found?.event).toMatchObject({ type: 'audit.exported', facts: { from: null, to: null, payloads: false } });
    expect([JSON.stringify(found?.event).includes('lovelace'), found?.payload]).toMatchObject([false, chosen]);
  });

  it('shows no event that was changed below a checkpoint, though its row has a proof', async () => {
    const sequence = await say('forged-below', 'words', 'test/honest');
    await say('after-the-forged', 'words');
    const look = async () => await reader.event(sequence, { withPayload: false, ...AUDITOR });
    expect(await look()).toMatchObject({ event: { resource: 'test/honest' } });
    const change = async (from: string, to: string, leaf: string) =>
      await pool.query(`BEGIN; SET LOCAL session_replication_role = replica;
        UPDATE ledger_event SET canonical = replace(canonical, '${from}', '${to}') WHERE sequence = ${sequence};
        UPDATE ledger_event SET leaf_hash = ${leaf} WHERE sequence = ${sequence}; COMMIT;`);
    const leafHash = String((await look())?.leafHash);
    for (const leaf of ['leaf_hash', `sha256('\\x00'::bytea || convert_to(canonical, 'UTF8'))`]) {
      await change('test/honest', 'test/forged', leaf);
      await expect(look()).rejects.toMatchObject({ code: 'LEDGER_TAMPERED' });
      await change('test/forged', 'test/honest', `decode('${leafHash}', 'hex')`);
    }
    expect(await look()).toMatchObject({ event: { resource: 'test/honest' } });
  });

  it('finds what somebody did by their name too, however they signed in', async () => {
    const said = await say('named-in-a-query', 'words');
    const { events } = await reader.query({ actor: 'named-in-a-query' }, page, AUDITOR);
    expect(events.map(({ sequence }) => sequence)).toEqual([said]);
    expect((await reader.query({ actor: 'nobody-of-that-name' }, page, AUDITOR)).events).toEqual([]);
  });

  it('by chance, in the share that is configured', async () => {
    const never = await composeLedgerReader({ ...config, governance: { ...config.governance, readSample: 0 } }, pool);
    const before = await sizeOf();
    await never.query({}, page, AUDITOR);
    await never.event(0, { withPayload: false, ...AUDITOR });
    expect(await sizeOf()).toBe(before);
    await never.event(0, { withPayload: true, ...AUDITOR });
    expect(await sizeOf(), 'an opened payload always').toBe(String(Number(before) + 1));
  });

  it('leaves an event of a refusal, its words sealed', async () => {
    const before = await say('eager', 'words');
    const resource = 'rollout/dev/rag_api';
    const refusal = { actor: 'eager', action: 'rollout.approve', resource, code: 'ROLLOUT_REFUSED_ACTION' };
    await reader.refused({ ...refusal, problem: 'nothing waits for an approval' });
    const proven = await reader.event(before + 1, { withPayload: true, ...AUDITOR });
    expect(proven).toMatchObject({
      event: { type: 'rollout.approve-refused', category: 'access_control', facts: { code: 'ROLLOUT_REFUSED_ACTION' } },
      payload: { problem: 'nothing waits for an approval' },
    });
  });
});

describe('where somebody acts from', () => {
  const ask = async (source: SourceOfAct, name: string) => {
    const { ledger, principals } = await composeEvidence(config, pool, source);
    const actor = await principals.actor(name);
    const draft: EventDraft = {
      type: 'audit.queried',
      category: 'data_access',
      actor,
      resource: 'ledger',
      risk: 'low',
      facts: {},
    };
    const sequence = await ledger.transact(async ({ append }) => await Promise.resolve(append(draft)));
    const found = await reader.event(sequence, { withPayload: true, ...AUDITOR });
    return found as unknown as { event: { source?: string }; payload?: unknown };
  };
  const here = () => ({ address: '198.51.100.7' });

  it('is sealed under their key; the log has a keyed hash, the same each time and another for anybody else', async () => {
    const [first, again] = [await ask(here, 'traveller'), await ask(here, 'traveller')];
    const [elsewhere, other] = [await ask(() => ({ host: 'desk' }), 'traveller'), await ask(here, 'neighbour')];
    expect([first.payload, elsewhere.payload]).toEqual([
      { source: { address: '198.51.100.7' } },
      { source: { host: 'desk' } },
    ]);
    expect(first.event.source).toMatch(/^[0-9a-f]{16}$/);
    expect(again.event.source).toBe(first.event.source);
    expect(new Set([first, elsewhere, other].map(({ event }) => event.source)).size).toBe(3);
    expect(await dump()).not.toContain('198.51.100.7');
  });

  it('of an emergency is where it was ordered, whoever reads the journal, and stands in no table', async () => {
    const { ledger } = await composeEvidence(config, pool, here);
    const journal = createEmergencyJournal(
      { pool, ledger, authority: composeAuthority(config, parts) },
      'dev',
      async () =>
        await Promise.resolve({
          unreadable: [],
          entries: [{ host: 'ops-laptop-8812' }, undefined].map((source, at) => ({
            id: `emergency/traveller/${at}`,
            at: new Date().toISOString(),
            model: 'm',
            stage: 'done',
            actor: 'traveller',
            ...(source === undefined ? {} : { source }),
            reason: 'smoke',
            after: null,
          })),
        }),
    );
    expect(await journal.ingest()).toBe(2);
    const { rows } = await pool.query<{ sequence: string }>(
      `SELECT ledger_sequence AS sequence FROM emergency_rollback WHERE journal_id LIKE 'emergency/traveller/%' ORDER BY journal_id`,
    );
    const [said, unsaid] = await Promise.all(
      rows.map(async ({ sequence }) => await reader.event(Number(sequence), { withPayload: true, ...AUDITOR })),
    );
    expect(said).toMatchObject({
      event: { requestId: 'emergency/traveller/0' },
      payload: { reason: 'smoke', source: { host: 'ops-laptop-8812' } },
    });
    expect([unsaid?.payload, 'source' in (unsaid?.event ?? {})]).toEqual([{ reason: 'smoke' }, false]);
    expect(await dump()).not.toContain('ops-laptop-8812');
  });

  it('goes with them when they are erased, and the hash leads nowhere', async () => {
    const before = await ask(here, 'goer');
    await governance.erase({ subject: 'goer', ...WHY });
    expect((await ask(here, 'goer')).event.source).not.toBe(before.event.source);
  });

  it('is not said of the system, nor under the key of a thing', async () => {
    const { ledger, principals } = await composeEvidence(config, pool, here);
    const draft: EventDraft = {
      type: 'model.registered',
      category: 'model_registration',
      actor: await principals.actor('author'),
      resource: 'model/m/1.0.0',
      risk: 'low',
      payload: { description: 'd' },
      subject: 'model/m',
    };
    const first = await ledger.transact(async ({ append }) => {
      append({ ...draft, actor: await principals.actor('rollout') });
      return await Promise.resolve(append(draft) - 1);
    });
    const read = async (sequence: number) => await reader.event(sequence, { withPayload: true, ...AUDITOR });
    expect(await read(first)).toMatchObject({ payload: { description: 'd' } });
    expect((await read(first))?.event).not.toHaveProperty('source');
    expect(await read(first + 1)).toMatchObject({
      event: { source: expect.any(String) as string },
      payload: { description: 'd' },
    });
  });
});

/** Ends the work after so many keys were wrapped. */
function createStoppingPool(real: Pool, after: number): Pool {
  let count = 0;
  const query = async (text: string, values: unknown[]) => {
    if (text.includes('UPDATE ledger_key SET wrapping_key') && (count += 1) > after) throw new RangeError('stopped');
    return await real.query(text, values);
  };
  return { query, connect: async () => await real.connect() } as unknown as Pool;
}

/** The file of a table, as it is on disk now. */
async function fileOf(table: string): Promise<Buffer> {
  await pool.query('CHECKPOINT');
  const { rows } = await pool.query<{ file: string }>(
    `SELECT current_setting('data_directory') || '/' || pg_relation_filepath($1) AS file`,
    [table],
  );
  return readFileSync(rows[0]?.file ?? '');
}

/** Of a process that is killed before a statement that begins so. */
function createPoolUntil(real: Pool, statement: string): Pool {
  const connect = async () => {
    const client = await real.connect();
    const query = async (text: string, values?: unknown[]) => {
      if (text.startsWith(statement)) throw new RangeError('killed');
      return await client.query(text, values);
    };
    const [on, off] = [client.on.bind(client), client.off.bind(client)];
    return { query, on, off, release: (broken?: boolean) => client.release(broken) };
  };
  return {
    query: async (text: string, values?: unknown[]) => await real.query(text, values),
    connect,
  } as unknown as Pool;
}

/** Cannot tell what was signed once so many keys are said to be retired. */
function createBlindPool(real: Pool, retired: number): Pool {
  const query = async (text: string, values: unknown[]) => {
    const said = await real.query(`SELECT FROM ledger_event WHERE type = 'governance.checkpoint-key-retired'`);
    if (text.includes('FROM ledger_checkpoint') && said.rowCount === retired) throw new RangeError('stopped');
    return await real.query(text, values);
  };
  return { query, connect: async () => await real.connect() } as unknown as Pool;
}
