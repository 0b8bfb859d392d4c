import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { createTrafficStore } from '../../adapters/postgres/traffic-store.ts';
import { admitVersions } from '../../adapters/postgres/registry/rollout-versions.ts';
import { deleteModel } from '../../adapters/postgres/registry/mlflow/end-model.ts';
import { undoPromotion } from '../../adapters/postgres/registry/undo-promotion.ts';
import { createRolloutStore, type EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { portsFrom } from '../../config/load.ts';
import { isMlopsError, MlopsError } from '../../domain/errors.ts';
import { createRandom } from '../../domain/statistics/seeded-random.ts';
import { STAGES } from '../../domain/registry/stages.ts';
import { readChange } from '../../adapters/postgres/registry/change-content.ts';
import { sha256Of } from '../../adapters/crypto/sha256.ts';
import { boundContentOf } from '../../domain/registry/bound-content.ts';
import { assemblePolicy } from '../../domain/registry/policy.ts';
import type { AwaitedApproval } from '../../domain/registry/records.ts';
import type { RestoreOrder } from '../../activities/versions.ts';
import type { RegistrationOrder } from '../../domain/registry/registration.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';
import { APPROVAL_POLICY } from '../support/approval-policy.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { OFFSETS } from '../support/offsets.ts';
import { composeRolloutVersions } from '../../workers/rollout-versions.ts';
import { createTestRegistry, eventsOf, fileOf, registrationOf, type TestRegistry } from '../support/registry.ts';

let database: TestDatabase;
let pool: Pool;
let evidence: EvidenceParts;
let made: Awaited<ReturnType<typeof createTestRegistry>>;
let registry: TestRegistry;

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.registryStages).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 20);
  evidence = await openTestLedger(pool);
  made = await createTestRegistry(evidence);
  registry = made.registry;
});
afterAll(async () => {
  await pool.end();
  await database.remove();
});

const ADA = { actor: 'ada', reason: '' };
const APPROVERS = ['principal:0001', 'principal:0002'];
let approvals = 0;

async function register(
  model: string,
  version: string,
  more: Partial<RegistrationOrder> = {},
  content: string | null = `${model} ${version}`,
) {
  const artifactPath = content === null ? null : await fileOf(content);
  const order = {
    registration: registrationOf(model, version, more),
    artifactPath,
    wantsProduction: false,
    actor: 'ada',
  };
  return (await registry.register(order)).version;
}

const show = async (model: string, version: string) => await registry.version({ model, version, actor: 'ada' });
const stageOf = async (model: string, version: string) => (await show(model, version)).stage;
const production = async (model: string) => await registry.production({ model });

/** Promotes a version; the approval it waits for is given. */
async function promote(
  model: string,
  version: string,
  more: { expected?: string | null; by?: TestRegistry; rolloutKey?: string } = {},
) {
  const { by = registry, rolloutKey } = more;
  const how = rolloutKey === undefined ? {} : { isByRollout: true, rolloutKey };
  const order = {
    ...ADA,
    model,
    version,
    approvalId: null,
    expectedProduction: more.expected ?? (await production(model)),
  };
  if ((await stageOf(model, version)) === 'development') await by.promote({ ...order, to: 'staging' });
  const asked = await by.promote({ ...order, ...how, to: 'production' });
  if (asked.awaiting === null) return asked;
  return await by.promote({ ...order, ...how, to: 'production', approvalId: grant(asked.awaiting) });
}

function grant(awaited: AwaitedApproval): string {
  const approvalId = `approval-${(approvals += 1)}`;
  made.approvals.grant({ approvalId, ...awaited }, APPROVERS);
  return approvalId;
}

const toStaging = async (model: string, version: string) =>
  await registry.promote({ ...ADA, model, version, to: 'staging', expectedProduction: null, approvalId: null });
const toProduction = async (model: string, version: string, approvalId: string | null = null) =>
  await registry.promote({
    ...ADA,
    model,
    version,
    to: 'production',
    expectedProduction: await production(model),
    approvalId,
  });

