import { chmodSync, linkSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureLedgerKeys } from '../../adapters/crypto/ledger-keys.ts';
import { currentIdentity, type CurrentIdentity } from '../../adapters/identity/own-identity.ts';
import { identityFileOf, readIdentity, writeIdentity } from '../../adapters/identity/identity-file.ts';
import type { Authority } from '../../adapters/postgres/identity/authority.ts';
import { createIdentities } from '../../adapters/postgres/identity/identities.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createErasure } from '../../adapters/postgres/ledger/erase.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { loadConfig, portsFrom } from '../../config/load.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import { draftOfIdentity } from '../../domain/governance/identity-drafts.ts';
import { ROLE_NAMES, type Role } from '../../domain/governance/roles.ts';
import type { Claim } from '../../domain/governance/statement.ts';
import { composeAuthority } from '../../workers/authority.ts';
import { createIdentity } from '../../workers/create-identity.ts';
import { admitFirstAdmin, composeIdentities, hadAdmin, makeFirstAdmin } from '../../workers/identity.ts';
import { composeLedger } from '../../workers/ledger.ts';
import { createLocalStack } from '../../workers/stack.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { OFFSETS } from '../support/offsets.ts';

let database: TestDatabase;
let pool: Pool;
let config: Parameters<typeof composeIdentities>[0] & Pick<MlopsConfig, 'auditDirectory' | 'stateDirectory'>;
let parts: Awaited<ReturnType<typeof composeLedger>>;
let identities: Awaited<ReturnType<typeof composeIdentities>>;
let authority: Authority;
let admin: CurrentIdentity;

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.identity).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 10);
  const stateDirectory = mkdtempSync(join(tmpdir(), 'mlops-identity-'));
  config = {
    stateDirectory,
    auditDirectory: join(stateDirectory, 'audit'),
    environment: 'production',
    governance: { developmentRoles: ROLE_NAMES, issuers: [], readSample: 1 },
  };
  await ensureLedgerKeys(stateDirectory, 'production');
  parts = await composeLedger(config, pool, pino({ level: 'silent' }));
  identities = await composeIdentities(config, pool);
  authority = composeAuthority(config, parts);
});
afterAll(async () => {
  await parts.close();
  await pool.end();
  await database.remove();
});

const identityOf = async (identity: string | null, stateDirectory = config.stateDirectory): Promise<CurrentIdentity> =>
  await currentIdentity({ environment: 'production', identity, stateDirectory });

/** A principal with these roles, and what it signs with. */
async function known(name: string, roles: readonly Role[]): Promise<CurrentIdentity> {
  const order = { name, roles, kind: 'human' as const, reason: '' };
  await identities.create(
    order,
    null,
    admin.claim({ action: 'identity.create', resource: 'identity', content: order }),
  );
  return await identityOf(name);
}

const APPROVAL = { action: 'rollout.approve', resource: 'rollout/production/rag_api', content: { reason: 'fine' } };

/** Code of the refusal, or null when it was allowed. */
async function refusalOf(claim: Claim, request: Parameters<Authority['authorise']>[1]): Promise<string | null> {
  return await authority.authorise(claim, request).then(
    () => null,
    (error: unknown) => (error as { code: string }).code,
  );
}

async function lastEvent(): Promise<Record<string, unknown>> {
  const { rows } = await pool.query<{ canonical: string }>(
    'SELECT canonical FROM ledger_event ORDER BY sequence DESC LIMIT 1',
  );
  return JSON.parse(rows[0]?.canonical ?? '{}') as Record<string, unknown>;
}

