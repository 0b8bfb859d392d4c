import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVersionSource } from '../../adapters/mlflow/version-source.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { deleteVersion } from '../../adapters/postgres/registry/mlflow/versions.ts';
import { readStanding } from '../../adapters/postgres/registry/mlflow/source-conflicts.ts';
import { takeOver } from '../../adapters/postgres/registry/mlflow/take-over.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { portsFrom } from '../../config/load.ts';
import type { SourceVersion } from '../../domain/registry/mlflow/version-source.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { startMlflow, type MlflowServer } from '../support/mlflow.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createTestRegistry, eventsOf, fileOf, registrationOf } from '../support/registry.ts';

const PORTS = portsFrom(OFFSETS.mlflowImport);
const RERANKER = { type: 'reranker', metadata: { tokenizer: 't', max_input_tokens: 9 } } as const;

/** What a server in trouble does to a call; `pass`: nothing. */
type Trouble = 'busy' | 'html' | 'lost' | 'refused' | 'pass';

const databases: TestDatabase[] = [];
let [pool, there]: [Pool, Pool] = [undefined as never, undefined as never];
let other: MlflowServer;
let front: Server;
let url: string;
let evidence: EvidenceParts;
let made: Awaited<ReturnType<typeof createTestRegistry>>;
let troubles: Trouble[] = [];