describe('a promotion', () => {
  it('goes stage by stage, and into production with an approval that is bound to what is promoted', async () => {
    await register('stepwise', '1.0.0');
    await expect(toProduction('stepwise', '1.0.0')).rejects.toMatchObject({
      code: 'TRANSITION_ILLEGAL',
      exitCode: 3,
      message: expect.stringContaining('it can go to staging') as string,
    });
    expect(await toStaging('stepwise', '1.0.0')).toMatchObject({
      from: 'development',
      version: { stage: 'staging' },
      awaiting: null,
    });
    const { awaiting } = await toProduction('stepwise', '1.0.0');
    expect(awaiting).toMatchObject({ kind: 'stage-promotion', resource: 'model/stepwise/1.0.0/stage/dev/production' });
    expect(await show('stepwise', '1.0.0')).toMatchObject({ stage: 'staging', requestedStage: 'production' });
    if (awaiting === null) throw new Error('nothing was asked for');
    const approvalId = grant(awaiting);
    const promoted = await toProduction('stepwise', '1.0.0', approvalId);
    expect(promoted).toMatchObject({
      from: 'staging',
      replaced: null,
      version: { stage: 'production', requestedStage: null },
    });
    const events = await eventsOf(pool, 'model/stepwise/1.0.0');
    expect(events.map(({ type }) => type)).toEqual([
      'model.registered',
      'model.promote-refused',
      'model.verified',
      'model.promoted',
      'model.stage-requested',
      'model.verified',
      'model.promoted',
    ]);
    expect(events.at(-1)).toMatchObject({
      category: 'model_promotion',
      facts: { to: 'production', approvalId, approvers: APPROVERS, bound: awaiting.bound },
    });
  });

  it('again changes nothing: the answer may have been lost', async () => {
    await register('twice', '1.0.0');
    await promote('twice', '1.0.0');
    const before = await eventsOf(pool, 'model/twice/1.0.0');
    expect(await toProduction('twice', '1.0.0')).toMatchObject({ from: 'production', awaiting: null });
    expect(await eventsOf(pool, 'model/twice/1.0.0')).toEqual(before);
  });

  it('into production sends the version that was there back to staging, in one transaction', async () => {
    await register('swapped', '1.0.0');
    await register('swapped', '1.1.0');
    await promote('swapped', '1.0.0');
    expect(await promote('swapped', '1.1.0')).toMatchObject({ replaced: '1.0.0' });
    expect([await stageOf('swapped', '1.0.0'), await stageOf('swapped', '1.1.0')]).toEqual(['staging', 'production']);
    expect((await eventsOf(pool, 'model/swapped/1.0.0')).at(-1)).toMatchObject({
      type: 'model.replaced',
      facts: { by: '1.1.0' },
    });
  });

  it('is refused where another version is in production than was believed', async () => {
    await register('raced', '1.0.0');
    await register('raced', '1.1.0');
    await promote('raced', '1.0.0');
    await expect(promote('raced', '1.1.0', { expected: '0.9.0' })).rejects.toMatchObject({
      code: 'STAGE_CONFLICT',
      exitCode: 3,
      message: 'Promotion of raced 1.1.0 refused: 1.0.0 is in production in dev, wanted 0.9.0',
    });
    expect((await eventsOf(pool, 'model/raced/1.1.0')).at(-1)).toMatchObject({
      type: 'model.promote-refused',
      category: 'access_control',
      facts: { code: 'STAGE_CONFLICT' },
    });
    await promote('raced', '1.1.0', { expected: 'v1.0.0+build.7' });
    expect(await production('raced'), 'by another name of the same').toBe('1.1.0');
  });

  it('of forty versions at once, from two programs, puts exactly one into production and loses no event', async () => {
    const other = await createTestRegistry(await openTestLedger(pool), {
      store: made.store,
      approvals: made.approvals,
    });
    const versions = Array.from({ length: 40 }, (_, at) => `1.${at}.0`);
    const ids: Record<string, string> = {};
    for (const version of versions) {
      await register('crowded', version);
      await toStaging('crowded', version);
      const { awaiting } = await toProduction('crowded', version);
      if (awaiting !== null) ids[version] = grant(awaiting);
    }
    const ended = await Promise.allSettled(
      versions.map(async (version, at) => {
        const by = at % 2 === 0 ? registry : other.registry;
        return await by.promote({
          ...ADA,
          model: 'crowded',
          version,
          to: 'production',
          expectedProduction: null,
          approvalId: ids[version] ?? null,
        });
      }),
    );
    const lost = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as { code: string }] : []));
    expect([ended.length - lost.length, new Set(lost.map(({ code }) => code))]).toEqual([
      1,
      new Set(['STAGE_CONFLICT']),
    ]);
    const { rows } = await pool.query(
      `SELECT type, count(*)::int AS count FROM ledger_event WHERE resource LIKE 'model/crowded/%' GROUP BY type`,
    );
    const counts = Object.fromEntries(
      (rows as { type: string; count: number }[]).map(({ count, type }) => [type, count]),
    );
    expect(counts).toMatchObject({ 'model.promoted': 41, 'model.promote-refused': 39, 'model.registered': 40 });
  });

  it('without an artifact is refused: such a version stays in development', async () => {
    await register('empty', '1.0.0', {}, null);
    await expect(toStaging('empty', '1.0.0')).rejects.toMatchObject({ code: 'ARTIFACT_MISSING', exitCode: 3 });
  });

  it('with an artifact that is not what was registered is refused, and that is written down', async () => {
    const { registration } = await register('changed', '1.0.0');
    await appendFile(made.store.pathOf(registration.artifact ?? ''), 'x');
    await expect(toStaging('changed', '1.0.0')).rejects.toMatchObject({ code: 'ARTIFACT_MISMATCH', exitCode: 3 });
    expect(await stageOf('changed', '1.0.0')).toBe('development');
    expect((await show('changed', '1.0.0')).artifactProblem).toContain('its content is');
    expect((await eventsOf(pool, 'model/changed/1.0.0')).map(({ type }) => type)).toEqual([
      'model.registered',
      'model.verification-failed',
      'model.promote-refused',
    ]);
    await rm(made.store.pathOf(registration.artifact ?? ''));
    expect(await registry.verify({ model: 'changed', version: '1.0.0', actor: 'ada' })).toMatchObject({
      ok: false,
      problem: 'it is missing',
    });
  });

  it('with an artifact that was repaired says so: the promotion has the check that it rests on', async () => {
    const { registration } = await register('repaired', '1.0.0');
    const path = made.store.pathOf(registration.artifact ?? '');
    const content = await readFile(path);
    await appendFile(path, 'x');
    await expect(toStaging('repaired', '1.0.0')).rejects.toMatchObject({ code: 'ARTIFACT_MISMATCH' });
    await writeFile(path, content);
    await toStaging('repaired', '1.0.0');
    expect((await show('repaired', '1.0.0')).artifactProblem).toBeNull();
    const events = await eventsOf(pool, 'model/repaired/1.0.0');
    expect(events.slice(-2)).toMatchObject([
      { type: 'model.verified', facts: { artifact: registration.artifact, ok: true } },
      { type: 'model.promoted', facts: { to: 'staging' } },
    ]);
  });

  it('by an alias is of the version that was read, whatever the alias means a moment later', async () => {
    for (const version of ['1.0.0', '1.1.0']) await register('by_alias', version);
    const point = async (alias: string, version: string, by = registry) =>
      await by.alias({ ...ADA, model: 'by_alias', alias, version, approvalId: null });
    const verify: typeof made.store.verify = async (digest) => {
      await point('candidate', '1.1.0');
      return await made.store.verify(digest);
    };
    const other = await createTestRegistry(evidence, { store: { ...made.store, verify }, approvals: made.approvals });
    await point('candidate', '1.0.0');
    const order = { ...ADA, model: 'by_alias', version: 'candidate', expectedProduction: null, approvalId: null };
    const { version } = await other.registry.promote({ ...order, to: 'staging' });
    expect([version.registration.version, version.stage]).toEqual(['1.0.0', 'staging']);
    expect(await stageOf('by_alias', '1.1.0')).toBe('development');

    await point('candidate', '1.0.0');
    const { awaiting } = await point('champion', 'candidate', other.registry);
    expect(awaiting?.resource).toBe('model/by_alias/1.0.0/alias/dev/champion');
  });

  it('reads the artifact of a version that has just left the stage it is wanted in', async () => {
    const { registration } = await register('left', '1.0.0');
    await toStaging('left', '1.0.0');
    await appendFile(made.store.pathOf(registration.artifact ?? ''), 'x');
    let hasLeft = false;
    const transact: typeof evidence.ledger.transact = async (work) => {
      if (!hasLeft) {
        hasLeft = true;
        await registry.demote({ ...ADA, model: 'left', version: '1.0.0', to: 'development' });
      }
      return await evidence.ledger.transact(work);
    };
    const ledger = { ...evidence.ledger, transact };
    const other = await createTestRegistry({ ...evidence, ledger }, { store: made.store });
    const order = { ...ADA, model: 'left', version: '1.0.0', expectedProduction: null, approvalId: null };
    await expect(other.registry.promote({ ...order, to: 'staging' })).rejects.toMatchObject({
      code: 'ARTIFACT_MISMATCH',
    });
    expect(await stageOf('left', '1.0.0')).toBe('development');
  });

  it.each<[string, string, string[], string | null]>([
    ['the same embedding', 'emb@1.0.0', ['emb@1.0.0'], null],
    ['the same embedding by its build', 'emb@1.0.0+b7', ['emb@1.0.0'], null],
    [
      'another embedding',
      'emb@1.0.0',
      ['emb@1.1.0'],
      'its index was built by emb@1.0.0, and it depends on the embedding emb@1.1.0',
    ],
    ['no embedding', 'emb@1.0.0', [], 'it depends on no embedding'],
    ['an embedding although it is lexical', 'none', ['emb@1.0.0'], 'its index is lexical'],
    ['no embedding, as it is lexical', 'none', [], null],
  ])('of a retriever is let through or not: it asks with %s', async (name, builtBy, embeddings, problem) => {
    for (const version of ['1.0.0', '1.1.0']) await register('emb', version);
    const model = `retriever_${name.replaceAll(/\W/g, '_')}`;
    const dependencies = [
      { kind: 'index', target: 'wiki' },
      ...embeddings.map((target) => ({ kind: 'embedding', target })),
    ];
    await register(model, '1.0.0', { type: 'retriever', metadata: { index_embedding: builtBy }, dependencies });
    const promotion = toStaging(model, '1.0.0');
    if (problem === null) expect((await promotion).version.stage).toBe('staging');
    else
      await expect(promotion).rejects.toMatchObject({
        code: 'INDEX_MISMATCH',
        message: expect.stringContaining(problem) as string,
      });
  });

  it('to staging needs an approval where the version asks for it', async () => {
    await register('careful', '1.0.0', { approvalRequired: true });
    const { awaiting } = await toStaging('careful', '1.0.0');
    expect(awaiting?.resource).toBe('model/careful/1.0.0/stage/dev/staging');
  });
});

describe('an approval', () => {
  it('of something else, or of nothing, changes nothing', async () => {
    await register('guarded', '1.0.0');
    await register('guarded', '1.1.0');
    for (const version of ['1.0.0', '1.1.0']) await toStaging('guarded', version);
    await expect(toProduction('guarded', '1.0.0', 'approval-of-nobody')).rejects.toMatchObject({
      code: 'APPROVAL_NOT_GRANTED',
      exitCode: 6,
    });
    const { awaiting } = await toProduction('guarded', '1.1.0');
    if (awaiting === null) throw new Error('nothing was asked for');
    const approvalId = grant(awaiting);
    await expect(toProduction('guarded', '1.0.0', approvalId)).rejects.toMatchObject({ code: 'APPROVAL_NOT_GRANTED' });
    expect(await production('guarded')).toBeNull();
    expect((await toProduction('guarded', '1.1.0', approvalId)).version.stage, 'a refused try has not used it up').toBe(
      'production',
    );
  });

  it('is good for one change', async () => {
    await register('once', '1.0.0');
    await toStaging('once', '1.0.0');
    const { awaiting } = await toProduction('once', '1.0.0');
    if (awaiting === null) throw new Error('nothing was asked for');
    const approvalId = grant(awaiting);
    await toProduction('once', '1.0.0', approvalId);
    await registry.demote({ ...ADA, model: 'once', version: '1.0.0', to: 'staging' });
    await expect(toProduction('once', '1.0.0', approvalId)).rejects.toMatchObject({
      code: 'APPROVAL_NOT_GRANTED',
      message: expect.stringContaining('used already') as string,
    });
  });

  it('is void under other rules', async () => {
    await register('ruled', '1.0.0');
    await toStaging('ruled', '1.0.0');
    const { awaiting } = await toProduction('ruled', '1.0.0');
    if (awaiting === null) throw new Error('nothing was asked for');
    const approvalId = grant(awaiting);
    const other = await createTestRegistry(evidence, {
      store: made.store,
      approvals: made.approvals,
      policy: assemblePolicy(['gold'], APPROVAL_POLICY),
    });
    const order = {
      ...ADA,
      model: 'ruled',
      version: '1.0.0',
      to: 'production',
      expectedProduction: null,
      approvalId,
    } as const;
    await expect(other.registry.promote(order)).rejects.toMatchObject({ code: 'APPROVAL_NOT_GRANTED' });
  });
});

