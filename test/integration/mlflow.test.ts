import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { createRolloutStore, type EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { createTrafficStore } from '../../adapters/postgres/traffic-store.ts';
import { portsFrom } from '../../config/load.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { startMlflow, type MlflowReply, type MlflowServer, type VersionBody } from '../support/mlflow.ts';
import { OFFSETS } from '../support/offsets.ts';
import { eventsOf, fileOf, registrationOf } from '../support/registry.ts';

let database: TestDatabase;
let pool: Pool;
let evidence: EvidenceParts;
let server: MlflowServer;

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.mlflow).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 20);
  evidence = await openTestLedger(pool);
  server = await startMlflow(evidence);
});
afterAll(async () => {
  await server.close();
  await pool.end();
  await database.remove();
});

const ADA = 'ada';
const call = async (method: string, path: string, fields: object = {}) => await server.call(method, path, fields);

async function model(name: string, more: object = {}): Promise<string> {
  expect(await call('POST', 'registered-models/create', { name, ...more })).toMatchObject({ status: 200 });
  return name;
}

async function version(name: string, more: object = {}): Promise<VersionBody> {
  const reply = await call('POST', 'model-versions/create', { name, source: 's3://models/one', ...more });
  if (reply.body.model_version === undefined) throw new Error(JSON.stringify(reply));
  return reply.body.model_version;
}

async function ingest(name: string, number: string, content = `${name} ${number}`): Promise<void> {
  const artifactPath = await fileOf(content);
  await server.registry.register({
    registration: registrationOf(name, number),
    artifactPath,
    wantsProduction: false,
    actor: ADA,
  });
}

const move = async (name: string, number: number, stage: string, more: object = {}) =>
  await call('POST', 'model-versions/transition-stage', { name, version: String(number), stage, ...more });

const isError = (status: number, error_code: string, message = '') => ({
  status,
  body: { error_code, message: expect.stringContaining(message) as string },
});

