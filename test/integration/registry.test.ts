import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { portsFrom } from '../../config/load.ts';
import type { RegistrationOrder } from '../../domain/registry/registration.ts';
import type { Stage } from '../../domain/registry/stages.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createTestRegistry, eventsOf, fileOf, registrationOf } from '../support/registry.ts';

let database: TestDatabase;
let pool: Pool;
let evidence: EvidenceParts;
let made: Awaited<ReturnType<typeof createTestRegistry>>;

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.registry).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 20);
  evidence = await openTestLedger(pool);
  made = await createTestRegistry(evidence);
});
afterAll(async () => {
  await pool.end();
  await database.remove();
});

const ADA = 'ada';

async function register(registration: RegistrationOrder, more: { content?: string; wantsProduction?: boolean } = {}) {
  const { content, wantsProduction = false } = more;
  const artifactPath = content === undefined ? null : await fileOf(content);
  return await made.registry.register({ registration, artifactPath, wantsProduction, actor: ADA });
}

const version = async (model: string, number: string) =>
  await made.registry.version({ model, version: number, actor: ADA });

describe('a registration', () => {
  it('gives a version its id, ordinal, author and artifact, and leaves its event', async () => {
    const registration = registrationOf('first', 'v1.0.0', {
      description: 'a secret plan',
      metrics: { recall_at_5: 0.9 },
    });
    const { isNew, version: record } = await register(registration, { content: 'weights' });
    expect(record).toMatchObject({
      ordinal: 1,
      stage: 'development',
      requestedStage: null,
      artifactBytes: 7,
      artifactFiles: 1,
      aliases: [],
    });
    expect(record.registration).toMatchObject({
      version: '1.0.0',
      metrics: [{ name: 'recall_at_5', value: 0.9, unit: 'ratio', direction: 'higher' }],
    });
    expect(isNew).toBe(true);
    expect([...(await made.registry.names([record.author]))]).toEqual([[record.author, ADA]]);
    const [event] = await eventsOf(pool, 'model/first/1.0.0');
    expect(event).toMatchObject({
      type: 'model.registered',
      category: 'model_registration',
      facts: { ordinal: 1, artifact: record.registration.artifact },
    });
    expect(JSON.stringify(event)).not.toContain('secret');
  });

  it('again with the same content changes nothing, also with v and another order', async () => {
    const { version: before } = await register(registrationOf('again', '1.0.0', { tags: { a: 1, b: 2 } }));
    const { isNew, version: after } = await register(registrationOf('again', 'v1.0.0', { tags: { b: 2, a: 1 } }));
    expect([isNew, after]).toEqual([false, before]);
    expect(await eventsOf(pool, 'model/again/1.0.0')).toHaveLength(1);
  });

  it('by twenty at once is one: the same id for all of them', async () => {
    const other = await createTestRegistry({ ...evidence, ...(await openTestLedger(pool)) });
    const registries = [made.registry, other.registry];
    const all = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, at) =>
          await registries[at % 2]?.register({
            registration: registrationOf('raced', '1.0.0'),
            artifactPath: null,
            wantsProduction: false,
            actor: ADA,
          }),
      ),
    );
    expect(new Set(all.map((one) => one?.version.id)).size).toBe(1);
    expect(all.filter((one) => one?.isNew === true)).toHaveLength(1);
    expect(await eventsOf(pool, 'model/raced/1.0.0')).toHaveLength(1);
  });

  it('of many versions at once gives each its own ordinal', async () => {
    const all = await Promise.all(
      Array.from({ length: 30 }, async (_, at) => await register(registrationOf('counted', `1.${at}.0`))),
    );
    expect(all.map((one) => one.version.ordinal).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, at) => at + 1),
    );
  });

  it.each<[string, Partial<RegistrationOrder>, string | undefined, string]>([
    [
      'another figure',
      { metrics: { recall_at_5: 0.91 } },
      undefined,
      'metrics.recall_at_5 is 0.9 ratio, higher is better there, 0.91',
    ],
    ['another artifact', {}, 'other', 'artifact is absent there'],
    ['other build metadata', { version: '1.0.0+2' }, undefined, 'version is "1.0.0" there, "1.0.0+2" here'],
  ])('of %s under the same version is a conflict that names it, and an event', async (_, more, content, words) => {
    await register(registrationOf('disputed', '1.0.0', { metrics: { recall_at_5: 0.9 } }));
    const other = { ...registrationOf('disputed', '1.0.0', { metrics: { recall_at_5: 0.9 } }), ...more };
    await expect(register(other, content === undefined ? {} : { content })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      exitCode: 3,
      message: expect.stringContaining(words) as string,
    });
    expect((await eventsOf(pool, `model/disputed/${other.version}`)).at(-1)).toMatchObject({
      type: 'model.register-refused',
      category: 'access_control',
      facts: { code: 'VERSION_CONFLICT' },
    });
  });

  it('straight into production is noted, and stands in development', async () => {
    const { version: record } = await register(registrationOf('eager', '1.0.0'), { wantsProduction: true });
    expect(record).toMatchObject({ stage: 'development', requestedStage: 'production' });
    await register(registrationOf('eager', '1.0.0'), { wantsProduction: true });
    expect((await eventsOf(pool, 'model/eager/1.0.0')).map(({ type }) => type)).toEqual([
      'model.registered',
      'model.stage-requested',
    ]);
  });

  it('that is not valid leaves nothing', async () => {
    await expect(register(registrationOf('wrong', 'latest'))).rejects.toMatchObject({
      code: 'REGISTRATION_INVALID',
      exitCode: 2,
    });
    await expect(version('wrong', '1.0.0')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('may rest on a registered version, and on no other', async () => {
    const dependencies = [{ kind: 'embedding', target: 'parts@1.0.0' }];
    await expect(register(registrationOf('whole', '1.0.0', { dependencies }))).rejects.toMatchObject({
      code: 'DEPENDENCY_UNKNOWN',
      message: expect.stringContaining('parts@1.0.0') as string,
    });
    await register(registrationOf('parts', '1.0.0'));
    expect((await register(registrationOf('whole', '1.0.0', { dependencies }))).isNew).toBe(true);
    await register(registrationOf('parts', '1.1.0'));
    await made.registry.retire({ model: 'parts', version: '1.1.0', reason: '', actor: ADA });
    const retired = [{ kind: 'embedding', target: 'parts@1.1.0' }];
    await expect(register(registrationOf('whole', '1.1.0', { dependencies: retired }))).rejects.toMatchObject({
      code: 'DEPENDENCY_UNKNOWN',
    });
  });

  it('that would make it rest on itself is refused by the name of the path', async () => {
    const on = (target: string) => ({ dependencies: [{ kind: 'base-model', target }] });
    await register(registrationOf('a', '1.0.0', on('c@1.0.0')));
    await register(registrationOf('b', '1.0.0', on('a@1.0.0')));
    await expect(register(registrationOf('c', '1.0.0', on('b@1.0.0')))).rejects.toMatchObject({
      code: 'DEPENDENCY_CYCLE',
      message: 'c@1.0.0 would depend on itself: c@1.0.0 → b@1.0.0 → a@1.0.0 → c@1.0.0',
    });
    await expect(register(registrationOf('d', '1.0.0', on('d@1.0.0')))).rejects.toMatchObject({
      message: 'd@1.0.0 would depend on itself: d@1.0.0 → d@1.0.0',
    });
    expect((await register(registrationOf('c', '1.0.0'))).isNew, 'nothing of it was written').toBe(true);
  });
});

describe('the database', () => {
  it('takes no change of the registry without its event, and none of what is registered', async () => {
    await register(registrationOf('kept', '1.0.0'), { content: 'kept' });
    await expect(pool.query(`UPDATE model_version SET description = 'x'`)).rejects.toThrow('has no event of its own');
    await expect(pool.query(`UPDATE model_version SET artifact_digest = repeat('0', 64)`)).rejects.toThrow(
      'does not change',
    );
    await expect(pool.query(`UPDATE model_version SET content = '{}'`)).rejects.toThrow('does not change');
    await expect(pool.query('UPDATE model SET last_ordinal = 0')).rejects.toThrow('goes back');
    for (const table of ['model', 'model_version', 'version_stage', 'stage_change', 'model_alias', 'model_dependency'])
      await expect(pool.query(`DELETE FROM ${table}`), table).rejects.toThrow('append-only');
  });
});

describe('reading', () => {
  it('lists versions by precedence, page by page', async () => {
    const numbers = ['1.0.0-rc.2', '1.0.0', '1.10.0', '1.9.0', '1.0.0-rc.11', '2.0.0-alpha'];
    for (const number of numbers) await register(registrationOf('listed', number));
    const asked = { model: 'listed', stage: null, withRetired: false, limit: 4, actor: ADA };
    const first = await made.registry.versions({ ...asked, after: null });
    const second = await made.registry.versions({ ...asked, after: first.cursor });
    expect([...first.versions, ...second.versions].map(({ registration }) => registration.version)).toEqual([
      '2.0.0-alpha',
      '1.10.0',
      '1.9.0',
      '1.0.0',
      '1.0.0-rc.11',
      '1.0.0-rc.2',
    ]);
    expect(second.cursor).toBeNull();
    const { models } = await made.registry.models({ after: null, limit: 100, actor: ADA });
    expect(models.find(({ name }) => name === 'listed')).toMatchObject({
      versions: 6,
      newest: '2.0.0-alpha',
      production: null,
    });
  });

  it('lists what was retired where archived versions are asked for, and nowhere else', async () => {
    for (const number of ['1.0.0', '1.1.0', '1.2.0']) await register(registrationOf('stood', number));
    await made.registry.retire({ model: 'stood', version: '1.1.0', reason: '', actor: ADA });
    const asked = { model: 'stood', withRetired: false, after: null, limit: 10, actor: ADA };
    const numbersOf = async (stage: Stage | null) =>
      (await made.registry.versions({ ...asked, stage })).versions.map(({ registration, stage: at }) => [
        registration.version,
        at,
      ]);
    expect(await numbersOf('archived')).toEqual([['1.1.0', 'archived']]);
    expect(await numbersOf('development')).toEqual([
      ['1.2.0', 'development'],
      ['1.0.0', 'development'],
    ]);
    expect(await numbersOf(null)).toHaveLength(2);
    const beyond = made.registry.versions({ ...asked, stage: null, after: 'foo' });
    await expect(beyond).rejects.toMatchObject({ code: 'USAGE_INVALID', exitCode: 2 });
  });

  it('says what is not there, and what may be meant', async () => {
    await register(registrationOf('Cased', '1.0.0'));
    await expect(version('cased', '1.0.0')).rejects.toMatchObject({
      message: 'Model cased is not registered; is Cased meant?',
    });
    await expect(version('Cased', '1.0.1')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND', exitCode: 2 });
    await expect(version('Cased', 'champion')).rejects.toMatchObject({ code: 'ALIAS_NOT_FOUND' });
  });

  it('is an event itself, in the share that is configured', async () => {
    const { registry } = await createTestRegistry(evidence, { readSample: 1 });
    await register(registrationOf('watched', '1.0.0'));
    await registry.version({ model: 'watched', version: '1.0.0', actor: 'auditor' });
    expect((await eventsOf(pool, 'model/watched/1.0.0')).at(-1)).toMatchObject({
      type: 'model.read',
      category: 'model_access',
    });
    const pages = async (after: string | null) =>
      await registry.versions({ model: 'watched', stage: null, withRetired: false, after, limit: 1, actor: 'auditor' });
    for (const after of [null, '9.0.0']) await pages(after);
    await registry.history({ model: 'watched', after: 1, limit: 1, actor: 'auditor' });
    const verbs = (await eventsOf(pool, 'model/watched')).map(({ facts }) => facts['verb']);
    expect(verbs, 'each page').toEqual(['list', 'list', 'history']);
  });
});