describe('who decides nothing about a version', () => {
  it('is its author, whoever else brought the same content, and who owns the data by its metadata', async () => {
    const idOf = async (name: string): Promise<string> => (await evidence.principals.actor(name)).id;
    const [ada, uma, dora] = [await idOf('ada'), await idOf('uma'), await idOf('dora')];
    const { metadata = {} } = registrationOf('shared', '1.0.0');
    const owned = { metadata: { ...metadata, data_owner: 'DORA , nobody-knows' } };
    await register('shared', '1.0.0', owned, 'the same weights');
    await registry.register({
      registration: registrationOf('elsewhere', '1.0.0'),
      artifactPath: await fileOf('the same weights'),
      wantsProduction: false,
      actor: 'uma',
    });
    const change = { kind: 'stage-promotion', model: 'shared', version: '1.0.0', to: 'production' } as const;
    const shown = await readChange(made.parts, change);
    expect(shown?.excluded).toEqual({ [ada]: 'author', [uma]: 'uploader', [dora]: 'data owner' });
    expect(shown?.artifact).toMatchObject({ files: 1 });
    await register('bare', '1.0.0', {}, null);
    const bare = await readChange(made.parts, { ...change, model: 'bare' });
    expect([bare?.excluded, bare?.artifact]).toEqual([{ [ada]: 'author' }, null]);
  });
});

describe('going back', () => {
  const back = async (model: string, approvalId: string | null = null) =>
    await registry.goBack({ ...ADA, model, expectedProduction: await production(model), approvalId });

  it('puts the last production version back in one act, under the approval it had', async () => {
    for (const version of ['1.0.0', '1.1.0']) await register('returned', version);
    await promote('returned', '1.0.0');
    await promote('returned', '1.1.0');
    expect(await back('returned')).toMatchObject({
      awaiting: null,
      replaced: '1.1.0',
      version: { registration: { version: '1.0.0' }, stage: 'production' },
    });
    expect((await eventsOf(pool, 'model/returned/1.0.0')).at(-1)).toMatchObject({
      type: 'model.went-back',
      category: 'model_rollback',
      facts: { approvers: APPROVERS },
    });
  });

  it('again goes further back, and never to what was left, until that is promoted again', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
      await register('further', version);
      await promote('further', version);
    }
    const there = async () => (await back('further')).version.registration.version;
    expect([await there(), await there()]).toEqual(['1.1.0', '1.0.0']);
    await expect(back('further')).rejects.toMatchObject({ code: 'PREVIOUS_UNKNOWN' });
    expect(await production('further')).toBe('1.0.0');
    await promote('further', '1.2.0');
    await registry.demote({ ...ADA, model: 'further', version: '1.2.0', to: 'staging' });
    expect(await there(), 'from a version that was taken out').toBe('1.0.0');
  });

  it('passes over a version whose artifact is not sound any more', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
      await register('unsound', version);
      await promote('unsound', version);
    }
    await appendFile(made.store.pathOf((await show('unsound', '1.1.0')).registration.artifact ?? ''), 'x');
    expect((await back('unsound')).version.registration.version).toBe('1.0.0');
  });

  it('to a retriever whose index does not fit what it asks with by now is refused', async () => {
    for (const version of ['1.0.0', '1.1.0']) await register('asked_with', version);
    const dependencies = [{ kind: 'embedding', target: 'asked_with@1.0.0' }];
    const metadata = { index_embedding: 'asked_with@1.0.0' };
    for (const version of ['1.0.0', '1.1.0']) {
      const index = [...dependencies, { kind: 'index', target: `wiki-${version}` }];
      await register('asking', version, { type: 'retriever', metadata, dependencies: index });
      await promote('asking', version);
    }
    const dependency = { kind: 'embedding', target: 'asked_with@1.1.0' };
    await registry.depend({ actor: 'ada', model: 'asking', version: '1.0.0', dependency });
    await expect(back('asking')).rejects.toMatchObject({ code: 'INDEX_MISMATCH' });
    expect(await production('asking')).toBe('1.1.0');
  });

  it('is to the very version that was read, where it stood then', async () => {
    // While its artifact is read, somebody takes it away.
    const during = async (model: string, work: () => Promise<unknown>) => {
      const verify: typeof made.store.verify = async (digest) => {
        await work();
        return await made.store.verify(digest);
      };
      const other = await createTestRegistry(evidence, { store: { ...made.store, verify }, approvals: made.approvals });
      const order = { ...ADA, model, expectedProduction: await production(model), approvalId: null };
      return await other.registry.goBack(order).then(() => 'it went back', String);
    };
    for (const model of ['taken', 'anew'])
      for (const version of ['1.0.0', '1.1.0']) {
        await register(model, version);
        await promote(model, version);
      }
    const lower = async () => await registry.demote({ ...ADA, model: 'taken', version: '1.0.0', to: 'development' });
    expect(await during('taken', lower)).toContain('1.0.0 is in development now');
    await registry.demote({ ...ADA, model: 'anew', version: '1.1.0', to: 'staging' });
    const makeAnew = async () => {
      await deleteModel({ ...made.parts, registry }, { name: 'anew', actor: await evidence.principals.actor('ada') });
      await register('anew', '1.0.0', {}, 'of another');
      await toStaging('anew', '1.0.0');
    };
    expect(await during('anew', makeAnew)).toContain('1.0.0 is another one now');
    expect([await production('taken'), await production('anew')]).toEqual(['1.1.0', null]);
  });

  it('under other rules needs an approval of its own', async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      await register('rules_changed', version);
      await promote('rules_changed', version);
    }
    const other = await createTestRegistry(evidence, {
      store: made.store,
      approvals: made.approvals,
      policy: assemblePolicy(['gold'], APPROVAL_POLICY),
    });
    const { awaiting } = await other.registry.goBack({
      ...ADA,
      model: 'rules_changed',
      expectedProduction: '1.1.0',
      approvalId: null,
    });
    expect(awaiting?.resource).toBe('model/rules_changed/1.0.0/stage/dev/production');
    expect(await production('rules_changed')).toBe('1.1.0');
  });

  it('is refused where there is nothing to go back to, or somebody was faster', async () => {
    await register('only', '1.0.0');
    await expect(back('only')).rejects.toMatchObject({ code: 'PREVIOUS_UNKNOWN', exitCode: 3 });
    await promote('only', '1.0.0');
    await register('only', '1.1.0');
    await promote('only', '1.1.0');
    await expect(
      registry.goBack({ ...ADA, model: 'only', expectedProduction: '1.0.0', approvalId: null }),
    ).rejects.toMatchObject({ code: 'STAGE_CONFLICT' });
  });
});

const now = (): string => new Date().toISOString();

/** The record of a rollout that begins. */
const rolloutOf = (model: string, fromVersion: string, toVersion: string) => ({
  rolloutKey: `${model}-${fromVersion}-${toVersion}`,
  rolloutId: `rollout/dev/${model}`,
  model,
  environment: 'dev',
  fromVersion,
  toVersion,
  plan: {},
  policy: {},
  startedBy: 'ada',
  startedAt: now(),
  engine: { program: '0', node: '24', v8: '13' },
});

describe('a demotion', () => {
  it('is an act of its own: one back, or out of new use', async () => {
    await register('lowered', '1.0.0');
    await promote('lowered', '1.0.0');
    await expect(
      registry.demote({ ...ADA, model: 'lowered', version: '1.0.0', to: 'development' }),
    ).rejects.toMatchObject({ code: 'TRANSITION_ILLEGAL' });
    await registry.demote({ ...ADA, model: 'lowered', version: '1.0.0', to: 'deprecated', reason: 'old words' });
    expect([await stageOf('lowered', '1.0.0'), await production('lowered')]).toEqual(['deprecated', null]);
    const event = (await eventsOf(pool, 'model/lowered/1.0.0')).at(-2);
    expect(event).toMatchObject({ type: 'model.demote-refused' });
    expect(JSON.stringify(await eventsOf(pool, 'model/lowered/1.0.0'))).not.toContain('old words');
    await expect(toStaging('lowered', '1.0.0')).rejects.toMatchObject({ code: 'TRANSITION_ILLEGAL' });
  });
});