describe('a model', () => {
  it('is made once, described, tagged, renamed and found under its new name alone', async () => {
    const made = await call('POST', 'registered-models/create', {
      name: 'first',
      description: 'a secret plan',
      tags: [{ key: 'count', value: 12345 }],
    });
    expect(made.body.registered_model).toMatchObject({
      name: 'first',
      description: 'a secret plan',
      tags: [{ key: 'count', value: '12345' }],
      user_id: 'local',
      creation_timestamp: expect.any(Number) as number,
    });
    expect(made.body.registered_model).not.toHaveProperty('latest_versions');
    expect(await call('POST', 'registered-models/create', { name: 'first' })).toMatchObject(
      isError(400, 'RESOURCE_ALREADY_EXISTS', 'Registered Model (name=first) already exists'),
    );
    await call('PATCH', 'registered-models/update', { name: 'first', description: 'another' });
    await call('POST', 'registered-models/set-tag', { name: 'first', key: 'empty', value: '' });
    await call('DELETE', 'registered-models/delete-tag', { name: 'first', key: 'count' });
    expect((await call('DELETE', 'registered-models/delete-tag', { name: 'first', key: 'never' })).status).toBe(200);
    const renamed = await call('POST', 'registered-models/rename', { name: 'first', new_name: 'second' });
    expect(renamed.body.registered_model).toMatchObject({
      name: 'second',
      description: 'another',
      tags: [{ key: 'empty', value: '' }],
    });
    expect(await call('GET', 'registered-models/get', { name: 'first' })).toMatchObject(
      isError(404, 'RESOURCE_DOES_NOT_EXIST', 'Registered Model with name=first not found'),
    );
    const events = await eventsOf(pool, 'model/first');
    expect(events.map(({ type }) => type)).toEqual([
      'model.created',
      'model.described',
      'model.tagged',
      'model.untagged',
      'model.renamed',
    ]);
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  it('that was deleted may be made again, as another one whose ordinals begin anew', async () => {
    await model('reborn');
    await version('reborn');
    await version('reborn');
    expect(await call('DELETE', 'registered-models/delete', { name: 'reborn' })).toEqual({ status: 200, body: {} });
    expect(server.woken, 'whose approvals look again').toContain('reborn');
    expect((await call('DELETE', 'registered-models/delete', { name: 'reborn' })).status).toBe(404);
    expect((await call('GET', 'model-versions/get', { name: 'reborn', version: '1' })).status).toBe(404);
    await model('reborn');
    expect(await version('reborn')).toMatchObject({ version: '1' });
    const { rows } = await pool.query(`SELECT DISTINCT model_id FROM model WHERE name = 'reborn'`);
    expect(rows).toHaveLength(2);
    const kept = await pool.query(
      `SELECT FROM model m JOIN model_version v USING (model_id) WHERE m.name = 'reborn' AND v.deleted_at IS NOT NULL`,
    );
    expect(kept.rowCount).toBe(2);
  });

  it('that is deleted leaves every stage by its history, which stays beside that of who has its name later', async () => {
    const history = async (name: string) =>
      await server.registry.history({ model: name, after: null, limit: 10, actor: ADA });
    await ingest('ended', '1.0.0');
    const order = {
      model: 'ended',
      version: '1.0.0',
      expectedProduction: null,
      approvalId: null,
      reason: '',
      actor: ADA,
    };
    await server.registry.promote({ ...order, to: 'staging' });
    await version('ended');
    expect(await call('DELETE', 'registered-models/delete', { name: 'ended' })).toEqual({ status: 200, body: {} });
    const { changes } = await history('ended');
    expect(changes).toMatchObject([
      { act: 'retired', version: '1.0.0', from: 'staging', to: 'archived', approvers: [] },
      { act: 'promoted', version: '1.0.0', from: 'development', to: 'staging' },
    ]);
    const told = await pool.query('SELECT type FROM ledger_event WHERE sequence = $1', [changes[0]?.ledgerSequence]);
    expect(told.rows).toEqual([{ type: 'model.deleted' }]);
    const at = new Date(changes[1]?.at ?? '');
    expect(await server.registry.productionAt({ model: 'ended', at, actor: ADA })).toBeNull();

    await ingest('ended', '1.0.0');
    await server.registry.promote({ ...order, to: 'staging' });
    const both = (await history('ended')).changes.map(({ act, modelId }) => [act, modelId === changes[0]?.modelId]);
    expect(both).toEqual([
      ['promoted', false],
      ['retired', true],
      ['promoted', true],
    ]);
    await expect(history('never')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('whose version a protected alias means is not deleted, and keeps it under another name', async () => {
    await ingest('aliased', '1.0.0');
    await pool.query(`ALTER TABLE model_alias DISABLE TRIGGER USER`);
    await pool.query(
      `INSERT INTO model_alias (model_id, environment, alias, version_id, changed_at, ledger_sequence)
       SELECT model_id, 'elsewhere', 'Champion', version_id, now(), 0 FROM model_version JOIN model USING (model_id) WHERE name = 'aliased'`,
    );
    await pool.query(`ALTER TABLE model_alias ENABLE TRIGGER USER`);
    expect(await call('DELETE', 'registered-models/delete', { name: 'aliased' })).toMatchObject(
      isError(403, 'PERMISSION_DENIED', 'the protected alias Champion in elsewhere means 1.0.0. Nothing was changed'),
    );
    const { rows } = await pool.query(`SELECT FROM model_alias WHERE alias = 'Champion' AND version_id IS NOT NULL`);
    expect(rows).toHaveLength(1);
    expect(await call('POST', 'registered-models/rename', { name: 'aliased', new_name: 'aliased_2' })).toMatchObject({
      status: 200,
    });
  });

  it('that something goes by is neither renamed nor deleted: users, rollouts, what rests on it, a request by its name', async () => {
    const both = async (name: string) => [
      (await call('POST', 'registered-models/rename', { name, new_name: `${name}_2` })).body.message ?? '',
      (await call('DELETE', 'registered-models/delete', { name })).body.message ?? '',
    ];
    const arm = { version: '1.0.0', endpoint: 'http://127.0.0.1:1' };
    for (const name of ['gone_by', 'rolled', 'rested', 'asked']) await ingest(name, '1.0.0');
    const split = { model: 'gone_by', stable: arm, canary: null, canaryBasisPoints: 0, mirrorBasisPoints: 0 };
    const write = { idempotencyKey: 'gone_by/1', actor: ADA, reason: 'test', writtenAt: new Date().toISOString() };
    const traffic = createTrafficStore(evidence);
    const { generation } = await traffic.reserve({ environment: 'test', split, expectedGeneration: 0, ...write });
    await traffic.markApplied('test', { ...write, split, generation });
    for (const message of await both('gone_by')) expect(message).toContain('users of test are served by it');

    await createRolloutStore(evidence).open({
      rolloutKey: 'rolled-1',
      rolloutId: 'rollout/dev/rolled',
      model: 'rolled',
      environment: 'dev',
      fromVersion: '1.0.0',
      toVersion: '1.1.0',
      plan: {},
      policy: {},
      startedBy: ADA,
      startedAt: new Date().toISOString(),
      engine: { program: '0', node: '24', v8: '13' },
    });
    for (const message of await both('rolled')) expect(message).toContain('rollout/dev/rolled is going on');

    const dependencies = [{ kind: 'embedding', target: 'rested@1.0.0' }];
    const registration = registrationOf('resting', '2.0.0', { dependencies });
    await server.registry.register({ registration, artifactPath: null, wantsProduction: false, actor: ADA });
    for (const message of await both('rested')) expect(message).toContain('resting@2.0.0 rests on it');

    await move('asked', 1, 'Staging');
    const asked = (await move('asked', 1, 'Production')).body.message ?? '';
    const [renamed, deleted] = await both('asked');
    expect(renamed).toContain(`the approval ${/apr-[\w-]+/.exec(asked)?.[0] ?? 'none'} is open`);
    expect(deleted, 'nothing is approved of it any more').toBe('');
  });

  it('in production is neither renamed nor deleted, and that is an event', async () => {
    await ingest('serving', '1.0.0');
    await pool.query(`ALTER TABLE version_stage DISABLE TRIGGER USER`);
    await pool.query(
      `INSERT INTO version_stage (version_id, environment, model_id, stage, ledger_sequence)
       SELECT version_id, 'dev', model_id, 'production', 0 FROM model_version JOIN model USING (model_id) WHERE name = 'serving'`,
    );
    await pool.query(`ALTER TABLE version_stage ENABLE TRIGGER USER`);
    for (const [method, path] of [
      ['POST', 'registered-models/rename'],
      ['DELETE', 'registered-models/delete'],
    ] as const)
      expect(await call(method, path, { name: 'serving', new_name: 'other' })).toMatchObject(
        isError(403, 'PERMISSION_DENIED', 'a version is in production in dev. Nothing was changed'),
      );
    const refused = (await eventsOf(pool, 'model/serving')).filter(({ type }) => type.endsWith('-refused'));
    expect(refused).toHaveLength(2);
    expect((await move('serving', 1, 'Archived')).body.model_version).toMatchObject({ current_stage: 'Archived' });
    const archived = await server.registry.version({ model: 'serving', version: '1.0.0', actor: ADA });
    expect(archived, 'it is served on').toMatchObject({ stage: 'deprecated', retiredAt: null });
  });
});

describe('a version', () => {
  it('has the next ordinal, and its semantic version from its tag or that ordinal', async () => {
    await model('numbered');
    const first = await version('numbered', { run_id: 'r1', run_link: 'http://runs/r1', description: 'd' });
    expect(first).toMatchObject({
      name: 'numbered',
      version: '1',
      current_stage: 'None',
      status: 'READY',
      source: 's3://models/one',
      run_id: 'r1',
      run_link: 'http://runs/r1',
      description: 'd',
    });
    expect(first).not.toHaveProperty('tags');
    await version('numbered', { tags: [{ key: 'mlops.version', value: 'v2.1.0' }] });
    const versions = await server.registry.versions({
      model: 'numbered',
      stage: null,
      withRetired: false,
      after: null,
      limit: 10,
      actor: ADA,
    });
    expect(versions.versions.map(({ ordinal, registration }) => [ordinal, registration.version])).toEqual([
      [2, '2.1.0'],
      [1, '0.0.1'],
    ]);
    expect(
      await call('POST', 'model-versions/create', {
        name: 'numbered',
        source: 's3://x',
        tags: [{ key: 'mlops.version', value: '2.1.0' }],
      }),
    ).toMatchObject(isError(400, 'RESOURCE_ALREADY_EXISTS'));
    expect(await version('numbered')).toMatchObject({ version: '3' });
    const tag = { name: 'numbered', version: '2', key: 'mlops.version' };
    for (const [method, path, value] of [
      ['POST', 'set-tag', '9.9.9'],
      ['DELETE', 'delete-tag', undefined],
    ] as const)
      expect(await call(method, `model-versions/${path}`, { ...tag, value })).toMatchObject(
        isError(400, 'INVALID_PARAMETER_VALUE', 'says which version this is, 2.1.0'),
      );
    expect(await call('POST', 'model-versions/set-tag', { ...tag, value: 'v2.1.0' }), 'as it is').toMatchObject({
      status: 200,
    });
  });

  it('that is deleted is hidden, its ordinal is never used again, and its evidence is kept', async () => {
    await model('hidden');
    await version('hidden');
    await version('hidden');
    expect((await call('DELETE', 'model-versions/delete', { name: 'hidden', version: '2' })).status).toBe(200);
    expect(server.woken, 'whose approvals look again').toContain('hidden');
    expect(await call('DELETE', 'model-versions/delete', { name: 'hidden', version: '2' })).toMatchObject(
      isError(404, 'RESOURCE_DOES_NOT_EXIST', 'Model Version (name=hidden, version=2) not found'),
    );
    const found = await call('GET', 'model-versions/search', { filter: "name = 'hidden'" });
    expect(found.body.model_versions?.map((one) => one.version)).toEqual(['1']);
    expect(await version('hidden')).toMatchObject({ version: '3' });
    expect((await eventsOf(pool, 'model/hidden/0.0.2')).map(({ type }) => type)).toEqual([
      'model.registered',
      'model.retired',
      'model.deleted',
    ]);
  });

  it('that others rest on is not deleted, which is an event', async () => {
    await ingest('rested-on', '1.0.0');
    const dependencies = [{ kind: 'base-model', target: 'rested-on@1.0.0' }];
    await server.registry.register({
      registration: { ...registrationOf('resting', '1.0.0'), dependencies },
      artifactPath: await fileOf('resting'),
      wantsProduction: false,
      actor: ADA,
    });
    expect(await call('DELETE', 'model-versions/delete', { name: 'rested-on', version: '1' })).toMatchObject(
      isError(403, 'PERMISSION_DENIED', 'resting@1.0.0 depend on it'),
    );
    const [, refused, ...more] = await eventsOf(pool, 'model/rested-on/1.0.0');
    expect(refused).toMatchObject({ type: 'model.retire-refused', facts: { code: 'RETIRE_REFUSED' } });
    expect(more).toEqual([]);
  });

  it('moves the time of its model when it is made, deleted or changes its stage, not when it is described', async () => {
    const timeOf = async () =>
      (await call('GET', 'registered-models/get', { name: 'timed' })).body.registered_model?.last_updated_timestamp ??
      0;
    await model('timed');
    const times = [await timeOf()];
    for (const act of [
      async () => await version('timed'),
      async () => await call('PATCH', 'model-versions/update', { name: 'timed', version: '1', description: 'x' }),
      async () => await move('timed', 1, 'Archived'),
      async () => await call('DELETE', 'model-versions/delete', { name: 'timed', version: '1' }),
    ]) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await act();
      times.push(await timeOf());
    }
    const moved = times.slice(1).map((time, at) => time > (times[at] ?? 0));
    expect(moved).toEqual([true, false, true, true]);
  });

  it('without an artifact stays in development, and a copy of one that has an artifact has it too', async () => {
    await model('bare');
    await version('bare');
    expect(await move('bare', 1, 'Staging')).toMatchObject(isError(403, 'PERMISSION_DENIED', 'has no artifact'));
    await ingest('whole', '1.0.0');
    await model('copy');
    const copied = await version('copy', { source: 'models:/whole/1' });
    expect(copied).toMatchObject({ source: 'models:/whole/1' });
    const uri = await call('GET', 'model-versions/get-download-uri', { name: 'copy', version: '1' });
    expect(uri.body.artifact_uri).toMatch(/^mlops-artifact:\/sha256\/[0-9a-f]{64}$/);
    expect((await move('copy', 1, 'Staging')).body.model_version).toMatchObject({ current_stage: 'Staging' });
    expect(await call('POST', 'model-versions/create', { name: 'copy', source: 'models:/whole/7' })).toMatchObject(
      isError(404, 'RESOURCE_DOES_NOT_EXIST'),
    );
  });
});

describe('what needs an approval', () => {
  it.each<[string, string, (name: string) => Promise<MlflowReply>]>([
    ['the stage Production', 'production', async (name) => await move(name, 1, 'production')],
    [
      'the alias champion',
      'champion',
      async (name) => await call('POST', 'registered-models/alias', { name, alias: 'champion', version: '1' }),
    ],
  ])('is refused naming the request and what it lacks, and changes nothing: %s', async (_, suffix, act) => {
    const name = `governed-${suffix}`;
    await ingest(name, '1.0.0');
    await move(name, 1, 'Staging');
    const reply = await act(name);
    expect(reply).toMatchObject(isError(403, 'PERMISSION_DENIED', 'Nothing was changed'));
    const message = reply.body.message ?? '';
    expect(message).toMatch(/needs approval apr-\S+, which lacks [12] of [12] approvals by \w+/);
    // Asked again, it is the same request.
    expect((await act(name)).body.message?.match(/apr-[\w-]+/)?.[0]).toBe(message.match(/apr-[\w-]+/)?.[0]);
    const { body } = await call('GET', 'model-versions/get', { name, version: '1' });
    expect(body.model_version).toMatchObject({ current_stage: 'Staging' });
    expect(body.model_version).not.toHaveProperty('aliases');
  });
});

describe('stages', () => {
  it('go by the rules: up step by step, archived for good, and others are archived by the same act', async () => {
    for (const number of ['1.0.0', '1.1.0', '1.2.0']) await ingest('staged', number);
    expect(await move('staged', 1, 'Production')).toMatchObject(isError(403, 'PERMISSION_DENIED', 'to staging'));
    for (const number of [1, 2]) expect((await move('staged', number, 'staging')).status).toBe(200);
    expect((await move('staged', 3, 'Staging', { archive_existing_versions: true })).status).toBe(200);
    const latest = await call('POST', 'registered-models/get-latest-versions', { name: 'staged' });
    expect(latest.body.model_versions?.map((one) => [one.current_stage, one.version])).toEqual([
      ['Staging', '3'],
      ['Archived', '2'],
    ]);
    expect(await move('staged', 2, 'None')).toMatchObject(isError(403, 'PERMISSION_DENIED'));
    expect((await move('staged', 3, 'None')).body.model_version).toMatchObject({ current_stage: 'None' });
    expect(await move('staged', 3, 'Live')).toMatchObject(isError(400, 'INVALID_PARAMETER_VALUE', 'Live'));
    for (const inactive of ['None', 'Archived'])
      expect(await move('staged', 3, inactive, { archive_existing_versions: true })).toMatchObject(
        isError(500, 'INTERNAL_ERROR'),
      );
  });
});

describe('a search', () => {
  beforeAll(async () => {
    for (const [name, tags] of [
      ['find_a', [{ key: 'team', value: 'red' }]],
      ['find_b', [{ key: 'team', value: 'blue' }]],
      ['Find_c', []],
      ['find_prompt', [{ key: 'mlflow.prompt.is_prompt', value: 'true' }]],
    ] as const)
      await model(name, { tags });
    for (const [name, source, run_id] of [
      ['find_a', 's3://m/a1', 'r-a'],
      ['find_a', 's3://m/a2', 'r-b'],
      ['find_b', 's3://m/b1', 'r-b'],
    ] as const)
      await version(name, { source, run_id, tags: [{ key: 'kind', value: source.slice(-2) }] });
  });

  it.each<[string, string[]]>([
    ["name LIKE 'find%'", ['find_a', 'find_b']],
    ["name ILIKE 'FIND%'", ['Find_c', 'find_a', 'find_b']],
    ["name ILIKE 'find%' AND tag.`mlflow.prompt.is_prompt` != 'true'", ['Find_c', 'find_a', 'find_b']],
    ["tag.`mlflow.prompt.is_prompt` = 'true'", ['find_prompt']],
    ["tags.team = 'red'", ['find_a']],
    ["tags.team != 'red'", ['find_b']],
    ["tags.team ILIKE 'B%'", ['find_b']],
    // A backslash means itself.
    ["name LIKE 'find\\_a'", []],
    ["name LIKE '%\\' AND tags.team ILIKE '%\\'", []],
    ["name IN ('find_a', 'nothing')", ['find_a']],
    ["name = 'find_a' AND tags.team = 'blue'", []],
  ])('for models by %s', async (filter, names) => {
    const { body } = await call('GET', 'registered-models/search', { filter });
    expect((body.registered_models ?? []).map(({ name }) => name)).toEqual(names);
  });

  it.each<[string, string[]]>([
    ["name = 'find_a'", ['find_a/2', 'find_a/1']],
    ["run_id = 'r-b'", ['find_b/1', 'find_a/2']],
    ["run_id IN ('r-a', 'r-b') AND name = 'find_a'", ['find_a/2', 'find_a/1']],
    ["source_path = 's3://m/b1'", ['find_b/1']],
    ["source_path LIKE 's3://m/a%' AND version_number > 1", ['find_a/2']],
    ["tags.kind = 'a1'", ['find_a/1']],
    ["name = 'find_a' AND tags.`kind` != 'a1'", ['find_a/2']],
    ["tags.`mlops.version` = '0.0.2' AND name LIKE 'find%'", ['find_a/2']],
  ])('for versions by %s', async (filter, names) => {
    const { body } = await call('GET', 'model-versions/search', { filter });
    const found = body.model_versions ?? [];
    expect(found.map(({ name, version: number }) => `${name}/${number}`)).toEqual(names);
  });

  it.each<[string, object]>([
    ['registered-models/search', { filter: "colour = 'red'" }],
    ['registered-models/search', { filter: 'name = find_a' }],
    ['registered-models/search', { filter: "name > 'a'" }],
    ['registered-models/search', { filter: "name = 'a' OR name = 'b'" }],
    ['registered-models/search', { order_by: ['colour'] }],
    ['registered-models/search', { max_results: 1001 }],
    ['model-versions/search', { max_results: 0 }],
    ['registered-models/search', { page_token: 'b2xk' }],
    ['model-versions/search', { filter: "version_number LIKE '1'" }],
    ['model-versions/search', { max_results: 200_001 }],
  ])('that cannot be understood is an invalid parameter: %s %j', async (path, fields) => {
    expect(await call('GET', path, fields)).toMatchObject(isError(400, 'INVALID_PARAMETER_VALUE'));
  });

  it('finds every entry once by its pages, whatever is written meanwhile', async () => {
    await model('paged');
    for (let at = 0; at < 12; at += 1) await version('paged');
    for (const order_by of [[], ['version_number ASC'], ['name DESC', 'creation_timestamp DESC']]) {
      const seen: string[] = [];
      let page_token = '';
      do {
        const asked = { filter: "name = 'paged'", max_results: 5, order_by, page_token };
        const { body, status } = await call('GET', 'model-versions/search', asked);
        expect(status).toBe(200);
        seen.push(...(body.model_versions ?? []).map((one) => one.version));
        page_token = body.next_page_token ?? '';
        await version('paged', { tags: [{ key: 'late', value: 'yes' }] });
      } while (page_token !== '');
      const first = Array.from({ length: 12 }, (_, at) => String(at + 1));
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((one) => first.includes(one))).toHaveLength(12);
    }
  });

  it('goes on by a token only with the filter and order it was given for', async () => {
    const { body } = await call('GET', 'model-versions/search', { filter: "name = 'paged'", max_results: 2 });
    const page_token = body.next_page_token;
    expect(await call('GET', 'model-versions/search', { filter: "name = 'find_a'", page_token })).toMatchObject(
      isError(400, 'INVALID_PARAMETER_VALUE', 'page token'),
    );
  });
});

describe('aliases', () => {
  it('mean a version, move and go; an unknown one is an invalid parameter', async () => {
    await model('aliased');
    await version('aliased');
    await version('aliased');
    for (const number of ['1', '2'])
      expect(
        (await call('POST', 'registered-models/alias', { name: 'aliased', alias: 'candidate', version: number }))
          .status,
      ).toBe(200);
    const got = await call('GET', 'registered-models/alias', { name: 'aliased', alias: 'candidate' });
    expect(got.body.model_version).toMatchObject({ version: '2', aliases: ['candidate'] });
    const { body } = await call('GET', 'registered-models/get', { name: 'aliased' });
    expect(body.registered_model).toMatchObject({ aliases: [{ alias: 'candidate', version: '2' }] });
    for (let again = 0; again < 2; again += 1)
      expect((await call('DELETE', 'registered-models/alias', { name: 'aliased', alias: 'candidate' })).status).toBe(
        200,
      );
    expect(await call('GET', 'registered-models/alias', { name: 'aliased', alias: 'candidate' })).toMatchObject(
      isError(400, 'INVALID_PARAMETER_VALUE', 'Registered model alias candidate not found.'),
    );
    for (const alias of ['latest', 'v1', 'a b'])
      expect(await call('POST', 'registered-models/alias', { name: 'aliased', alias, version: '1' })).toMatchObject(
        isError(400, 'INVALID_PARAMETER_VALUE'),
      );
    expect(await call('DELETE', 'registered-models/alias', { name: 'aliased', alias: 'champion' })).toMatchObject(
      isError(403, 'PERMISSION_DENIED', 'protected'),
    );
  });
});

describe('a call', () => {
  it.each<[string, string, object, ReturnType<typeof isError>]>([
    ['POST', 'registered-models/create', { name: '' }, isError(400, 'INVALID_PARAMETER_VALUE', "'name'")],
    ['POST', 'registered-models/create', { name: 'a/b' }, isError(400, 'INVALID_PARAMETER_VALUE', 'a/b')],
    ['POST', 'registered-models/create', { name: 7 }, isError(400, 'INVALID_PARAMETER_VALUE')],
    [
      'GET',
      'model-versions/get',
      { name: 'first', version: 'x' },
      isError(400, 'INVALID_PARAMETER_VALUE', "'version' must be an integer, got 'x'"),
    ],
    ['GET', 'model-versions/get', { name: 'nothing', version: '1' }, isError(404, 'RESOURCE_DOES_NOT_EXIST')],
    ['POST', 'model-versions/create', { name: 'nothing', source: 's3://a' }, isError(404, 'RESOURCE_DOES_NOT_EXIST')],
    [
      'POST',
      'model-versions/create',
      { name: 'second', source: 's3://a/../b' },
      isError(400, 'INVALID_PARAMETER_VALUE'),
    ],
    [
      'POST',
      'model-versions/create',
      { name: 'second', source: 's3://a/%252e%252e/b' },
      isError(400, 'INVALID_PARAMETER_VALUE'),
    ],
    [
      'POST',
      'model-versions/create',
      { name: 'second', source: 'https://host/a' },
      isError(400, 'INVALID_PARAMETER_VALUE'),
    ],
    [
      'POST',
      'registered-models/set-tag',
      { name: 'second', key: 'k'.repeat(251), value: '' },
      isError(400, 'INVALID_PARAMETER_VALUE'),
    ],
    ['POST', 'logged-models', {}, isError(404, 'ENDPOINT_NOT_FOUND')],
    ['POST', '/ajax-api/2.0/mlflow/nothing', {}, isError(404, 'ENDPOINT_NOT_FOUND')],
    ['POST', '/ajax-api/2.0/mlflow/registered-models/create', { name: 'by_ajax' }, { status: 200 } as never],
  ])('is answered as the protocol says: %s %s %j', async (method, path, fields, wanted) => {
    expect(await call(method, path, fields)).toMatchObject(wanted);
  });

  it('that is no JSON is an invalid parameter, and half a surrogate pair is too', async () => {
    const response = await fetch(`${server.url}/api/2.0/mlflow/registered-models/create`, {
      method: 'POST',
      body: '{"name":',
    });
    expect([response.status, await response.json()]).toMatchObject([400, { error_code: 'INVALID_PARAMETER_VALUE' }]);
    expect(await call('POST', 'registered-models/create', { name: 'odd', description: '\ud800' })).toMatchObject(
      isError(400, 'INVALID_PARAMETER_VALUE'),
    );
  });

  it('for what no model can be called leaves nothing of it in the ledger, which keeps it for good', async () => {
    const watched = await startMlflow(evidence, { readSample: 1 });
    const roleless = await startMlflow(evidence, { roles: [] });
    const odd = ['ada@example.org', 'x'.repeat(101), 'half\ud800', 'a\nb', '../up', 'nul\u0000'];
    try {
      for (const name of odd) {
        const { status } = await watched.call('POST', 'registered-models/get-latest-versions', { name });
        expect([400, 404], JSON.stringify(name)).toContain(status);
        expect(await roleless.call('POST', 'registered-models/set-tag', { name, key: 'a' })).toMatchObject(
          isError(403, 'PERMISSION_DENIED'),
        );
        const hook = encodeURIComponent(name.replace('\ud800', '').slice(0, 90));
        expect(await roleless.call('DELETE', `webhooks/${hook}`)).toMatchObject(isError(403, 'PERMISSION_DENIED'));
      }
      await watched.call('GET', 'registered-models/get', { name: 'named' });
    } finally {
      await watched.close();
      await roleless.close();
    }
    const { rows } = await pool.query<{ resource: string }>(
      "SELECT DISTINCT resource FROM ledger_event WHERE type IN ('model.read', 'model.tag-refused', 'webhook.manage-refused')",
    );
    const resources = rows.map(({ resource }) => resource);
    expect(resources).toEqual(expect.arrayContaining(['model', 'model/named', 'webhook']));
    expect(resources.filter((resource) => !/^(?:model|webhook)(?:\/[\w.-]{1,100})?$/.test(resource))).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['with a token that nobody gave', { authorization: 'Bearer nothing' }],
    ['with a password', { authorization: 'Basic YTpi' }],
    ['that a proxy forwarded', { 'x-forwarded-for': '10.0.0.1' }],
  ])('%s is refused, which is an event', async (_, headers) => {
    const reply = await server.call('GET', 'registered-models/search', {}, headers);
    expect(reply).toMatchObject(isError(401, 'UNAUTHENTICATED'));
    expect(JSON.stringify(await eventsOf(pool, 'model'))).toContain('NOT_AUTHENTICATED');
  });

  it('acts as the principal of its token, and by its roles alone', async () => {
    const actor = { id: 'system:test', kind: 'system', authentication: 'process' } as const;
    await evidence.ledger.transact(async ({ append, client, next }) => {
      await client.query(
        `INSERT INTO principal (principal_id, kind, provider, name, ledger_sequence)
         VALUES ('principal:00000000000000ff', 'service', 'ed25519', 'ci', $1)`,
        [next],
      );
      await client.query(
        `INSERT INTO principal_role (principal_id, role, ledger_sequence) VALUES ('principal:00000000000000ff', 'viewer', $1)`,
        [next],
      );
      append({ type: 'identity.created', category: 'access_control', actor, resource: 'identity', risk: 'low' });
    });
    const tokens = { verify: async () => await Promise.resolve({ principal: 'ci', issuer: 'https://tokens' }) };
    const strict = await startMlflow(evidence, { tokens, trustsLoopback: false });
    try {
      const headers = { authorization: 'Bearer good' };
      expect(await strict.call('GET', 'registered-models/search', {}, headers)).toMatchObject({ status: 200 });
      expect(await strict.call('POST', 'registered-models/create', { name: 'mine' }, headers)).toMatchObject(
        isError(403, 'PERMISSION_DENIED', 'model.register'),
      );
      expect(await strict.call('GET', 'registered-models/search')).toMatchObject(isError(401, 'UNAUTHENTICATED'));
    } finally {
      await strict.close();
    }
  });

  it('made by many at once gives every version its own ordinal', async () => {
    await model('raced');
    const made = await Promise.all(Array.from({ length: 25 }, async () => await version('raced')));
    expect(made.map((one) => Number(one.version)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 25 }, (_, at) => at + 1),
    );
  });
});