describe('the first admin', () => {
  it('is made by who sets the installation up, with that role alone in production, and said aloud', async () => {
    const said = await makeFirstAdmin(config);
    expect(said).toContain('first admin');
    expect(said).toContain('no other role');
    expect(await makeFirstAdmin(config), 'once').toBeNull();
    expect(await hadAdmin(database.url)).toBe(false);
    expect(await admitFirstAdmin(config.stateDirectory, parts)).toEqual({ state: 'admitted' });
    expect(await admitFirstAdmin(config.stateDirectory, parts), 'once').toEqual({ state: 'nothing-to-do' });
    expect(await hadAdmin(database.url)).toBe(true);
    admin = await identityOf(null);
    expect(admin.actor).toMatch(/^principal:[0-9a-f]{16}$/);
    const listed = await identities.list(admin.claim({ action: 'identity.list', resource: 'identity', content: null }));
    expect(listed).toMatchObject([{ principal: admin.actor, roles: ['admin'], authentication: 'ed25519' }]);
    expect(await lastEvent(), 'a reading').toMatchObject({
      type: 'identity.read',
      category: 'data_access',
      actor: { id: admin.actor },
      facts: { verb: 'list' },
    });
    const { rows } = await pool.query(`SELECT risk FROM ledger_event WHERE type = 'identity.bootstrapped'`);
    expect(rows).toEqual([{ risk: 'critical' }]);
  });

  it('may not approve by that', async () => {
    expect(await refusalOf(admin.claim(APPROVAL), APPROVAL)).toBe('NOT_AUTHORISED');
  });

  it('is not admitted where there was one, whatever its file says', async () => {
    const other = mkdtempSync(join(tmpdir(), 'mlops-identity-'));
    expect(await makeFirstAdmin({ environment: 'production', stateDirectory: other })).not.toBeNull();
    const stranger = await identityOf(null, other);
    const file = identityFileOf(other, userInfo().username);
    const kept = readFileSync(file, 'utf8');
    expect(await admitFirstAdmin(other, parts)).toEqual({ state: 'set-aside', file: `${file}.not-admitted` });
    expect((await identityOf(null, other)).claim(APPROVAL), 'what nobody knows is not signed with').not.toHaveProperty(
      'statement',
    );
    expect(readFileSync(`${file}.not-admitted`, 'utf8'), 'for it may be known elsewhere').toBe(kept);
    expect(await admitFirstAdmin(other, parts)).toEqual({ state: 'nothing-to-do' });
    expect(
      await refusalOf(stranger.claim({ action: 'identity.list', resource: 'identity' }), {
        action: 'identity.list',
        resource: 'identity',
      }),
    ).toBe('NOT_AUTHENTICATED');
  });

  it('is made by no setup on another machine, whose database has one', async () => {
    const workingDirectory = mkdtempSync(join(tmpdir(), 'mlops-identity-'));
    const env = { MLOPS_ENV: 'production', DATABASE_URL: database.url, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const machine = loadConfig({ env, workingDirectory, portOffset: OFFSETS.identity }).config;
    const said: string[] = [];
    const done = await createLocalStack(machine).setup((line) => void said.push(line));
    expect([said.join(' '), done]).toEqual([
      expect.not.stringContaining('admin'),
      expect.arrayContaining(['database: up to date']),
    ]);
    for (const file of [
      identityFileOf(machine.stateDirectory, userInfo().username),
      join(machine.stateDirectory, 'keys/first-admin.json'),
    ])
      expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('has every role where it is not production', async () => {
    const other = mkdtempSync(join(tmpdir(), 'mlops-identity-'));
    expect(await makeFirstAdmin({ environment: 'dev', stateDirectory: other })).toContain('every role');
    const marker = JSON.parse(readFileSync(join(other, 'keys', 'first-admin.json'), 'utf8')) as { roles: string[] };
    expect(marker.roles).toEqual(ROLE_NAMES);
  });
});

describe('a signed claim', () => {
  it('is who it says it is: the event has the opaque id and how it is known', async () => {
    const ben = await known('ben', ['approver']);
    expect(await authority.authorise(ben.claim(APPROVAL), APPROVAL)).toEqual({
      id: ben.actor,
      kind: 'human',
      authentication: 'ed25519',
    });
    const { rows } = await pool.query<{ canonical: string }>('SELECT canonical FROM ledger_event');
    expect(rows.map((row) => row.canonical).join(''), 'no name in the log').not.toContain('"ben"');
  });

  it('is refused for anything but what was signed, and each refusal is an event', async () => {
    const eve = await known('eve', ['approver', 'operator']);
    const claim = eve.claim(APPROVAL);
    const before = await parts.pool.query('SELECT FROM ledger_event');
    expect(await refusalOf(claim, { ...APPROVAL, action: 'rollout.promote' })).toBe('NOT_AUTHENTICATED');
    expect(await refusalOf(claim, { ...APPROVAL, resource: 'rollout/production/other' })).toBe('NOT_AUTHENTICATED');
    expect(await refusalOf(claim, { ...APPROVAL, content: { reason: 'not what I said' } })).toBe('NOT_AUTHENTICATED');
    expect(await refusalOf({ ...claim, actor: admin.actor }, APPROVAL)).toBe('NOT_AUTHENTICATED');
    expect(await lastEvent()).toMatchObject({
      type: 'rollout.approve-refused',
      category: 'access_control',
      actor: { authentication: 'none' },
      facts: { code: 'NOT_AUTHENTICATED' },
    });
    const after = await parts.pool.query('SELECT FROM ledger_event');
    expect((after.rowCount ?? 0) - (before.rowCount ?? 0)).toBe(4);
  });

  it.each(['statement', 'signature'] as const)('is refused when its %s was changed', async (part) => {
    const sly = await known(`sly-${part}`, ['approver']);
    const { actor, statement } = sly.claim(APPROVAL);
    if (statement === undefined) throw new Error('not signed');
    const forged =
      part === 'statement'
        ? { ...statement, statement: { ...statement.statement, at: new Date(Date.now() + 1000).toISOString() } }
        : { ...statement, signature: statement.signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) };
    expect(await refusalOf({ actor, statement: forged }, APPROVAL)).toBe('NOT_AUTHENTICATED');
    expect(await refusalOf({ actor, statement }, APPROVAL)).toBeNull();
  });

  it('is refused where the key is that of somebody else than is named', async () => {
    const [lea, max] = [await known('lea', ['viewer']), await known('max', ['approver'])];
    const file = join(config.stateDirectory, 'as-max.json');
    const own = readFileSync(join(config.stateDirectory, 'identities', 'lea.json'), 'utf8');
    writeFileSync(file, own.replace(lea.actor, max.actor), { mode: 0o600 });
    expect(await refusalOf((await identityOf(file)).claim(APPROVAL), APPROVAL)).toBe('NOT_AUTHENTICATED');
    expect(await refusalOf(max.claim(APPROVAL), APPROVAL)).toBeNull();
  });

  it('is refused for what nobody can have signed, for it has no canonical text', async () => {
    const { actor, statement } = (await known('pat', ['approver'])).claim(APPROVAL);
    const asked = { ...APPROVAL, content: { reason: '\ud83d' } };
    expect(await refusalOf({ actor, ...(statement === undefined ? {} : { statement }) }, asked)).toBe(
      'NOT_AUTHENTICATED',
    );
  });

  it('is good once; an attempt whose answer was lost may come again', async () => {
    const mia = await known('mia', ['approver']);
    const claim = mia.claim(APPROVAL);
    const request = { ...APPROVAL, occasion: 'run-1/update-1' };
    expect(await refusalOf(claim, request)).toBeNull();
    expect(await refusalOf(claim, request)).toBeNull();
    expect(await refusalOf(claim, { ...APPROVAL, occasion: 'run-1/update-2' })).toBe('NOT_AUTHENTICATED');
    expect(await refusalOf(claim, APPROVAL)).toBe('NOT_AUTHENTICATED');
  });

  it('is used by one of many at once', async () => {
    const ivy = await known('ivy', ['approver']);
    const claim = ivy.claim(APPROVAL);
    const codes = await Promise.all(Array.from({ length: 20 }, async () => await refusalOf(claim, APPROVAL)));
    expect(codes.filter((code) => code === null)).toHaveLength(1);
  });

  it('counts no more once the key is revoked, the role is taken, or the person is erased', async () => {
    const tom = await known('tom', ['approver']);
    const order = { name: 'tom', role: 'approver' as const, reason: 'moved' };
    const revoke = { action: 'identity.revoke', resource: 'identity' };
    await identities.revoke(order, admin.claim({ ...revoke, content: order }));
    expect(await refusalOf(tom.claim(APPROVAL), APPROVAL)).toBe('NOT_AUTHORISED');
    const all = { name: 'tom', role: null, reason: 'left' };
    expect((await identities.revoke(all, admin.claim({ ...revoke, content: all }))).keys).toHaveLength(1);
    expect(await refusalOf(tom.claim(APPROVAL), APPROVAL)).toBe('NOT_AUTHENTICATED');
  });
});

describe('an unsigned claim', () => {
  it('is refused in production', async () => {
    expect(await refusalOf({ actor: 'ada' }, APPROVAL)).toBe('NOT_AUTHENTICATED');
  });

  it('is the user of the operating system elsewhere, with the roles of development or those that were granted', async () => {
    const rules = { ...config, environment: 'dev' };
    const development = composeAuthority(rules, parts);
    expect(await development.authorise({ actor: 'ada' }, APPROVAL)).toMatchObject({
      authentication: 'operating-system',
    });
    await expect(development.authorise({ actor: admin.actor }, APPROVAL), 'an id is no name').rejects.toThrow(
      'claimed',
    );
    const order = { name: 'ada', roles: ['viewer' as const], reason: '' };
    await identities.grant(order, admin.claim({ action: 'identity.grant', resource: 'identity', content: order }));
    await expect(development.authorise({ actor: 'ada' }, APPROVAL)).rejects.toThrow('has viewer, wanted approver');
    const narrow = composeAuthority({ ...rules, governance: { ...config.governance, developmentRoles: [] } }, parts);
    await expect(narrow.authorise({ actor: 'bob' }, APPROVAL)).rejects.toThrow('has no role, wanted approver');
  });

  it('has roles of development, and a key that was granted none has none there either', async () => {
    const development = composeAuthority({ ...config, environment: 'dev' }, parts);
    const bare = await known('bare', []);
    await expect(development.authorise(bare.claim(APPROVAL), APPROVAL)).rejects.toThrow('has no role');
  });

  it('cannot pass for a part of the system', async () => {
    const development = composeAuthority({ ...config, environment: 'dev' }, parts);
    const { id } = await development.authorise({ actor: 'judge' }, APPROVAL);
    expect(id).toMatch(/^principal:/);
  });
});

describe('identities', () => {
  it('keep their key in a file of their owner, and are refused one that others may read', async () => {
    const zoe = await known('zoe', ['viewer']);
    const file = identityFileOf(config.stateDirectory, 'zoe');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8'), 'the name is not in it').not.toContain('zoe');
    chmodSync(file, 0o644);
    await expect(identityOf('zoe')).rejects.toThrow('others may read it: mode 644');
    chmodSync(file, 0o600);
    expect((await identityOf(file)).actor).toBe(zoe.actor);
    const broken = join(config.stateDirectory, 'broken.json');
    writeFileSync(broken, '{"format":"durable-mlops/identity@1"}', { mode: 0o600 });
    await expect(identityOf(broken)).rejects.toThrow('it names no principal');
    await expect(identityOf('nobody')).rejects.toThrow('there is no file');
  });

  it('are not made twice, nor by two at once', async () => {
    const order = { name: 'twin', roles: [], kind: 'service' as const, reason: '' };
    const create = async (file: string) =>
      await identities.create(
        order,
        join(config.stateDirectory, file),
        admin.claim({ action: 'identity.create', resource: 'identity', content: order }),
      );
    const made = await Promise.allSettled([create('a.json'), create('b.json')]);
    expect(made.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const files = ['a.json', 'b.json'].filter((file) =>
      statSync(join(config.stateDirectory, file), { throwIfNoEntry: false }),
    );
    expect(files, 'the loser leaves no file').toHaveLength(1);
    await expect(create('c.json')).rejects.toThrow('Identity twin is there already');
    const alike = { ...order, name: 'Twin' };
    const claim = admin.claim({ action: 'identity.create', resource: 'identity', content: alike });
    await expect(
      identities.create(alike, join(config.stateDirectory, 'c.json'), claim),
      'a name that people take for it',
    ).rejects.toMatchObject({ code: 'IDENTITY_EXISTS', details: { name: 'twin' } });
  });

  it('go on with the key of an attempt that was stopped, or whose answer was lost: no key counts that nobody has', async () => {
    const store = createIdentities(parts);
    const order = { name: 'lost', roles: ['viewer'] as Role[], kind: 'human' as const, reason: '' };
    const path = join(config.stateDirectory, 'lost.json');
    const by = { actor: await parts.principals.actor(admin.actor), path };
    const fileOf = async (file: string) => await readIdentity(file).catch(() => null);
    const stopped = async (create: typeof store.create) =>
      await expect(createIdentity({ ...store, create }, order, by)).rejects.toThrow('stopped');
    await stopped(async () => await Promise.reject(new Error('stopped')));
    const made = await fileOf(`${path}.new`);
    expect([made?.keyId, await fileOf(path)]).toEqual([expect.any(String), null]);
    await stopped(async (...args) => {
      await store.create(...args);
      throw new Error('stopped');
    });
    expect((await fileOf(`${path}.new`))?.keyId).toBe(made?.keyId);
    const other = createIdentity(store, { ...order, name: 'another' }, by);
    await expect(other).rejects.toThrow('the key of somebody else is in');
    const { principal } = made ?? { principal: '' };
    expect(await createIdentity(store, order, by)).toEqual({ principal, key: made?.keyId, file: path });
    expect([(await fileOf(path))?.keyId, await fileOf(`${path}.new`)]).toEqual([made?.keyId, null]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { rowCount } = await pool.query(
      `SELECT FROM ledger_event WHERE type = 'identity.created' AND resource = $1`,
      [principal],
    );
    expect(rowCount, 'once').toBe(1);

    // Another attempt with the same key was faster: its file stays. One that asks for more is told that it is there.
    const second = { ...by, path: join(config.stateDirectory, 'second.json') };
    const raced = createIdentity(
      {
        ...store,
        async create(...args) {
          await store.create(...args);
          await store.create(...args);
        },
      },
      { ...order, name: 'second' },
      second,
    );
    await expect(raced).rejects.toMatchObject({ code: 'IDENTITY_EXISTS' });
    const more = { ...order, name: 'second', roles: ['operator'] as Role[] };
    await expect(createIdentity(store, more, second)).rejects.toMatchObject({ code: 'IDENTITY_EXISTS' });
    expect(await fileOf(second.path)).not.toBeNull();
    // What is refused for good leaves nothing.
    const third = { ...by, path: join(config.stateDirectory, 'third.json') };
    await expect(createIdentity(store, order, third)).rejects.toMatchObject({ code: 'IDENTITY_EXISTS' });
    expect([await fileOf(third.path), await fileOf(`${third.path}.new`)]).toEqual([null, null]);
  });

  it('are made though a key that is of no use waits where theirs does, and though an attempt was stopped when both names were there', async () => {
    const store = createIdentities(parts);
    const actor = await parts.principals.actor(admin.actor);
    const order = { name: 'left', roles: [] as Role[], kind: 'human' as const, reason: '' };
    const folder = mkdtempSync(join(config.stateDirectory, 'left-'));
    const path = join(folder, 'left.json');
    writeFileSync(`${path}.new`, '{"format":"dur', { mode: 0o600 });
    const made = await createIdentity(store, order, { actor, path });
    expect((await readIdentity(path)).keyId).toBe(made.key);
    expect(readdirSync(folder), 'nothing else is left').toEqual(['left.json']);
    linkSync(path, `${path}.new`);
    await expect(createIdentity(store, { ...order, name: 'right' }, { actor, path })).rejects.toThrow('somebody else');
    expect(await createIdentity(store, order, { actor, path }), 'sent again').toEqual(made);
    await expect(createIdentity(store, order, { actor, path })).rejects.toThrow('it is there already');
    expect(readdirSync(folder)).toEqual(['left.json']);

    const open = join(folder, 'open.json');
    await writeIdentity(`${open}.new`, 'principal:00000000000000aa');
    const { keyId } = await readIdentity(`${open}.new`);
    chmodSync(`${open}.new`, 0o644);
    const closed = await createIdentity(store, { ...order, name: 'open' }, { actor, path: open });
    expect(closed.key, 'others may have read the one that was there').not.toBe(keyId);
    expect(statSync(open).mode & 0o777).toBe(0o600);
  });

  it('of programs have no role that decides, neither at first nor later', async () => {
    const claimOf = (action: string, content: object) => admin.claim({ action, resource: 'identity', content });
    const order = { name: 'robot', roles: ['approver', 'engineer'] as Role[], kind: 'service' as const, reason: '' };
    await expect(identities.create(order, null, claimOf('identity.create', order))).rejects.toMatchObject({
      code: 'ROLE_FOR_PEOPLE',
    });
    const made = { ...order, roles: ['engineer'] as Role[] };
    await identities.create(made, null, claimOf('identity.create', made));
    for (const role of ['reviewer', 'approver'] as const) {
      const grant = { name: 'robot', roles: [role], reason: '' };
      await expect(identities.grant(grant, claimOf('identity.grant', grant))).rejects.toThrow('people decide');
    }
    const grant = { name: 'robot', roles: ['operator'] as Role[], reason: '' };
    expect(await identities.grant(grant, claimOf('identity.grant', grant))).toEqual(['operator']);
  });

  it('never overwrite a file, nor make folders elsewhere: each is said with what to do', async () => {
    const order = { name: 'olga', roles: [], kind: 'human' as const, reason: '' };
    const create = async (file: string) =>
      await identities.create(
        order,
        file,
        admin.claim({ action: 'identity.create', resource: 'identity', content: order }),
      );
    const taken = join(config.stateDirectory, 'taken.json');
    writeFileSync(taken, 'mine');
    const refusal = { code: 'IDENTITY_FILE_UNWRITABLE', remedy: expect.stringContaining('mlops identity rotate') };
    await expect(create(taken)).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('there already'),
    });
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    const folder = join(config.stateDirectory, 'not/there');
    await expect(create(join(folder, 'olga.json'))).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('its folder is not there'),
    });
    expect(statSync(folder, { throwIfNoEntry: false })).toBeUndefined();
    expect((await create(join(config.stateDirectory, 'olga.json'))).principal).toMatch(/^principal:/);
  });

  it('may replace their own key, and nobody else but an admin may', async () => {
    const kim = await known('kim', ['viewer']);
    const lee = await known('lee', ['viewer']);
    const order = { name: 'kim', reason: '' };
    await expect(identities.rotate(order, null, lee)).rejects.toThrow('may not do identity.rotate');
    const { key, replaced } = await identities.rotate(order, null, kim);
    expect(replaced).toHaveLength(1);
    expect(replaced).not.toContain(key);
    const read = { action: 'model.read', resource: 'model/rag_api' };
    expect(await refusalOf(kim.claim(read), read), 'the earlier key counts no more').toBe('NOT_AUTHENTICATED');
    expect(await refusalOf((await identityOf('kim')).claim(read), read)).toBeNull();
  });

  it('replace a key though its file still has the name by which it waited', async () => {
    const kit = await known('kit', ['viewer']);
    const file = identityFileOf(config.stateDirectory, 'kit');
    const { keyId: first } = await readIdentity(file);
    linkSync(file, `${file}.new`);
    const order = { name: 'kit', reason: '' };
    const second = await identities.rotate(order, null, kit);
    expect([second.replaced, (await readIdentity(file)).keyId]).toEqual([[first], second.key]);
    expect(statSync(`${file}.new`, { throwIfNoEntry: false })).toBeUndefined();
    expect((await identities.rotate(order, null, await identityOf('kit'))).replaced).toEqual([second.key]);
  });

  it('whom the operating system alone names get no key, no word by one, and no role in production', async () => {
    const walt = await parts.principals.person('walt');
    const order = { name: 'walt', reason: '' };
    const file = identityFileOf(config.stateDirectory, 'walt');
    await expect(identities.rotate(order, null, admin)).rejects.toMatchObject({
      code: 'IDENTITY_UNSIGNED',
      exitCode: 2,
    });
    for (const left of [file, `${file}.new`]) expect(statSync(left, { throwIfNoEntry: false })).toBeUndefined();
    // A key that came there before this was refused.
    const { keyId, publicKey } = await writeIdentity(file, walt.id);
    await parts.ledger.transact(async ({ append, client, next }) => {
      await client.query(
        `INSERT INTO principal_key (key_id, principal_id, public_key, ledger_sequence) VALUES ($1, $2, decode($3, 'base64'), $4)`,
        [keyId, walt.id, publicKey, next],
      );
      const key = { key: keyId, revoked: [] };
      append(draftOfIdentity('key-replaced', { id: walt.id, facts: key }, { ...walt, authentication: 'test' }));
    });
    for (const request of [APPROVAL, { action: 'identity.create', resource: 'identity' }])
      expect(await refusalOf((await identityOf('walt')).claim(request), request)).toBe('NOT_AUTHENTICATED');
    await expect(authority.permit(walt, APPROVAL)).rejects.toThrow('has no role');
  });

  it('never lose their last admin', async () => {
    const order = { name: admin.actor, role: null, reason: '' };
    await expect(
      identities.revoke(order, admin.claim({ action: 'identity.revoke', resource: 'identity', content: order })),
    ).rejects.toThrow('last admin');
    const list = { action: 'identity.list', resource: 'identity', content: null };
    const ann = await known('ann', ['admin']);
    await createErasure(parts, async () => await Promise.resolve()).erase({ subject: 'ann', actor: 'ann', reason: '' });
    expect(await refusalOf(ann.claim(list), list), 'who was erased can sign nothing').toBe('NOT_AUTHENTICATED');
    await expect(
      identities.revoke(order, admin.claim({ action: 'identity.revoke', resource: 'identity', content: order })),
    ).rejects.toThrow('last admin');
    expect(await refusalOf(admin.claim(list), list), 'nothing was taken').toBeNull();
    const forgotten: string[] = [];
    const erasure = createErasure(parts, async ({ subject }) => await Promise.resolve(void forgotten.push(subject)));
    await expect(erasure.erase({ subject: admin.actor, actor: admin.actor, reason: '' })).rejects.toThrow('last admin');
    expect(forgotten, 'nor anything outside the database').toEqual([]);
    expect(await refusalOf(admin.claim(list), list)).toBeNull();
    await known('other-admin', ['admin']);
    const leaving = { ...order, name: 'other-admin' };
    const meanwhile = createErasure(parts, async () => {
      const claim = admin.claim({ action: 'identity.revoke', resource: 'identity', content: leaving });
      await identities.revoke(leaving, claim);
    });
    const erased = meanwhile.erase({ subject: admin.actor, actor: admin.actor, reason: '' });
    await expect(erased, 'who became the last one meanwhile').rejects.toThrow('last admin');
    expect(await refusalOf(admin.claim(list), list)).toBeNull();

    // Whom a provider alone names signs nothing, though an earlier version has given them a key and the role.
    const walt = await parts.principals.person('walt');
    await parts.ledger.transact(async ({ append, client, next }) => {
      const row = `INSERT INTO principal_role (principal_id, role, ledger_sequence) VALUES ($1, 'admin', $2)`;
      await client.query(row, [walt.id, next]);
      append(
        draftOfIdentity('granted', { id: walt.id, facts: { roles: ['admin'] } }, { ...walt, authentication: 'test' }),
      );
    });
    await expect(
      identities.revoke(order, admin.claim({ action: 'identity.revoke', resource: 'identity', content: order })),
    ).rejects.toThrow('last admin');
    await expect(erasure.erase({ subject: admin.actor, actor: admin.actor, reason: '' })).rejects.toThrow('last admin');
    expect(await refusalOf(admin.claim(list), list)).toBeNull();
    expect(
      await identities.revoke(
        { ...order, name: 'walt' },
        admin.claim({ action: 'identity.revoke', resource: 'identity', content: { ...order, name: 'walt' } }),
      ),
    ).toMatchObject({ roles: ['admin'] });
  });

  it('change by no statement of SQL without an event, and revoked stays revoked', async () => {
    await expect(
      pool.query(`INSERT INTO principal_role (principal_id, role, ledger_sequence) VALUES ($1, 'approver', 0)`, [
        admin.actor,
      ]),
    ).rejects.toThrow('has no event of its own');
    await expect(
      pool.query('UPDATE principal_role SET revoked_at = NULL WHERE revoked_at IS NOT NULL'),
    ).rejects.toThrow('only revokes what is in force');
    await expect(pool.query('DELETE FROM principal_key')).rejects.toThrow('append-only');
  });
});