describe('a demotion of a version that serves users', () => {
  it('is refused, by what was written and by what the router says, unless a rollout does it or it is deprecated', async () => {
    const arm = (version: string) => ({ version, endpoint: 'http://127.0.0.1:1' });
    const model = 'busy';
    const splitTo = (canaryBasisPoints: number) => ({
      model,
      stable: arm('1.0.0'),
      canary: arm('1.1.0'),
      canaryBasisPoints,
      mirrorBasisPoints: 0,
    });
    const live = { generation: 1, idempotencyKey: 'busy/1', actor: 'ada', reason: 'test', writtenAt: now() };
    let routed: LiveSplit | null = null;
    const asking = await createTestRegistry(evidence, {
      router: { observe: async () => await Promise.resolve(routed) },
      store: made.store,
      approvals: made.approvals,
    });
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await register(model, version);
    await promote(model, '1.0.0');
    for (const version of ['1.1.0', '1.2.0']) await toStaging(model, version);
    const traffic = createTrafficStore(evidence);
    await traffic.reserve({ environment: 'dev', split: splitTo(0), expectedGeneration: 0, ...live });
    await traffic.markApplied('dev', { ...live, split: splitTo(0) });
    const demote = async (version: string, to: 'development' | 'staging' | 'deprecated') =>
      await asking.registry.demote({ ...ADA, model, version, to }).then(({ version: { stage } }) => stage, String);
    expect(await demote('1.0.0', 'staging')).toContain('100 % of the users of dev are served by it');
    expect(await production(model)).toBe('1.0.0');
    expect((await eventsOf(pool, 'model/busy/1.0.0')).at(-1)).toMatchObject({
      type: 'model.demote-refused',
      facts: { code: 'DEMOTE_REFUSED' },
    });
    routed = { ...live, split: splitTo(10_000) };
    expect(await demote('1.0.0', 'staging'), 'whatever the router says').toContain('100 % of the users of dev');
    routed = { ...live, split: splitTo(2500) };
    expect(await demote('1.1.0', 'development')).toContain('25 % of the users of dev are served by it');
    const inTest = { ...splitTo(0), stable: arm('1.2.0') };
    const { generation } = await traffic.reserve({
      environment: 'test',
      split: inTest,
      expectedGeneration: 0,
      ...live,
    });
    await traffic.markApplied('test', { ...live, split: inTest, generation });
    expect(await demote('1.2.0', 'development'), 'nobody is served by it here').toBe('development');
    const undone = await undoPromotion(asking.parts, { model, version: '1.0.0', production: null, actor: 'ada' });
    expect(undone).toBe('1.0.0 left production; nothing is there, as before');
    expect(await stageOf(model, '1.0.0')).toBe('staging');
    await promote(model, '1.0.0');
    expect(await demote('1.0.0', 'deprecated')).toBe('deprecated');
  });
});

describe('a demotion that archives what stands in staging', () => {
  it('does both in one act, or neither while another version is needed', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await register('cleared', version);
    await promote('cleared', '1.0.0');
    for (const version of ['1.1.0', '1.2.0']) await toStaging('cleared', version);
    await register('leaning', '1.0.0', { dependencies: [{ kind: 'embedding', target: 'cleared@1.2.0' }] });
    const back = async () =>
      await registry.demote({ ...ADA, model: 'cleared', version: '1.0.0', to: 'staging', archiveOthers: true });
    await expect(back()).rejects.toMatchObject({ code: 'RETIRE_REFUSED' });
    expect(await production('cleared')).toBe('1.0.0');
    expect(await stageOf('cleared', '1.1.0')).toBe('staging');
    await registry.retire({ ...ADA, model: 'leaning', version: '1.0.0' });
    expect(await back()).toMatchObject({ from: 'production', version: { stage: 'staging' } });
    expect([await stageOf('cleared', '1.1.0'), await stageOf('cleared', '1.2.0')]).toEqual(['archived', 'archived']);
  });
});