beforeAll(async () => {
  for (const port of [PORTS.postgres, PORTS.api]) {
    const database = await startDatabase(port);
    databases.push(database);
    await migrate(database.url);
  }
  pool = createPool(databases[0]?.url ?? '', 5);
  there = createPool(databases[1]?.url ?? '', 5);
  other = await startMlflow(await openTestLedger(there));
  evidence = await openTestLedger(pool);
  made = await createTestRegistry(evidence);
  front = createServer((request, response) => {
    const trouble = troubles.shift() ?? 'pass';
    const reply = (status: number, text: string) => response.writeHead(status, { 'retry-after': '0' }).end(text);
    if (trouble === 'lost') request.socket.destroy();
    else if (trouble === 'busy') reply(503, 'busy');
    else if (trouble === 'html') reply(200, '<html>');
    else if (trouble === 'refused') reply(403, '{"error_code":"PERMISSION_DENIED","message":"no"}');
    else
      void fetch(`${other.url}${request.url ?? ''}`).then(async (answer) => reply(answer.status, await answer.text()));
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
});
afterAll(async () => {
  front.close();
  await other.close();
  await Promise.all([pool.end(), there.end()]);
  for (const database of databases) await database.remove();
});

const add = async (name: string, source: string, tags: { key: string; value: string }[] = []) => {
  await other.call('POST', 'registered-models/create', { name });
  await other.call('POST', 'model-versions/create', { name, source, description: 'd', run_id: 'r', tags });
};
const take = async (from = url) =>
  await takeOver(made.parts, {
    source: createVersionSource(from, null),
    settlesMs: 0,
    actor: await evidence.principals.actor('ada'),
  });
const versionsOf = async (model: string) =>
  (await made.registry.versions({ model, stage: null, withRetired: true, after: null, limit: 9, actor: 'ada' }))
    .versions;

describe('taking versions over from another registry', () => {
  it('registers what is there once, without content, through whatever ails the server', async () => {
    await add('first', 's3://m/1', [{ key: 'mlops.version', value: '1.2.0' }]);
    await add('first', 'models:/first/1');
    await add('second', 's3://m/2');
    troubles = ['busy', 'html', 'lost'];
    expect(await take()).toEqual({ added: 3, changed: 0, unchanged: 0, skipped: [] });
    const [newest] = await versionsOf('first');
    expect(newest).toMatchObject({
      description: 'd',
      stage: 'development',
      registration: { version: '1.2.0', artifact: null, type: 'external' },
      tags: { 'mlops.imported-from': `${url}#first/1` },
    });
    expect((await eventsOf(pool, 'model')).map(({ type }) => type)).toContain('model.taken-over');
    // What changed last is looked at again: another change may have the same time.
    expect(await take()).toMatchObject({ added: 0, changed: 0, skipped: [] });
  });

  it('takes no artifact of ours for what another registry calls the same', async () => {
    const registration = registrationOf('ours', '1.0.0');
    const artifactPath = await fileOf('ours');
    await made.registry.register({ registration, artifactPath, wantsProduction: false, actor: 'ada' });
    await add('ours', 's3://m/theirs');
    await add('copied', 'models:/ours/1');
    expect(await take()).toMatchObject({ added: 2, skipped: [] });
    expect((await versionsOf('copied'))[0]?.registration).toMatchObject({ artifact: null, type: 'external' });
  });

  it('brings descriptions and tags up to date, and adds what is new', async () => {
    await other.call('POST', 'model-versions/set-tag', { name: 'second', version: '1', key: 'a', value: 'b' });
    await other.call('PATCH', 'model-versions/update', { name: 'second', version: '1', description: 'new' });
    await add('third', 's3://m/3');
    expect(await take()).toMatchObject({ added: 1, changed: 1, skipped: [] });
    expect((await versionsOf('second'))[0]).toMatchObject({ description: 'new', tags: { a: 'b' } });
  });

  it('knows again what it took over, whatever is done to tags here', async () => {
    const from = (name: string) => `${url}#${name}/1`;
    const tag = async (model: string, set: Record<string, string>, unset: string[]) =>
      await made.registry.tag({ model, version: '0.0.1', set, unset, actor: 'ada' });
    // The one that changed last, which is looked at again.
    await tag('third', {}, ['mlops.imported-from']);
    // One that has nothing to do with it, and says that it is what is not there yet.
    await made.registry.register({
      registration: { ...RERANKER, model: 'own', version: '0.0.1', tags: { mine: 'yes' } },
      artifactPath: null,
      wantsProduction: false,
      actor: 'ada',
    });
    await tag('own', { 'mlops.imported-from': from('planted') }, []);
    await add('planted', 's3://m/7');
    expect(await take()).toEqual({ added: 1, changed: 1, unchanged: 0, skipped: [] });
    expect((await versionsOf('third')).map(({ tags }) => tags)).toEqual([{ 'mlops.imported-from': from('third') }]);
    expect((await versionsOf('planted')).map(({ description }) => description)).toEqual(['d']);
    expect((await versionsOf('own'))[0]?.tags).toEqual({ mine: 'yes', 'mlops.imported-from': from('planted') });
  });

  it('knows again also what a worker of the release before took over, which does not name where from', async () => {
    const { rows } = await pool.query<{ columns: string }>(
      `SELECT string_agg(quote_ident(column_name), ',') AS columns FROM information_schema.columns
       WHERE table_name = 'model_version' AND column_name <> 'taken_from'`,
    );
    const columns = rows[0]?.columns ?? '';
    const client = await pool.connect();
    try {
      await client.query(`BEGIN; CREATE TEMP TABLE release_before (LIKE model_version INCLUDING DEFAULTS) ON COMMIT DROP;
        CREATE TRIGGER filled_in BEFORE INSERT ON release_before FOR EACH ROW EXECUTE FUNCTION fill_in_version();
        INSERT INTO release_before (${columns}) SELECT ${columns} FROM model_version WHERE tags ? 'mlops.imported-from'`);
      const { rows: taken } = await client.query<{ taken_from: string; tag: string }>(
        `SELECT taken_from, tags ->> 'mlops.imported-from' AS tag FROM release_before`,
      );
      expect(taken.length).toBeGreaterThan(0);
      expect(taken.map(({ taken_from }) => taken_from)).toEqual(taken.map(({ tag }) => tag));
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  it('takes over as another version what has the number of one that was deleted there', async () => {
    await add('anew', 's3://m/8');
    expect(await take()).toMatchObject({ added: 1 });
    // Of before the time was kept, only the number is known.
    await pool.query(`ALTER TABLE model_version DISABLE TRIGGER USER;
      UPDATE model_version SET taken_from = split_part(taken_from, '@', 1) WHERE source = 's3://m/8';
      ALTER TABLE model_version ENABLE TRIGGER USER`);
    expect(await take(), 'known by its source and run').toMatchObject({ added: 0, skipped: [] });
    for (const source of ['s3://m/9', 's3://m/9']) {
      await other.call('DELETE', 'registered-models/delete', { name: 'anew' });
      await add('anew', source);
      expect(await take()).toMatchObject({ added: 1, changed: 0, skipped: [] });
    }
    const { rows } = await pool.query<{ source: string }>(
      "SELECT source FROM model_version JOIN model USING (model_id) WHERE name = 'anew' ORDER BY ordinal",
    );
    expect(rows.map(({ source }) => source)).toEqual(['s3://m/8', 's3://m/9', 's3://m/9']);
  });

  it('leaves the number that a version has here, and goes on, when another one is said there', async () => {
    // By SQL: a server of MLflow lets any tag be changed.
    const says = async (tags: object) =>
      await there.query(`ALTER TABLE model_version DISABLE TRIGGER USER;
        UPDATE model_version SET tags = '${JSON.stringify(tags)}', changed_at = date_trunc('milliseconds', clock_timestamp())
        WHERE source = 's3://m/1';
        ALTER TABLE model_version ENABLE TRIGGER USER`);
    for (const [at, tags] of [{ 'mlops.version': '9.9.9', a: 'b' }, {}].entries()) {
      await says(tags);
      await add(`later-${at}`, 's3://m/10');
      expect(await take()).toEqual({ added: 1, changed: 1, unchanged: expect.any(Number) as number, skipped: [] });
      expect(await take(), 'its turn is over').toMatchObject({ added: 0, changed: 0, unchanged: 1, skipped: [] });
    }
    expect((await versionsOf('first'))[0]).toMatchObject({
      registration: { version: '1.2.0' },
      tags: { 'mlops.version': '1.2.0', 'mlops.imported-from': `${url}#first/1` },
    });
  });

  it('finds what a server shows only after what changed later', async () => {
    const versions: SourceVersion[] = [];
    const asked: number[] = [];
    const source = {
      url: 'http://slow.example',
      ledger: async () => await Promise.resolve(null),
      version: async () => await Promise.resolve(null),
      changedSince: async (since: number) => {
        asked.push(since);
        return await Promise.resolve(versions.filter(({ changedAt }) => changedAt >= since));
      },
    };
    const show = (model: string, msAgo: number): void => {
      const changedAt = Date.now() - msAgo;
      const words = { description: '', source: 's3://m/11', runId: '', runLink: '', tags: {}, status: 'READY' };
      versions.push({ ...words, model, ordinal: 1, createdAt: changedAt, changedAt });
    };
    const look = async () => await takeOver(made.parts, { source, actor: await evidence.principals.actor('ada') });
    show('shown-first', 1000);
    expect(await look()).toMatchObject({ added: 1 });
    show('shown-later', 30_000);
    expect(await look()).toMatchObject({ added: 1, unchanged: 1 });
    versions.splice(0);
    show('shown-long-ago', 90_000);
    expect(await look()).toMatchObject({ added: 0 });
    for (const since of asked.slice(1)) expect(since).toBeLessThanOrEqual(Date.now() - 60_000);
  });

  it('goes on behind what was deleted here', async () => {
    const actor = await evidence.principals.actor('ada');
    await deleteVersion(made.parts, { model: 'third', ordinal: 1, actor });
    await other.call('PATCH', 'model-versions/update', { name: 'third', version: '1', description: 'newer' });
    await add('fourth', 's3://m/5');
    const deleted = 'third/1: it was deleted here';
    expect(await take()).toMatchObject({ added: 1, skipped: [deleted] });
    expect(await take(), 'its turn is over').toMatchObject({ added: 0, unchanged: 1, skipped: [] });
  });

  it('knows a model again that is renamed there, and goes on with it', async () => {
    const rename = async (name: string, newName: string) => {
      await other.call('POST', 'registered-models/rename', { name, new_name: newName });
      // As MLflow does, which moves the time of every version.
      await there.query(
        `ALTER TABLE model_version DISABLE TRIGGER USER;
         UPDATE model_version SET changed_at = date_trunc('milliseconds', clock_timestamp())
         WHERE model_id = (SELECT model_id FROM model WHERE name = '${newName}' AND retired_at IS NULL);
         ALTER TABLE model_version ENABLE TRIGGER USER`,
      );
    };
    const version = async (name: string, source: string) =>
      await other.call('POST', 'model-versions/create', { name, source, run_id: 'r' });
    const ofHere = async (model: string) =>
      (await versionsOf(model)).map(
        ({ ordinal, tags }) => `${ordinal} ${(tags['mlops.imported-from'] ?? '').replace(url, '')}`,
      );
    await add('before', 's3://m/20');
    await version('before', 's3://m/21');
    expect(await take()).toMatchObject({ added: 2 });
    await rename('before', 'after');
    expect(await take()).toMatchObject({ added: 0, changed: 2, skipped: [] });
    expect(await ofHere('before')).toEqual(['2 #after/2', '1 #after/1']);
    await version('after', 's3://m/22');
    expect(await take()).toMatchObject({ added: 1, skipped: [] });
    expect(await ofHere('before')).toEqual(['3 #after/3', '2 #after/2', '1 #after/1']);
    await expect(versionsOf('after')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    expect(await take(), 'as it was').toMatchObject({ added: 0, changed: 0, skipped: [] });

    // Another model takes the name of before, and they change names with one another.
    await add('before', 's3://m/20');
    expect(await take()).toMatchObject({ added: 1 });
    expect((await ofHere('before'))[0]).toBe('4 #before/1');
    await rename('after', 'aside');
    await rename('before', 'after');
    await rename('aside', 'before');
    expect(await take()).toMatchObject({ added: 0, skipped: [] });
    expect(await ofHere('before')).toEqual(['4 #after/1', '3 #before/3', '2 #before/2', '1 #before/1']);
  });

  it('takes two for two that were made at once of the same run', async () => {
    const words = { description: '', source: 's3://m/30', runId: 'r', runLink: '', tags: {}, status: 'READY' };
    const twin = { ...words, ordinal: 1, createdAt: 7, changedAt: 7 };
    const all: SourceVersion[] = [{ ...twin, model: 'twin-a' }];
    const source = {
      url: 'http://twins.example',
      ledger: async () => await Promise.resolve(null),
      version: async (model: string) => await Promise.resolve(all.find((one) => one.model === model) ?? null),
      changedSince: async () => await Promise.resolve(all),
    };
    const look = async () => await takeOver(made.parts, { source, actor: await evidence.principals.actor('ada') });
    expect(await look()).toMatchObject({ added: 1 });
    all.push({ ...twin, model: 'twin-b' });
    expect(await look(), 'the first is there still').toMatchObject({ added: 1 });
    all.splice(0, 1, { ...twin, model: 'twin-c' });
    expect(await look(), 'and now it is called otherwise').toMatchObject({ added: 0, changed: 1 });
    expect((await versionsOf('twin-a'))[0]?.tags['mlops.imported-from']).toBe('http://twins.example#twin-c/1');
    expect((await versionsOf('twin-b'))[0]?.tags['mlops.imported-from']).toBe('http://twins.example#twin-b/1');
  });

  const own = async (model: string): Promise<void> => {
    const registration = { ...RERANKER, model, version: '0.0.1' };
    await made.registry.register({ registration, artifactPath: null, wantsProduction: false, actor: 'ada' });
  };
  const conflicts = async () => await made.registry.conflicts({ actor: 'ada' });
  const readUntil = async () => (await readStanding(pool, url)).readUntil;

  it('notes what cannot be taken over, keeps nothing else waiting, and takes it over once that is mended', async () => {
    await own('taken');
    await add('taken', 's3://m/4', [{ key: 'mlops.version', value: '0.0.1' }]);
    for (const _ of [1, 2])
      expect((await take()).skipped).toEqual([expect.stringMatching(/^taken\/1: .*already exists as 0\.0\.1/)]);
    const before = await readUntil();
    await add('fifth', 's3://m/6');
    expect(await take()).toMatchObject({ added: 1, skipped: [expect.stringMatching(/^taken/)] });
    expect(await readUntil(), 'it is not read again from there on').not.toBe(before);
    expect(await take(), 'only what changed last').toMatchObject({
      added: 0,
      unchanged: 1,
      skipped: [expect.stringMatching(/^taken/)],
    });
    const found = await conflicts();
    expect(found).toEqual([
      {
        url,
        model: 'taken',
        ordinal: 1,
        kind: 'number',
        problem: expect.stringContaining('already exists as 0.0.1') as string,
        remedy: 'Give it a semantic version there that is free here, by the tag mlops.version',
        foundAt: expect.any(String) as string,
        triedAt: expect.any(String) as string,
      },
    ]);
    expect(
      found.map(({ foundAt, triedAt }) => triedAt > foundAt),
      'each time',
    ).toEqual([true]);
    expect(await readStanding(pool, url)).toMatchObject({ conflicts: 1 });

    // Of a tag that is set MLflow lists no change.
    await there.query(`ALTER TABLE model_version DISABLE TRIGGER USER;
      UPDATE model_version SET tags = '{"mlops.version": "0.0.7"}' WHERE source = 's3://m/4';
      ALTER TABLE model_version ENABLE TRIGGER USER`);
    expect(await take()).toMatchObject({ added: 1, skipped: [] });
    expect((await versionsOf('taken')).map(({ registration }) => registration.version)).toEqual(['0.0.7', '0.0.1']);
    expect(await conflicts()).toEqual([]);
    expect(await take()).toMatchObject({ added: 0, skipped: [] });
    const told = (await eventsOf(pool, 'model')).map(({ type }) => type);
    expect(
      told.filter((type) => type === 'model.not-taken-over'),
      'once',
    ).toHaveLength(1);
    expect(told.filter((type) => type === 'model.conflict-ended')).toHaveLength(1);
  });

  it('forgets a conflict about what is gone there, or was made anew', async () => {
    const tags = [{ key: 'mlops.version', value: '0.0.1' }];
    const clash = async () => await add('again', 's3://m/12', tags);
    await own('again');
    await clash();
    expect((await take()).skipped).toHaveLength(1);
    await other.call('DELETE', 'registered-models/delete', { name: 'again' });
    expect(await take()).toMatchObject({ added: 0, skipped: [] });
    expect(await conflicts()).toEqual([]);
    await clash();
    expect((await take()).skipped).toHaveLength(1);
    await other.call('DELETE', 'registered-models/delete', { name: 'again' });
    await add('again', 's3://m/13');
    expect(await take()).toMatchObject({ added: 1, skipped: [] });
    expect(await conflicts()).toEqual([]);
  });

  it('says of each that cannot be here what mends it', async () => {
    const version = {
      ordinal: 1,
      description: '',
      runId: '',
      runLink: '',
      status: 'READY',
      createdAt: 1,
      changedAt: 1,
    };
    const of = (model: string, source: string, tags = {}): SourceVersion => ({ ...version, model, source, tags });
    const all = [
      of('not a name', 's3://m/1'),
      of('climbs', 's3://m/../1'),
      of('no-version', 's3://m/1', { 'mlops.version': 'one' }),
      { ...of('waits', 's3://m/1'), status: 'PENDING_REGISTRATION' },
      of('fine', 's3://m/14'),
    ];
    const source = {
      url: 'http://odd.example',
      ledger: async () => await Promise.resolve(null),
      version: async (model: string) => await Promise.resolve(all.find((one) => one.model === model) ?? null),
      changedSince: async () => await Promise.resolve(all),
    };
    const actor = await evidence.principals.actor('ada');
    expect(await takeOver(made.parts, { source, actor })).toMatchObject({ added: 1 });
    expect((await conflicts()).map(({ kind, model }) => [model, kind])).toEqual([
      ['not a name', 'name'],
      ['climbs', 'source'],
      ['no-version', 'tag'],
    ]);
    all.splice(0);
    await takeOver(made.parts, { source, actor });
    expect(await conflicts()).toEqual([]);
  });

  it('refuses the registry itself, whatever name it goes by, and changes nothing', async () => {
    const own = await startMlflow(evidence);
    try {
      const before = await eventsOf(pool, 'model');
      for (const address of [own.url, `${own.url.replace('127.0.0.1', 'localhost')}/`])
        await expect(take(address)).rejects.toMatchObject({ code: 'REGISTRY_SOURCE_OWN', exitCode: 2 });
      expect(await eventsOf(pool, 'model')).toEqual(before);
    } finally {
      await own.close();
    }
  });

  it.each<[string, Trouble[], string]>([
    ['refuses', ['refused'], 'PERMISSION_DENIED: no'],
    ['answers with no JSON for good', ['html', 'html', 'html', 'html', 'html'], 'something that is no JSON'],
  ])('ends with what the server says, where that %s', { timeout: 60_000 }, async (_, given, words) => {
    troubles = [...given];
    await expect(take()).rejects.toMatchObject({
      code: 'REGISTRY_SOURCE_FAILED',
      message: expect.stringContaining(words) as string,
    });
  });
});