describe('history', () => {
  it('says who was in production at any time, and by whose approval', async () => {
    const at = async () =>
      (await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now')).rows[0]?.now ?? new Date();
    const pause = async () => await new Promise((resolve) => setTimeout(resolve, 5));
    const moments: Date[] = [await at()];
    const step = async (work: () => Promise<unknown>) => {
      await pause();
      await work();
      await pause();
      moments.push(await at());
    };
    for (const version of ['1.0.0', '1.1.0']) await register('timed', version);
    await step(async () => await promote('timed', '1.0.0'));
    await step(async () => await promote('timed', '1.1.0'));
    await step(
      async () => await registry.goBack({ ...ADA, model: 'timed', expectedProduction: '1.1.0', approvalId: null }),
    );
    await step(async () => await registry.demote({ ...ADA, model: 'timed', version: '1.0.0', to: 'staging' }));
    const found = [];
    for (const moment of moments) found.push(await registry.productionAt({ model: 'timed', at: moment, actor: 'ada' }));
    expect(found.map((change) => change?.version ?? null)).toEqual([null, '1.0.0', '1.1.0', '1.0.0', null]);
    expect(found[1]).toMatchObject({ approvers: APPROVERS, act: 'promoted' });
    const sequence = found[2]?.ledgerSequence ?? -1;
    const { rows } = await pool.query<{ type: string }>('SELECT type FROM ledger_event WHERE sequence = $1', [
      sequence,
    ]);
    expect(rows).toEqual([{ type: 'model.promoted' }]);
    const page = await registry.history({ model: 'timed', after: null, limit: 3, actor: 'ada' });
    const rest = await registry.history({ model: 'timed', after: page.cursor, limit: 50, actor: 'ada' });
    const acts = [...page.changes, ...rest.changes].map(({ act, version }) => `${version} ${act}`);
    expect(acts).toEqual([
      '1.0.0 demoted',
      '1.0.0 gone-back',
      '1.1.0 replaced',
      '1.1.0 promoted',
      '1.0.0 replaced',
      '1.1.0 promoted',
      '1.0.0 promoted',
      '1.0.0 promoted',
    ]);
  });
});

describe('an alias', () => {
  const set = async (model: string, alias: string, version: string | null, approvalId: string | null = null) =>
    await registry.alias({ ...ADA, model, alias, version, approvalId });

  it('is of one environment, and of no version that was retired', async () => {
    const elsewhere = await createTestRegistry(evidence, { environment: 'test', store: made.store });
    for (const version of ['1.0.0', '1.1.0']) await register('apart', version);
    const order = { ...ADA, model: 'apart', alias: 'next', approvalId: null };
    await elsewhere.registry.alias({ ...order, version: '1.1.0' });
    expect(await registry.alias({ ...order, version: '1.0.0' })).toMatchObject({ before: null, version: '1.0.0' });
    expect(await elsewhere.registry.alias({ ...order, version: '1.0.0' })).toMatchObject({ before: '1.1.0' });
    expect((await show('apart', '1.0.0')).aliases).toEqual(['next']);
    await registry.retire({ ...ADA, model: 'apart', version: '1.1.0' });
    await expect(registry.alias({ ...order, version: '1.1.0' })).rejects.toMatchObject({ code: 'VERSION_RETIRED' });
  });

  it('means one version, moves, and goes', async () => {
    for (const version of ['1.0.0', '1.1.0']) await register('named', version);
    expect(await set('named', 'candidate', '1.0.0')).toMatchObject({ before: null, version: '1.0.0' });
    expect(await set('named', 'candidate', '1.1.0')).toMatchObject({ before: '1.0.0', version: '1.1.0' });
    expect((await show('named', 'candidate')).registration.version).toBe('1.1.0');
    expect((await show('named', '1.1.0')).aliases).toEqual(['candidate']);
    expect(await set('named', 'candidate', null)).toMatchObject({ before: '1.1.0', version: null });
    await expect(show('named', 'candidate')).rejects.toMatchObject({ code: 'ALIAS_NOT_FOUND' });
    await expect(set('named', 'v1', '1.0.0')).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it.each(['production', 'champion', 'Champion'])(
    '%s is moved with an approval of exactly that alone, and never removed',
    async (alias) => {
      const model = `protected_${alias}`;
      for (const version of ['1.0.0', '1.1.0']) await register(model, version);
      const { awaiting, version } = await set(model, alias, '1.0.0');
      expect([version, awaiting?.resource]).toEqual([null, `model/${model}/1.0.0/alias/dev/${alias}`]);
      if (awaiting === null) throw new Error('nothing was asked for');
      const approvalId = grant(awaiting);
      await expect(set(model, alias, '1.1.0', approvalId)).rejects.toMatchObject({ code: 'APPROVAL_NOT_GRANTED' });
      expect(await set(model, alias, '1.0.0', approvalId)).toMatchObject({ version: '1.0.0', awaiting: null });
      await expect(set(model, alias, null)).rejects.toMatchObject({ code: 'ALIAS_PROTECTED', exitCode: 3 });
      expect((await eventsOf(pool, `model/${model}/1.0.0`)).at(-1)).toMatchObject({
        type: 'model.alias-set',
        facts: { alias, approvers: APPROVERS },
      });
    },
  );
});

describe('a retirement', () => {
  const retire = async (model: string, version: string) => await registry.retire({ ...ADA, model, version });
  const refusal = async (model: string, version: string) =>
    await retire(model, version).then(
      () => '',
      (error: Error) => error.message,
    );

  it('ends a version: hidden, kept, its number never given again', async () => {
    await register('ended', '1.0.0');
    await register('ended', '1.1.0');
    await registry.alias({ ...ADA, model: 'ended', alias: 'newest', version: '1.1.0', approvalId: null });
    expect(await retire('ended', '1.1.0')).toMatchObject({
      from: 'development',
      version: { stage: 'archived', aliases: [] },
    });
    expect(await retire('ended', '1.1.0'), 'again').toMatchObject({ from: 'archived' });
    const page = { model: 'ended', stage: null, after: null, limit: 10, actor: 'ada' };
    expect((await registry.versions({ ...page, withRetired: false })).versions.map(({ ordinal }) => ordinal)).toEqual([
      1,
    ]);
    expect((await registry.versions({ ...page, withRetired: true })).versions.map(({ ordinal }) => ordinal)).toEqual([
      2, 1,
    ]);
    expect((await register('ended', '1.2.0')).ordinal).toBe(3);
    await expect(register('ended', '1.1.0')).rejects.toMatchObject({ code: 'VERSION_RETIRED' });
    await expect(toStaging('ended', '1.1.0')).rejects.toMatchObject({ code: 'VERSION_RETIRED' });
    expect((await eventsOf(pool, 'model/ended/1.1.0')).find(({ type }) => type === 'model.retired')).toMatchObject({
      category: 'model_retirement',
      facts: { ordinal: 2, aliasesRemoved: ['newest'] },
    });
  });

  it('is refused while users are served by it, on either arm, and says what share', async () => {
    const traffic = createTrafficStore(evidence);
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await register('served', version);
    const arm = (version: string) => ({ version, endpoint: 'http://127.0.0.1:1' });
    const split = {
      model: 'served',
      stable: arm('1.0.0'),
      canary: arm('1.1.0'),
      canaryBasisPoints: 1500,
      mirrorBasisPoints: 0,
    };
    const write = {
      environment: 'staging',
      split,
      idempotencyKey: 'served/1',
      expectedGeneration: 0,
      actor: 'ada',
      reason: 'test',
    };
    const { generation } = await traffic.reserve(write);
    expect(await refusal('served', '1.2.0')).toBe('');
    await traffic.markApplied('staging', {
      split,
      generation,
      idempotencyKey: 'served/1',
      actor: 'ada',
      reason: 'test',
      writtenAt: new Date().toISOString(),
    });
    expect(await refusal('served', '1.0.0')).toContain('85 % of the users of staging are served by it');
    expect(await refusal('served', '1.1.0')).toContain('15 % of the users of staging');
    expect((await eventsOf(pool, 'model/served/1.0.0')).at(-1)).toMatchObject({
      type: 'model.retire-refused',
      facts: { code: 'RETIRE_REFUSED' },
    });
  });

  it('is refused by whichever of its names users or a rollout are on it: a tag of git has a v, a build its number', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '2.0.0']) await register('spelled', version);
    const arm = (version: string) => ({ version, endpoint: 'http://127.0.0.1:1' });
    const arms = { stable: arm('v1.0.0'), canary: arm('1.1.0+build.7') };
    const split = { model: 'spelled', ...arms, canaryBasisPoints: 1500, mirrorBasisPoints: 0 };
    const live = { idempotencyKey: 'spelled/1', actor: 'ada', reason: 'test', writtenAt: now() };
    const traffic = createTrafficStore(evidence);
    const { generation } = await traffic.reserve({ environment: 'staging', split, expectedGeneration: 0, ...live });
    await traffic.markApplied('staging', { ...live, split, generation });
    await createRolloutStore(evidence).open(rolloutOf('spelled', 'v1.2.0', 'v1.3.0'));
    expect(await refusal('spelled', '1.0.0')).toContain('85 % of the users of staging are served by it');
    expect(await refusal('spelled', '1.1.0')).toContain('15 % of the users of staging');
    expect(await refusal('spelled', '1.2.0')).toContain('rollout/dev/spelled is going on');
    expect(await refusal('spelled', '1.3.0')).toContain('rollout/dev/spelled is going on');
    expect(await refusal('spelled', '2.0.0')).toBe('');
  });

  it('is refused while the router sends users to it, whatever was written, and while nobody can ask it', async () => {
    const arm = (version: string) => ({ version, endpoint: 'http://127.0.0.1:1' });
    const splitTo = (canaryBasisPoints: number) => ({
      model: 'edited',
      stable: arm('1.0.0'),
      canary: arm('1.1.0'),
      canaryBasisPoints,
      mirrorBasisPoints: 0,
    });
    const live = {
      generation: 1,
      idempotencyKey: 'edited/1',
      actor: 'ada',
      reason: 'test',
      writtenAt: new Date().toISOString(),
    };
    let observe = async (): Promise<LiveSplit | null> => await Promise.resolve(null);
    const asking = await createTestRegistry(evidence, {
      router: { observe: async () => await observe() },
      store: made.store,
    });
    for (const version of ['1.0.0', '1.1.0']) await register('edited', version);
    const traffic = createTrafficStore(evidence);
    const write = { environment: 'dev', split: splitTo(0), expectedGeneration: 0, ...live };
    await traffic.reserve(write);
    await traffic.markApplied('dev', { ...live, split: splitTo(0) });
    const retired = async () =>
      await asking.registry.retire({ ...ADA, model: 'edited', version: '1.1.0' }).then(() => 'retired', String);

    observe = async () => await Promise.resolve({ ...live, split: splitTo(2500) });
    expect(await retired()).toContain('25 % of the users of dev are served by it');
    const order = { ...ADA, model: 'edited', version: '1.0.0', approvalId: null, expectedProduction: null };
    await asking.registry.promote({ ...order, to: 'staging' });
    const { awaiting } = await asking.registry.promote({ ...order, to: 'production' });
    if (awaiting === null) throw new Error('nothing was asked for');
    asking.approvals.grant({ approvalId: 'edited-1', ...awaiting }, APPROVERS);
    const promoted = asking.registry.promote({ ...order, approvalId: 'edited-1', to: 'production' });
    await expect(promoted).rejects.toMatchObject({ code: 'TRAFFIC_ELSEWHERE' });

    observe = async () => {
      await Promise.resolve();
      throw new MlopsError('ROUTER_UNREACHABLE', { address: 'http://127.0.0.1:1', reason: 'refused' });
    };
    expect(await retired()).toContain('Traffic router at http://127.0.0.1:1 cannot be reached');
    await register('edited', '1.2.0');
    const staged = await asking.registry.promote({ ...order, version: '1.2.0', to: 'staging' });
    expect(staged.version.stage, 'no users are meant').toBe('staging');
    observe = async () => await Promise.resolve({ ...live, split: splitTo(0) });
    expect(await retired()).toBe('retired');
  });

  it('is refused while a live version rests on it, or a protected alias means it', async () => {
    await register('base', '1.0.0');
    await register('above', '2.0.0', { dependencies: [{ kind: 'embedding', target: 'base@1.0.0' }] });
    const order = { ...ADA, model: 'base', alias: 'Champion', version: '1.0.0' };
    const { awaiting } = await registry.alias({ ...order, approvalId: null });
    if (awaiting === null) throw new Error('nothing was asked for');
    await registry.alias({ ...order, approvalId: grant(awaiting) });
    expect(await refusal('base', '1.0.0')).toMatch(
      /above@2\.0\.0 depend on it; the protected alias Champion in dev means it/,
    );
    await retire('above', '2.0.0');
    expect(await refusal('base', '1.0.0')).not.toContain('above');
  });

  it('takes a version out of every environment, and has its approvals look again', async () => {
    const woken: string[] = [];
    const wakeApprovals = async (model: string) => void (await Promise.resolve(woken.push(model)));
    const elsewhere = await createTestRegistry(evidence, { environment: 'test', store: made.store, wakeApprovals });
    for (const version of ['1.0.0', '1.1.0']) await register('everywhere', version);
    const order = { ...ADA, model: 'everywhere', expectedProduction: null, approvalId: null };
    await elsewhere.registry.promote({ ...order, version: '1.0.0', to: 'staging' });
    await toStaging('everywhere', '1.0.0');
    await elsewhere.registry.retire({ ...ADA, model: 'everywhere', version: '1.0.0' });
    const { rows } = await pool.query(
      `SELECT environment, stage FROM version_stage JOIN model USING (model_id) WHERE name = 'everywhere' ORDER BY environment`,
    );
    expect(rows).toEqual(['dev', 'test'].map((environment) => ({ environment, stage: 'archived' })));
    const { changes } = await registry.history({ model: 'everywhere', after: null, limit: 10, actor: 'ada' });
    expect(changes[0]).toMatchObject({ act: 'retired', from: 'staging', to: 'archived' });
    await elsewhere.registry.promote({ ...order, version: '1.1.0', to: 'staging', archiveOthers: true });
    expect(woken).toEqual(['everywhere', 'everywhere']);
  });
});

describe('where a version answers', () => {
  const AT = 'http://127.0.0.1:9101';
  const setEndpoint = async (model: string, version: string, endpoint: string | null) =>
    await registry.endpoint({ ...ADA, model, version, endpoint });

  it('is said once for each environment, and its changes are events', async () => {
    await register('placed', '1.0.0');
    expect((await show('placed', '1.0.0')).endpoint).toBeNull();
    expect(await setEndpoint('placed', '1.0.0', AT)).toEqual({ version: '1.0.0', endpoint: AT, before: null });
    expect(await setEndpoint('placed', '1.0.0', AT)).toMatchObject({ before: AT });
    expect((await show('placed', '1.0.0')).endpoint).toBe(AT);
    const elsewhere = await createTestRegistry(evidence, { environment: 'staging' });
    const there = await elsewhere.registry.version({ model: 'placed', version: '1.0.0', actor: 'ada' });
    expect(there.endpoint).toBeNull();
    await setEndpoint('placed', '1.0.0', null);
    const events = (await eventsOf(pool, 'model/placed/1.0.0')).filter(({ type }) => type.includes('endpoint'));
    expect(events.map(({ facts, type }) => [type, facts])).toEqual([
      ['model.endpoint-set', { environment: 'dev', endpoint: AT, before: null }],
      ['model.endpoint-removed', { environment: 'dev', endpoint: null, before: AT }],
    ]);
  });

  it.each([
    ['http://elsewhere.example', 'ENDPOINT_NOT_ALLOWED'],
    ['nothing', 'ENDPOINT_NOT_ALLOWED'],
    ['http://ada:s3cret@127.0.0.1', 'USAGE_INVALID'],
    ['http://127.0.0.1/?key=s3cret', 'USAGE_INVALID'],
  ])('is not %s', async (endpoint, code) => {
    await register('misplaced', '1.0.0');
    const refused = await setEndpoint('misplaced', '1.0.0', endpoint).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code });
    expect(String(refused)).not.toContain('s3cret');
    expect((await show('misplaced', '1.0.0')).endpoint).toBeNull();
  });

  it('is kept of a retired version', async () => {
    await register('left', '1.0.0');
    await setEndpoint('left', '1.0.0', AT);
    await registry.retire({ ...ADA, model: 'left', version: '1.0.0' });
    await expect(setEndpoint('left', '1.0.0', null)).rejects.toMatchObject({ code: 'VERSION_RETIRED' });
    expect((await show('left', '1.0.0')).endpoint).toBe(AT);
  });

  it('is where its rollout goes, and in production it must be known', async () => {
    for (const version of ['1.0.0', '1.1.0']) await register('routed', version);
    await promote('routed', '1.1.0');
    const admit = async (environment: string, canary: string) => {
      const arm = (version: string, endpoint: string) => ({ version, endpoint });
      const pair = { environment, model: 'routed', stable: arm('1.0.0', AT), canary: arm('1.1.0', canary) };
      const approvals = { openFor: async () => await Promise.resolve(null) };
      return await admitVersions({ ...made.parts, environment }, approvals, pair).catch((error: unknown) =>
        String(error),
      );
    };
    expect(await admit('dev', AT), 'nothing is said of it').toMatchObject({ isGoverned: true });
    expect(await admit('production', AT)).toContain(
      'the registry does not say where 1.0.0 answers, and in production it must',
    );
    await setEndpoint('routed', '1.1.0', AT);
    expect(await admit('dev', AT)).toMatchObject({ isGoverned: true });
    expect(await admit('dev', 'http://rag.internal')).toContain(
      `1.1.0 answers at ${AT} by the registry, and is to be asked at http://rag.internal`,
    );
  });
});

describe('the version that a rollout starts from', () => {
  const AT = 'http://127.0.0.1:9101';
  const approvals = { openFor: async () => await Promise.resolve(null) };
  const admit = async (model: string, environment = 'dev') => {
    const arm = (version: string) => ({ version, endpoint: AT });
    const pair = { environment, model, stable: arm('1.0.0'), canary: arm('1.1.0') };
    return await admitVersions({ ...made.parts, environment }, approvals, pair);
  };

  it('must be what was registered: users go back to it', async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      await register('footing', version);
      await promote('footing', version);
    }
    expect(await admit('footing')).toMatchObject({ isGoverned: true });
    const path = made.store.pathOf((await show('footing', '1.0.0')).registration.artifact ?? '');
    const content = await readFile(path);
    await appendFile(path, 'more');
    await expect(admit('footing')).rejects.toMatchObject({
      code: 'PREFLIGHT_VERSION',
      message: expect.stringContaining('footing 1.0.0') as string,
    });
    await writeFile(path, content);
    expect(await admit('footing')).toMatchObject({ isGoverned: true });
  });
});

describe('the versions of a rollout', () => {
  const AT = 'http://127.0.0.1:9101';
  const arm = (version: string) => ({ version, endpoint: AT });
  const approvals = { openFor: async () => await Promise.resolve(null) };

  it('are named by themselves: an alias may mean another one before it ends', async () => {
    for (const version of ['1.0.0', '1.1.0']) await register('meant', version);
    await promote('meant', '1.1.0');
    await registry.alias({ ...ADA, model: 'meant', alias: 'next', version: '1.1.0', approvalId: null });
    const admit = async (version: string) =>
      await admitVersions(made.parts, approvals, {
        environment: 'dev',
        model: 'meant',
        stable: arm('v1.0.0'),
        canary: arm(version),
      });
    await expect(admit('next')).rejects.toMatchObject({
      code: 'PREFLIGHT_VERSION',
      message: expect.stringContaining('next is an alias of 1.1.0') as string,
      remedy: expect.stringContaining('mlops rollout start --model meant --to 1.1.0') as string,
    });
    expect(await admit('v1.1.0')).toMatchObject({ isGoverned: true });
  });

  it('in production were approved there, for what they are, and replace what is there', async () => {
    const environment = 'production';
    const prod = await createTestRegistry(evidence, { environment, store: made.store, approvals: made.approvals });
    const there = async () => await prod.registry.production({ model: 'proven' });
    const enter = async (version: string) => {
      const order = { ...ADA, model: 'proven', version, expectedProduction: await there(), approvalId: null };
      await prod.registry.promote({ ...order, to: 'staging' });
      const { awaiting } = await prod.registry.promote({ ...order, to: 'production' });
      if (awaiting === null) throw new Error('nothing was asked for');
      await prod.registry.promote({ ...order, to: 'production', approvalId: grant(awaiting) });
    };
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
      await register('proven', version);
      await prod.registry.endpoint({ ...ADA, model: 'proven', version, endpoint: AT });
    }
    const admit = async (open: object | null = null) =>
      await admitVersions(
        prod.parts,
        { openFor: async () => await Promise.resolve(open as never) },
        { environment, model: 'proven', stable: arm('1.0.0'), canary: arm('1.1.0') },
      ).catch(String);
    expect(await admit()).toContain('1.0.0 was never approved for production, and users would go back to it');
    await enter('1.0.0');
    expect(await admit()).toContain('1.1.0 is in development, wanted staging');
    const order = { ...ADA, model: 'proven', version: '1.1.0', expectedProduction: null, approvalId: null };
    await prod.registry.promote({ ...order, to: 'staging' });
    expect(await admit()).toContain('1.1.0 was not approved for production');
    const { registration } = await show('proven', '1.1.0');
    const bound = boundContentOf(registration, prod.parts.policy, sha256Of);
    const approval = { approvalId: 'apr-1', state: 'approved', bound };
    expect(await admit({ ...approval, state: 'pending' })).toContain('approval apr-1 of 1.1.0 is pending');
    for (const other of [{ artifact: null }, { tests: 'other' }, { policy: 'other' }])
      expect(await admit({ ...approval, bound: { ...bound, ...other } })).toContain('was given for another content');
    expect(await admit(approval)).toEqual({ isGoverned: true, approvalId: 'apr-1', production: '1.0.0' });
    await enter('1.2.0');
    expect(await admit(approval)).toContain('1.2.0 is in production, and 1.0.0 is to be replaced');
  });

  it('are there still when its record is opened, from when on nobody can take them away', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await register('leaving', version);
    for (const version of ['1.1.0', '1.2.0']) await toStaging('leaving', version);
    const store = createRolloutStore(evidence);
    const open = async (from: string, to: string, isGoverned = true) =>
      await store.open(rolloutOf('leaving', from, to), isGoverned).then(() => 'opened', String);
    await registry.retire({ ...ADA, model: 'leaving', version: '1.2.0' });
    expect(await open('1.0.0', 'v1.2.0')).toContain('v1.2.0 was retired');
    expect(await open('1.2.0', '1.1.0')).toContain('1.2.0 was retired');
    expect(await open('1.0.0', '1.3.0')).toContain('1.3.0 is in development now, wanted staging');
    expect(await open('1.0.0', '9.0.0')).toContain('9.0.0 is not registered any more');
    const { rowCount } = await pool.query("SELECT FROM rollout WHERE model = 'leaving'");
    expect(rowCount).toBe(0);
    expect(await open('1.0.0', '1.2.0', false), 'to write down that it was refused').toBe('opened');
    expect(await open('1.0.0', 'v1.1.0')).toBe('opened');
    await registry.demote({ ...ADA, model: 'leaving', version: '1.1.0', to: 'development' });
    expect(await open('1.0.0', 'v1.1.0'), 'again, for the answer may have been lost').toBe('opened');
  });
});

describe('a way back by a rollout', () => {
  const AT = 'http://127.0.0.1:9101';
  const arm = (version: string) => ({ version, endpoint: AT });
  const approvals = { openFor: async () => await Promise.resolve(null) };

  it('goes by the approval that the version had, while what it was given for is the same', async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      await register('back', version);
      await promote('back', version);
    }
    const pair = { environment: 'dev', model: 'back', stable: arm('1.1.0'), canary: arm('1.0.0') };
    const { approvalId } = await admitVersions(made.parts, approvals, pair);
    expect(approvalId).toMatch(/^approval-/);
    const strict = { ...made.parts, policy: assemblePolicy(['pinned'], APPROVAL_POLICY) };
    await expect(admitVersions(strict, approvals, pair)).rejects.toThrow('1.0.0 was not approved for production');

    const order = { ...ADA, model: 'back', version: '1.0.0', to: 'production', expectedProduction: '1.1.0' } as const;
    const byHand = registry.promote({ ...order, approvalId });
    await expect(byHand, 'an approval is good for one promotion').rejects.toThrow('it was used already');
    expect(await registry.promote({ ...order, approvalId, isByRollout: true })).toMatchObject({ replaced: '1.1.0' });
    expect(await production('back')).toBe('1.0.0');
    const { changes } = await registry.history({ model: 'back', after: null, limit: 10, actor: 'ada' });
    expect(changes[0]).toMatchObject({ act: 'gone-back', version: '1.0.0', approvalId });
  });

  it('is the only one while users are elsewhere', async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      await register('watched', version);
      await promote('watched', version);
    }
    const traffic = createTrafficStore(evidence);
    const split = {
      model: 'watched',
      stable: arm('1.1.0'),
      canary: null,
      canaryBasisPoints: 0,
      mirrorBasisPoints: 0,
    };
    const write = { split, idempotencyKey: 'watched/1', actor: 'ada', reason: 'test' };
    const { generation } = await traffic.reserve({ ...write, environment: 'dev', expectedGeneration: 0 });
    await traffic.markApplied('dev', { ...write, generation, writtenAt: new Date().toISOString() });
    const order = { ...ADA, model: 'watched', expectedProduction: '1.1.0', approvalId: null };
    await expect(registry.goBack(order)).rejects.toMatchObject({ code: 'TRAFFIC_ELSEWHERE' });
    expect(await production('watched')).toBe('1.1.0');
    const undo = { model: 'watched', version: '1.1.0', production: '1.0.0', actor: 'ada' };
    expect(await undoPromotion(made.parts, undo)).toBe('1.1.0 left production; 1.0.0 is there');
    expect(await production('watched')).toBe('1.0.0');
  });
});

describe('a promotion that its rollout undoes', () => {
  /** 1.0.0 was there before, 1.1.0 stands for what was before that, and 1.2.0 came by the rollout. */
  const replace = async (model: string, rolloutKey = 'lost-1') => {
    for (const version of ['1.1.0', '1.0.0', '1.2.0']) {
      await register(model, version);
      await promote(model, version, version === '1.2.0' ? { rolloutKey } : {});
    }
  };
  const undo = async (model: string, more: Partial<RestoreOrder> = {}, parts = made.parts) => {
    const versions = composeRolloutVersions(registry, parts);
    const order = { model, version: '1.2.0', production: '1.0.0', approvalId: null, actor: 'ada', ...more };
    return await versions.restore(order);
  };

  it('puts back what was there, by the approval under which it was, whatever the rules say since', async () => {
    await replace('undone');
    const strict = { ...made.parts, policy: assemblePolicy(['pinned'], APPROVAL_POLICY) };
    expect(await undo('undone', {}, strict)).toBe('1.2.0 left production; 1.0.0 is there');
    expect([await production('undone'), await stageOf('undone', '1.2.0')]).toEqual(['1.0.0', 'staging']);
    const { changes } = await registry.history({ model: 'undone', after: null, limit: 10, actor: 'ada' });
    const approvalId = changes.find(({ act, version }) => act === 'promoted' && version === '1.0.0')?.approvalId;
    expect(changes.slice(0, 2)).toMatchObject([
      { act: 'gone-back', version: '1.0.0', to: 'production', approvalId },
      { act: 'replaced', version: '1.2.0', to: 'staging' },
    ]);
    expect(await undo('undone'), 'nobody can say whether it was this order').toBeNull();
  });

  it('is answered in the same words when the answer was lost, and made once by each order', async () => {
    const named = { rolloutKey: 'lost-1', key: 'stage-restored' };
    const later = { rolloutKey: 'lost-1', key: 'stage-restored/late' };
    await replace('undone_lost');
    const words = await undo('undone_lost', named);
    expect(words).toBe('1.2.0 left production; 1.0.0 is there');
    expect(await undo('undone_lost', named)).toBe(words);
    expect(await undo('undone_lost', later), 'it has done nothing').toBeNull();
    expect(await undo('undone_lost', { ...named, rolloutKey: 'lost-2' }), 'nor another rollout').toBeNull();
    const { changes } = await registry.history({ model: 'undone_lost', after: null, limit: 10, actor: 'ada' });
    const approvalId =
      changes.find(({ act, version }) => act === 'promoted' && version === '1.2.0')?.approvalId ?? null;
    const late = { ...ADA, model: 'undone_lost', version: '1.2.0', to: 'production', isByRollout: true } as const;
    await registry.promote({ ...late, expectedProduction: '1.0.0', approvalId });
    expect(await undo('undone_lost', named), 'what came after it is of the next order').toBe(words);
    expect(await production('undone_lost')).toBe('1.2.0');
    expect(await undo('undone_lost', later)).toBe(words);
    expect(await production('undone_lost')).toBe('1.0.0');

    await replace('undone_first');
    const first = await undo('undone_first', { ...named, production: null });
    expect(first).toBe('1.2.0 left production; nothing is there, as before');
    expect(await undo('undone_first', { ...named, production: null })).toBe(first);

    await replace('undone_stuck');
    const { registration } = await show('undone_stuck', '1.0.0');
    await appendFile(made.store.pathOf(registration.artifact ?? ''), 'x');
    const stuck = await undo('undone_stuck', named);
    expect(stuck).toContain('nothing is there now, for 1.0.0 cannot come back: Artifact of');
    expect(await undo('undone_stuck', named)).toBe(stuck);

    await replace('undone_left');
    await registry.demote({ ...ADA, model: 'undone_left', version: '1.0.0', to: 'development' });
    const left = await undo('undone_left', named);
    expect(left).toContain('1.0.0 cannot come back: it is in development now');
    expect(await undo('undone_left', named)).toBe(left);
  });

  it('leaves nothing in production where what was there cannot come back, and says so', async () => {
    await replace('undone_damaged');
    const { registration } = await show('undone_damaged', '1.0.0');
    await appendFile(made.store.pathOf(registration.artifact ?? ''), 'x');
    expect(await undo('undone_damaged')).toContain('nothing is there now, for 1.0.0 cannot come back: Artifact of');
    expect(await production('undone_damaged'), 'and no older one either').toBeNull();

    await replace('undone_moved');
    await registry.demote({ ...ADA, model: 'undone_moved', version: '1.0.0', to: 'development' });
    expect(await undo('undone_moved')).toContain('1.0.0 cannot come back: it is in development now');
    expect(await production('undone_moved')).toBeNull();
  });

  it('leaves alone what was there before it, and what is not there', async () => {
    await replace('undone_same');
    expect(await undo('undone_same', { production: '1.2.0' })).toBeNull();
    expect(await undo('undone_same', { version: '1.1.0' })).toBeNull();
    expect(await production('undone_same')).toBe('1.2.0');
  });

  it('is its own, and no promotion of somebody else', async () => {
    const named = { rolloutKey: 'lost-1', key: 'stage-restored' };
    for (const [model, by] of [
      ['kept_by_hand', {}],
      ['kept_of_another', { rolloutKey: 'another' }],
    ] as const) {
      for (const version of ['1.0.0', '1.2.0']) {
        await register(model, version);
        await promote(model, version, version === '1.2.0' ? by : {});
      }
      expect(await undo(model, named)).toBeNull();
      expect(await production(model)).toBe('1.2.0');
    }
    // It had brought it there, and somebody has done so again since.
    await replace('kept_again');
    await undo('kept_again', named);
    const { changes } = await registry.history({ model: 'kept_again', after: null, limit: 10, actor: 'ada' });
    expect(changes[0]).toMatchObject({ act: 'gone-back', version: '1.0.0' });
    await promote('kept_again', '1.2.0');
    expect(await undo('kept_again', { ...named, key: 'stage-restored/late' })).toBeNull();
    expect(await production('kept_again')).toBe('1.2.0');
  });

  it('is nobody else’s while it is under way', async () => {
    for (const version of ['1.0.0', '1.1.0']) await register('held', version);
    await promote('held', '1.0.0');
    await toStaging('held', '1.1.0');
    const rollouts = createRolloutStore(evidence);
    // One of a version against itself moves no stage.
    await rollouts.open({ ...rolloutOf('held', '1.0.0', '1.0.0'), rolloutKey: 'held-a/a' });
    await rollouts.open({ ...rolloutOf('held', '1.0.0', '1.1.0'), rolloutKey: 'held-1' });
    const held = {
      code: 'STAGE_HELD',
      exitCode: 3,
      message: expect.stringContaining('the rollout 1.0.0 → 1.1.0 is under way in dev') as string,
    };
    const { awaiting } = await toProduction('held', '1.1.0');
    const approvalId = awaiting === null ? null : grant(awaiting);
    await expect(toProduction('held', '1.1.0', approvalId)).rejects.toMatchObject(held);
    expect((await eventsOf(pool, 'model/held/1.1.0')).map(({ type }) => type)).toContain('model.promote-refused');
    const versions = composeRolloutVersions(registry, made.parts);
    const order = {
      model: 'held',
      version: '1.1.0',
      production: '1.0.0',
      approvalId,
      actor: 'ada',
      rolloutKey: 'held-1',
    };
    expect(await versions.promote(order), 'the approval was not used up').toBe('1.1.0: staging → production');
    const back = { ...ADA, model: 'held', expectedProduction: '1.1.0', approvalId: null };
    await expect(registry.goBack(back)).rejects.toMatchObject(held);
    const outcome = { outcome: 'promoted', reason: 'promoted', detail: '', at: now(), actor: 'ada' } as const;
    await rollouts.close('held-1', { ...outcome, humanWaitSeconds: 0 }, null);
    expect(await registry.goBack(back)).toMatchObject({ replaced: '1.1.0' });
    expect(await versions.restore({ ...order, key: 'stage-restored/late' }), 'gone already').toBeNull();
  });

  it('is not made again by an attempt that outlived the rollout', async () => {
    await replace('undone_late', 'late-1');
    const rollouts = createRolloutStore(evidence);
    await rollouts.open({ ...rolloutOf('undone_late', '1.0.0', '1.2.0'), rolloutKey: 'late-1' });
    const versions = composeRolloutVersions(registry, made.parts);
    const { changes } = await registry.history({ model: 'undone_late', after: null, limit: 10, actor: 'ada' });
    const order = {
      model: 'undone_late',
      version: '1.2.0',
      production: '1.0.0',
      approvalId: changes[0]?.approvalId ?? null,
      actor: 'ada',
      rolloutKey: 'late-1',
    };
    await versions.restore(order);
    expect(await versions.promote(order), 'while the rollout is open').toBe('1.2.0: staging → production');
    await versions.restore(order);
    const outcome = { outcome: 'aborted', reason: 'aborted', detail: '', at: now(), actor: 'ada' } as const;
    await rollouts.close('late-1', { ...outcome, humanWaitSeconds: 0 }, null);
    await expect(versions.promote(order)).rejects.toMatchObject({ code: 'PROMOTION_LATE' });
    expect(await production('undone_late')).toBe('1.0.0');
  });
});

describe('whatever is done in whatever order', () => {
  it('leaves one production version at most, and a history that leads to where each version stands', async () => {
    const random = createRandom('walk');
    const versions = ['1.0.0', '1.1.0', '1.2.0', '2.0.0'];
    for (const version of versions) await register('walked', version);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const acts = [
      async (version: string) => await promote('walked', version),
      async (version: string) => await toStaging('walked', version),
      async (version: string) =>
        await registry.demote({
          ...ADA,
          model: 'walked',
          version,
          to: pick(['development', 'staging', 'deprecated'] as const),
        }),
      async () =>
        await registry.goBack({
          ...ADA,
          model: 'walked',
          expectedProduction: await production('walked'),
          approvalId: null,
        }),
      async (version: string) => (random() < 0.1 ? await registry.retire({ ...ADA, model: 'walked', version }) : null),
    ];
    let refused = 0;
    for (let step = 0; step < 120; step += 1)
      await pick(acts)(pick(versions)).catch((error: unknown) => {
        if (!isMlopsError(error)) throw error;
        refused += 1;
      });
    expect(refused).toBeGreaterThan(0);
    const { changes } = await registry.history({ model: 'walked', after: null, limit: 1000, actor: 'ada' });
    expect(changes.length).toBeGreaterThan(10);
    const stands = new Map(versions.map((version) => [version, 'development']));
    for (const { from, to, version } of changes.toReversed()) {
      expect(stands.get(version), version).toBe(from);
      stands.set(version, to);
      expect([...stands.values()].filter((stage) => stage === 'production').length).toBeLessThan(2);
    }
    for (const [version, stage] of stands) expect(await stageOf('walked', version), version).toBe(stage);
    for (const stage of STAGES) {
      const page = { model: 'walked', stage, after: null, limit: 10, withRetired: true, actor: 'ada' };
      const listed = (await registry.versions(page)).versions.map(({ registration }) => registration.version);
      expect(listed.toSorted(), stage).toEqual([...stands].flatMap(([version, at]) => (at === stage ? [version] : [])));
    }
  });
});

describe('the database', () => {
  it('has no room for two production versions of a model, whoever writes', async () => {
    for (const version of ['1.0.0', '1.1.0']) await register('alone', version);
    await promote('alone', '1.0.0');
    const second = pool.query(
      `INSERT INTO version_stage (version_id, environment, model_id, stage, ledger_sequence)
       SELECT version_id, 'dev', model_id, 'production', 0 FROM model_version v JOIN model m USING (model_id) WHERE m.name = 'alone' AND version = '1.1.0'`,
    );
    await expect(second).rejects.toThrow('one_production_version');
  });

  it('names for each row of the registry an event that is there', async () => {
    for (const table of [
      'model',
      'model_version',
      'version_stage',
      'stage_change',
      'model_alias',
      'version_endpoint',
      'model_dependency',
      'used_approval',
    ]) {
      const { rows } = await pool.query<{ orphans: number; all: number }>(
        `SELECT count(*)::int AS all, count(*) FILTER (WHERE e.sequence IS NULL)::int AS orphans FROM ${table} t LEFT JOIN ledger_event e ON e.sequence = t.ledger_sequence`,
      );
      expect(rows[0]?.all, table).toBeGreaterThan(0);
      expect(rows[0]?.orphans, table).toBe(0);
    }
  });
});
