import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Client, type Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLedger } from '../../adapters/postgres/ledger/ledger.ts';
import { wordsOf } from '../../adapters/postgres/ledger/word-blocks.ts';
import { createPrincipals } from '../../adapters/postgres/ledger/principals.ts';
import { createPayloadSealer } from '../../adapters/postgres/ledger/seal-payloads.ts';
import { ensureLedgerKeys } from '../../adapters/crypto/ledger-keys.ts';
import { ensureDatabase } from '../../adapters/postgres/create-database.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createHandOverActivities } from '../../activities/hand-over.ts';
import { createIdentities } from '../../adapters/postgres/identity/identities.ts';
import { createOwnKeys } from '../../adapters/postgres/identity/own-key.ts';
import { currentIdentity } from '../../adapters/identity/own-identity.ts';
import { newPrincipalId, readIdentity, writeIdentity } from '../../adapters/identity/identity-file.ts';
import { digestOf } from '../../adapters/crypto/digest-of.ts';
import { exportLedger, openPayloads } from '../../adapters/postgres/ledger/export-ledger.ts';
import { createProver } from '../../adapters/postgres/ledger/prove.ts';
import { mayKeepCheckpoints, signCheckpoint } from '../../adapters/postgres/ledger/sign-checkpoint.ts';
import { createErasure } from '../../adapters/postgres/ledger/erase.ts';
import { createLegalHolds } from '../../adapters/postgres/ledger/legal-holds.ts';
import type { LedgerTransaction } from '../../adapters/postgres/ledger/ledger.ts';
import { rewrapKeys } from '../../adapters/postgres/ledger/rewrap.ts';
import { makeLink } from '../../adapters/postgres/registry/approval-links.ts';
import { createApprovalStore } from '../../adapters/postgres/registry/approval-store.ts';
import { createIdentityDirectory } from '../../adapters/postgres/registry/identity-directory.ts';
import { createGrantedApprovals } from '../../adapters/postgres/registry/granted-approvals.ts';
import { createHandOvers } from '../../adapters/postgres/registry/hand-overs.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { requireAdminRole } from '../../adapters/postgres/roles/require-admin-role.ts';
import { judgeLogin } from '../../adapters/postgres/roles/judge-login.ts';
import { loadConfig, portsFrom } from '../../config/load.ts';
import {
  DATABASE_ROLE_NAMES,
  GOVERNED_TABLES,
  isGranted,
  SET_SEQUENCES,
  TABLE_VERBS,
  updatedColumns,
  type DatabaseRole,
  type GovernedTable,
} from '../../domain/governance/database-grants.ts';
import { contentOfOwnKey, possessionText, type OwnKeyOrder } from '../../domain/governance/own-key.ts';
import { askedOfHandOver, type HandOver, type HandOverOrder } from '../../domain/registry/approval/hand-over.ts';
import { statementText, type SignedStatement } from '../../domain/governance/statement.ts';
import { ROLE_NAMES, type Role } from '../../domain/governance/roles.ts';
import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import { assembleEvent, type EventDraft } from '../../domain/governance/event-draft.ts';
import { parseNote } from '../../domain/governance/checkpoint.ts';
import { verifyInclusion } from '../../domain/governance/merkle-proof.ts';
import { createExportVerifier } from '../../domain/governance/verify-export.ts';
import { EVENT_PATTERNS, mayAppend } from '../../domain/governance/event-grants.ts';
import { composeGovernance } from '../../workers/custody.ts';
import { composeAuthority } from '../../workers/authority.ts';
import { composeIdentities } from '../../workers/identity.ts';
import { signHandOver } from '../../workers/hand-over.ts';
import { signOwnKey, type SendOwnKey } from '../../workers/own-key.ts';
import { APPROVAL_POLICY } from '../support/approval-policy.ts';
import { createOrder } from '../support/approvals.ts';
import { openTestLedger, startDatabase, testKeys, type TestDatabase } from '../support/database.ts';
import { ORIGIN, primitives, testKey, testSigner } from '../support/ledger.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createTestRegistry, fileOf, registrationOf } from '../support/registry.ts';

let database: TestDatabase;
/** A login of each role, as in production. */
const logins = new Map<DatabaseRole, Client>();
let owner: Client;
const columns = new Map<string, readonly string[]>();

const urlOf = (user: string): string => {
  const url = new URL(database.url);
  [url.username, url.password] = [user, 'secret'];
  return url.href;
};

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.databaseRoles).postgres);
  await migrate(database.url, { makesRoles: true });
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  for (const role of DATABASE_ROLE_NAMES) {
    await owner.query(`CREATE ROLE login_${role} LOGIN PASSWORD 'secret' IN ROLE ${role}`);
    const client = new Client({ connectionString: urlOf(`login_${role}`) });
    await client.connect();
    logins.set(role, client);
  }
  const { rows } = await owner.query<{ table_name: string; names: string[] }>(
    `SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) AS names FROM information_schema.columns
     WHERE table_schema = 'public' GROUP BY table_name`,
  );
  for (const { names, table_name } of rows) columns.set(table_name, names);
});
afterAll(async () => {
  for (const client of logins.values()) await client.end();
  await owner?.end();
  await database?.remove();
});

const clientOf = (role: DatabaseRole): Client => {
  const client = logins.get(role);
  if (client === undefined) throw new Error(`${role} has no login`);
  return client;
};

/** Tries a statement and takes it back. True when the role has the right, whatever else is wrong with it. */
async function may(role: DatabaseRole, statement: string): Promise<boolean> {
  const client = clientOf(role);
  await client.query('BEGIN');
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    if (code === '42501' && message.startsWith('permission denied')) return false;
    // Rules of the tables come after rights.
    if (code === '42501' || code.startsWith('23') || code === '428C9') return true;
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}

const update = (table: string, column: string): string => `UPDATE ${table} SET ${column} = DEFAULT WHERE false`;

const STATEMENTS = {
  select: (table: GovernedTable) => `SELECT ${columns.get(table)?.join(', ')} FROM ${table} LIMIT 0`,
  insert: (table: GovernedTable) => `INSERT INTO ${table} DEFAULT VALUES`,
  update: (table: GovernedTable, role: DatabaseRole) =>
    update(table, updatedColumns(role, table)?.[0] ?? columns.get(table)?.[0] ?? ''),
  delete: (table: GovernedTable) => `DELETE FROM ${table} WHERE false`,
};

describe.each(DATABASE_ROLE_NAMES)('%s', (role) => {
  describe.each(GOVERNED_TABLES)('in %s', (table) => {
    it.each(TABLE_VERBS)('may %s as the table says', async (verb) => {
      expect(await may(role, STATEMENTS[verb](table, role))).toBe(isGranted(role, table, verb));
    });

    it('may not empty it, nor change a column that is not named', async () => {
      expect(await may(role, `TRUNCATE ${table}`)).toBe(false);
      const named = updatedColumns(role, table);
      if (named === null) return;
      for (const column of (columns.get(table) ?? []).filter((one) => !named.includes(one)))
        expect(await may(role, update(table, column)), column).toBe(false);
    });
  });

  it('may set the counters of the registry only where it may import one', async () => {
    for (const [table, column] of SET_SEQUENCES)
      expect(await may(role, `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), 7)`)).toBe(
        role === 'mlops_admin',
      );
  });

  it('may make nothing, and be nobody else', async () => {
    expect(await may(role, 'CREATE TABLE mine (n int)')).toBe(false);
    for (const other of DATABASE_ROLE_NAMES.filter((one) => one !== role))
      expect(await may(role, `SET ROLE ${other}`)).toBe(false);
  });
});

describe('the table of grants', () => {
  it('has every table of the database', () => {
    expect([...columns.keys()].sort()).toEqual([...GOVERNED_TABLES].sort());
  });

  it('is granted anew when it was changed, and takes away what it does not say', async () => {
    await owner.query('GRANT INSERT ON ledger_event TO mlops_api');
    await owner.query(`UPDATE database_grants SET digest = 'of another program'`);
    await migrate(database.url);
    expect(await may('mlops_api', STATEMENTS.insert('ledger_event'))).toBe(false);
  });
});

describe('mlops doctor', () => {
  it('knows an owner, a login of one role, one that may more, and one of none', async () => {
    expect(await judgeLogin(database.url)).toMatchObject({ isOwner: true, missing: [], isCurrent: true });
    expect(await judgeLogin(urlOf('login_mlops_api'))).toMatchObject({
      isOwner: false,
      memberOf: ['mlops_api'],
      beyond: [],
    });
    await owner.query(`CREATE ROLE greedy LOGIN PASSWORD 'secret' IN ROLE mlops_auditor`);
    await owner.query('GRANT INSERT ON rollout TO greedy');
    expect(await judgeLogin(urlOf('greedy'))).toMatchObject({
      memberOf: ['mlops_auditor'],
      beyond: ['insert on rollout'],
    });
    await owner.query(`CREATE ROLE nobody_special LOGIN PASSWORD 'secret'`);
    expect(await judgeLogin(urlOf('nobody_special'))).toMatchObject({ memberOf: [], beyond: [] });
  });

  it('knows rights of another program', async () => {
    await owner.query(`UPDATE database_grants SET digest = 'of another program'`);
    expect(await judgeLogin(database.url)).toMatchObject({ isCurrent: false });
    await migrate(database.url);
    expect(await judgeLogin(database.url)).toMatchObject({ isCurrent: true });
  });
});

const draftOf = (type: string): EventDraft => ({
  type,
  category: 'data_access',
  actor: { id: 'ada', kind: 'human', authentication: 'process' },
  resource: 'r',
  risk: 'low',
  facts: {},
});

describe('a process', () => {
  it.each(DATABASE_ROLE_NAMES)('becomes %s, and appends to the log by the one way there is', async (role) => {
    const [first, pool] = [createPool(database.url, 2), createPool(database.url, 2, [role])];
    await openTestLedger(first);
    const { ledger, principals } = await openTestLedger(pool).catch(async () => {
      // Only workers open a log.
      return await openTestLedger(first);
    });
    const { rows } = await pool.query<{ me: string }>('SELECT current_user AS me');
    expect(rows).toEqual([{ me: role }]);
    const actor = await principals.actor('ada');
    const draft = {
      type: 'audit.queried',
      category: 'data_access',
      actor,
      resource: 'r',
      risk: 'low',
      facts: {},
    } as const;
    expect(await ledger.append({ ...draft, payload: { reason: 'why' }, subject: actor.id })).toBe(true);
    await Promise.all([first.end(), pool.end()]);
  });

  it('stays what its login is where that is of no role, and takes the next role it is of', async () => {
    await owner.query(`CREATE ROLE stranger LOGIN PASSWORD 'secret'`);
    const whoIs = async (user: string, roles: readonly DatabaseRole[]) => {
      const pool = createPool(urlOf(user), 1, roles);
      const { rows } = await pool.query<{ me: string }>('SELECT current_user AS me');
      await pool.end();
      return rows[0]?.me;
    };
    expect(await whoIs('stranger', ['mlops_cli', 'mlops_auditor'])).toBe('stranger');
    expect(await whoIs('login_mlops_auditor', ['mlops_cli', 'mlops_auditor'])).toBe('mlops_auditor');
  });

  describe.each(DATABASE_ROLE_NAMES)('that is %s', (role) => {
    let pool: Pool;
    beforeAll(() => void (pool = createPool(urlOf(`login_${role}`), 1, [role])));
    afterAll(async () => await pool.end());

    // Of each pattern an event that no other pattern has, where there is one.
    it.each(EVENT_PATTERNS.map((pattern) => pattern.replace('%', 'sample')))(
      'appends %s as the table says',
      async (type) => {
        const sizeNow = async () =>
          Number((await owner.query<{ size: string }>('SELECT size FROM ledger_head')).rows[0]?.size);
        const before = await sizeNow();
        const sealer = createPayloadSealer(primitives, testKeys);
        const appended = createLedger(pool, { primitives, sealer }).append(draftOf(type));
        if (mayAppend(role, type)) expect(await appended).toBe(true);
        else
          await expect(appended).rejects.toMatchObject({
            code: 'LEDGER_FORBIDDEN',
            exitCode: 4,
            details: { events: type, problem: `role ${role} may not append events of type ${type}` },
          });
        expect((await sizeNow()) - before).toBe(mayAppend(role, type) ? 1 : 0);
      },
    );
  });
});

/** What `ledger_append` is given. */
interface Batch {
  recordedAt: string;
  readonly event: Record<string, unknown> & { canonical: string };
  payloads: unknown[];
  readonly more: Record<string, unknown>;
}

describe("what is appended by a statement of one's own", () => {
  const DRAFT = { ...draftOf('audit.queried'), frameworks: ['soc2'], facts: { b: 1, c: 'x' } };
  /** A batch of one event as the program makes it, but for what is changed of it. */
  const append = async (change: (batch: Batch) => void, draft: EventDraft = DRAFT): Promise<void> => {
    const { rows } = await owner.query<{ size: string; last: string }>(
      'SELECT size, last_leaf AS last FROM ledger_head',
    );
    const [{ last, size }] = rows as [(typeof rows)[number]];
    const [sequence, recordedAt] = [Number(size), new Date().toISOString()];
    const place = { log: ORIGIN, sequence, previous: last, recordedAt, commitment: null };
    const { actor, category, frameworks = [], resource, risk, type } = draft;
    const found = {
      type,
      category,
      actor: actor.id,
      resource,
      risk,
      frameworks,
      words: [...wordsOf(draft), 'approval.approve'],
      idempotency_key: null,
    };
    const canonical = canonicalJson(assembleEvent(draft, place));
    const batch: Batch = { recordedAt, event: { ...found, sequence, canonical }, payloads: [], more: {} };
    change(batch);
    const { event, more, payloads } = batch;
    const events = [{ leaf_hash: primitives.leafHash(event.canonical), ...event }];
    const text = JSON.stringify({ recordedAt: batch.recordedAt, events, payloads, ...more });
    await clientOf('mlops_api').query('SELECT ledger_append($1)', [text]);
  };
  const says = (from: string, to: string) => (batch: Batch) => {
    if (!batch.event.canonical.includes(from)) throw new Error(`there is no ${from}`);
    batch.event.canonical = batch.event.canonical.replace(from, to);
  };
  const at = (recordedAt: string) => (batch: Batch) => {
    says(batch.recordedAt, recordedAt)(batch);
    batch.recordedAt = recordedAt;
  };
  const committed = (batch: Batch) => says('"category"', `"commitment":"${'0'.repeat(64)}","category"`)(batch);
  const sortedCommitment = (batch: Batch) => says(',"facts"', `,"commitment":"${'0'.repeat(64)}","facts"`)(batch);
  const payloadOf = (batch: Batch, sequence: unknown) =>
    void (batch.payloads = [...batch.payloads, { sequence, keyId: 1, sealed: 'AAAA' }]);
  const facts = (text: string) => says('{"b":1,"c":"x"}', text);
  const END = 'do not go on from the end of the log';
  beforeAll(async () => {
    const pool = createPool(database.url, 1);
    await openTestLedger(pool);
    await pool.end();
  });
  const OTHERS = 'payloads are not those that the events commit to';

  it.each<[string, (batch: Batch) => void, string?]>([
    ...['type', 'category', 'actor', 'resource', 'risk']
      .map(
        (column) =>
          [
            `is found under another ${column}`,
            ({ event }: Batch) => void (event[column] = 'approval.approve'),
          ] as const,
      )
      .map(([title, change]): [string, (batch: Batch) => void] => [title, change]),
    ['is found under another framework', ({ event }) => void (event['frameworks'] = ['gdpr'])],
    ['is found under a framework that it does not name', says('"frameworks":["soc2"],', '')],
    [
      'is not found by the words of its type',
      ({ event }) => void (event['words'] = ['r']),
      'is not found by the words of its type and resource',
    ],
    [
      'is not found by those of its resource',
      ({ event }) => void (event['words'] = ['audit.queried']),
      'is not found by the words of its type and resource',
    ],
    ['leaves a gap', ({ event }) => void (event['sequence'] = 1_000_000)],
    ['is not what its hash says', ({ event }) => void (event['leaf_hash'] = '0'.repeat(64))],
    ['does not go on from the one before', says('"previous":"', '"previous":"0')],
    ['is of another log', says(ORIGIN, 'other.example/dev')],
    ['is of another format', says('event@1', 'event@2')],
    ['says another time than it is stored under', says('"recordedAt":"2', '"recordedAt":"1')],
    ['is of a time to come, after which nobody could append', at('2999-01-01T00:00:00.000Z')],
    ['writes its time otherwise', (batch) => at(batch.recordedAt.replace('Z', '+00:00'))(batch)],
    ['has a member twice', says('"type":', '"type":"audit.queried","type":')],
    ['has a member that no event has', says('"type":', '"spare":1,"type":')],
    ['has members out of order', committed],
    ['has spaces', says('{"actor":', '{ "actor":')],
    ['has a needless escape', says('"resource":"r"', '"resource":"\\u0072"')],
    ['has no facts but a text', facts('"b"')],
    ...[
      '{"c":"x","b":1}',
      '{"b":1,"b":1}',
      '{"b":1, "c":"x"}',
      '{"b":1.0}',
      '{"b":-0}',
      '{"b":1E2}',
      '{"b":1e21}',
      '{"b":0.0000001}',
      '{"b":9007199254740993}',
      '{"b":18014398509481992}',
      '{"b":9.999999999999999e+22}',
      '{"b":0.30000000000000000001}',
      '{"b":"\\u0041"}',
      '{"b":"\\/"}',
      '{"b":"\\u001F"}',
      '{"b":"\\ud800"}',
      '{"b":[{"d":1,"c":1}]}',
      '{"b":{"c":1,"c":1}}',
      '{"Ａ":3,"😀":2}',
      '{"\u{10ffff}":1}',
      '[1]',
      `{"b":${'['.repeat(63)}${']'.repeat(63)}}`,
    ].map((text): [string, (batch: Batch) => void] => [`has facts that are not canonical: ${text}`, facts(text)]),
    ['is longer than any event', facts(`{"b":"${'x'.repeat(65_535)}"}`)],
    ['commits to what is not there', sortedCommitment, OTHERS],
    ['has a payload that it does not commit to', (batch) => payloadOf(batch, batch.event['sequence']), OTHERS],
    ['has a payload for an event of before', (batch) => payloadOf(batch, 0), OTHERS],
    [
      'has a payload beside its own for an event of before',
      (batch) => {
        sortedCommitment(batch);
        payloadOf(batch, batch.event['sequence']);
        payloadOf(batch, 0);
      },
      OTHERS,
    ],
  ])('is refused where it %s', async (_, change, refusal = END) => {
    await expect(append(change)).rejects.toThrow(
      // Some of it PostgreSQL itself can make nothing of.
      refusal === END ? /do not go on from the end|deeper than 64|invalid input syntax for type json/ : refusal,
    );
  });

  it('is taken where it is as the program makes it, whatever it says', async () => {
    const drafts: EventDraft[] = [
      DRAFT,
      { ...DRAFT, frameworks: [], requestId: 'r/ö "1"', happenedAt: '2026-01-01T00:00:00.000Z', isLate: true },
      { ...DRAFT, resource: 'a\\b"\n\u0001\u007f\u2028', facts: {} },
      { ...DRAFT, facts: { Ａ: 3, '😀': 2, '€': 1, '': 0, nested: { z: [1, { b: null, a: [] }, {}], y: true } } },
      { ...DRAFT, facts: { deep: JSON.parse(`${'['.repeat(62)}${']'.repeat(62)}`) as [] } },
      {
        ...DRAFT,
        facts: { numbers: [0, -1, 0.004, 1e-7, 1e-6, 123e-20, 1e21, 1e20, 5e-324, 0.1 + 0.2, 1 / 3, -2.5e-8] },
      },
      // Midway between two doubles, which PostgreSQL never prints.
      {
        ...DRAFT,
        facts: { numbers: [18014398509481990, -18014398509481990, 1e23, -1e23, 2 ** 63, -(2 ** 70), 1e300] },
      },
      { ...DRAFT, facts: { number: 1.7976931348623157e308, whole: 2 ** 53, texts: ['\b\f\n\r\t', '\u000b', '"/'] } },
    ];
    for (const draft of drafts) await append(() => undefined, draft);
    for (const resource of [
      '/x',
      'a//b',
      'a/',
      'Model/RAG_api',
      'x:y/z',
      'Größe/ẞ',
      `m/${'x'.repeat(101)}`,
      'a b\tc',
      '',
      '-/.',
    ])
      await append(() => undefined, { ...DRAFT, resource });
    const numbers = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(Number),
      fc.bigInt({ min: 2n ** 54n, max: 10n ** 17n }).map(Number),
    );
    const values = fc.dictionary(
      fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && !text.includes('\u{10ffff}')),
      numbers,
    );
    await fc.assert(
      fc.asyncProperty(values, async (some) => {
        await append(() => undefined, { ...DRAFT, facts: { ...some } });
      }),
      { numRuns: 50 },
    );
  });

  it('has numbers that are canonical for the database where they are for the program', async () => {
    const numbers = [
      ...fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), 5000),
      ...fc.sample(fc.double({ noNaN: true, min: 2 ** 50, max: 2 ** 90 }), 5000),
      ...fc.sample(fc.double({ noNaN: true, min: -1e-3, max: 1e-3 }), 2000),
      ...fc.sample(fc.maxSafeInteger(), 2000),
      ...Array.from({ length: 2000 }, (_, at) => 2 ** (at - 1000)),
      6.486428920707102e16,
      2 ** 59,
      1e21 - 2 ** 17,
      1e21,
      2 ** 84 + 2 ** 40,
      5e-324,
      Number.MAX_VALUE,
    ].filter((one) => Number.isFinite(one));
    const { rows } = await owner.query<{ texts: string[] }>(
      `SELECT array_agg(canonical_number(n) ORDER BY place) AS texts FROM unnest($1::float8[]) WITH ORDINALITY AS given(n, place)`,
      [numbers],
    );
    expect(rows[0]?.texts).toEqual(numbers.map((one) => JSON.stringify(one)));
  });

  it('is not believed about the tree: anybody can append after it, and have it signed', async () => {
    const untrue = { nodes: [{ level: 1, index: 0, hash: '0'.repeat(64) }], peaks: ['0'.repeat(64)] };
    await append(({ more }) => void Object.assign(more, untrue));
    await as('mlops_worker', async ({ ledger, pool }) => {
      // Past the end of a tile.
      await Promise.all(Array.from({ length: 300 }, async () => await ledger.append(draftOf('audit.queried'))));
      const { note, size } = await signCheckpoint(pool, primitives, testSigner(testKey(1)));
      const lines: string[] = [];
      for await (const group of exportLedger(pool, primitives, { note, size }, { chosen: {}, payloads: null }))
        lines.push(...group);
      expect(verifyLines(lines.join(''))).toMatchObject({ valid: true, problems: [], size });
      const { rows } = await pool.query<{ proven: string }>('SELECT count(*) AS proven FROM ledger_node');
      expect(Number(rows[0]?.proven)).toBe(Math.floor(size / 256));
      const { root } = parseNote(primitives, note)?.checkpoint ?? { root: '' };
      const proof = await createProver(pool, primitives.nodeHash, size).prove(0);
      const leafHash = (JSON.parse(lines[1] ?? '') as { leafHash: string }).leafHash;
      expect(verifyInclusion(primitives.nodeHash, { leafHash, index: 0, size, root }, proof)).toBe(true);
    });
  });

  it('signs nothing: checkpoints are kept by the worker alone, and go on from the last one', async () => {
    const keep = async (role: DatabaseRole, size: number, note = `${ORIGIN}\n${size}\n`) =>
      await clientOf(role).query('SELECT ledger_keep_checkpoint($1, $2, $3)', [size, note, []]);
    for (const role of DATABASE_ROLE_NAMES.filter((one) => one !== 'mlops_worker'))
      await expect(keep(role, 5), role).rejects.toThrow('permission denied');
    // A command that has the signing key looks whether its login may keep what it signs.
    for (const role of DATABASE_ROLE_NAMES)
      expect(await as(role, async ({ pool }) => await mayKeepCheckpoints(pool)), role).toBe(role === 'mlops_worker');
    const { rows } = await owner.query<{ size: string; signed: string }>(
      'SELECT size, (SELECT max(size) FROM ledger_checkpoint) AS signed FROM ledger_head',
    );
    const [size, signed] = [Number(rows[0]?.size), Number(rows[0]?.signed)];
    for (const [wrong, note] of [
      [size + 1],
      [signed],
      [signed - 1],
      [Number.MAX_SAFE_INTEGER],
      [size, 'other.example/dev\n1\n'],
    ] as const)
      await expect(keep('mlops_worker', wrong, note), String(wrong)).rejects.toThrow(
        'does not go on from the last one',
      );
  });
});

describe('a checkpoint that nobody has signed', () => {
  it('stops the signing, and nobody who appends, until the owner has taken it away as the page says', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/how-to/separate-database-logins.md'), 'utf8');
    const [, takeAway = ''] = /```sql\n(BEGIN;\nALTER TABLE ledger_checkpoint .*?)```/s.exec(page) ?? [];
    await as('mlops_worker', async ({ ledger, pool }) => {
      const sign = async () => await signCheckpoint(pool, primitives, testSigner(testKey(1)));
      const { size: signed } = await sign();
      await ledger.append(draftOf('audit.queried'));
      await pool.query('SELECT ledger_keep_checkpoint($1, $2, $3)', [signed + 1, `${ORIGIN}\n${signed + 1}\n`, []]);
      await ledger.append(draftOf('audit.queried'));
      await expect(sign()).rejects.toMatchObject({
        code: 'LEDGER_TAMPERED',
        details: { problem: 'none of its keys has signed the checkpoint in the database' },
      });
      await owner.query(takeAway);
      expect(await sign()).toMatchObject({ size: signed + 2 });
    });
  });
});

/** What a verifier says of a whole export. */
function verifyLines(text: string) {
  const verifier = createExportVerifier(primitives, { trustedKeys: [testKey(1)], earlier: [] });
  for (const line of text.split('\n').slice(0, -1)) verifier.read({ text: line });
  return verifier.finish();
}

/** What a process of a role has, come in by its own login. */
async function as<T>(
  role: DatabaseRole,
  work: (parts: EvidenceParts) => Promise<T>,
  place = new URL(database.url).pathname,
): Promise<T> {
  const url = new URL(urlOf(`login_${role}`));
  url.pathname = place;
  const pool = createPool(url.href, 2, [role]);
  try {
    const ledger = createLedger(pool, { primitives, sealer: createPayloadSealer(primitives, testKeys) });
    return await work({ pool, ledger, principals: createPrincipals(pool) });
  } finally {
    await pool.end();
  }
}

const DIGESTS = JSON.stringify({ artifact: null, tests: '0'.repeat(64), policy: '0'.repeat(64) });

describe('what a role may not do', () => {
  it('is said as that, whatever it is of, with what helps', async () => {
    const write = as('mlops_auditor', async ({ ledger }) => {
      await ledger.transact(async ({ append, client }) => {
        append(draftOf('audit.queried'));
        await client.query('DELETE FROM model');
      });
    });
    await expect(write).rejects.toMatchObject({
      code: 'LEDGER_FORBIDDEN',
      exitCode: 4,
      message: expect.stringContaining('permission denied for table model') as string,
      remedy: expect.stringContaining('Use the login of the role that does it') as string,
    });
  });
});

describe('the key of something that is done once', () => {
  const once = async (role: DatabaseRole, type: string) =>
    await as(role, async ({ ledger }) => await ledger.append(draftOf(type), `approval/apr-1/1/${type}`));

  it.each<[string, readonly DatabaseRole[]]>([
    ['recorded.deploy_production', ['mlops_worker']],
    ['approval.approve-refused', ['mlops_worker']],
    ['audit.queried', ['mlops_worker']],
    ['governance.checkpoint-key-added', ['mlops_admin']],
    ['traffic.emergency-unreadable', ['mlops_worker', 'mlops_admin']],
  ])('is taken of %s by who does it alone: %j', async (type, roles) => {
    for (const role of DATABASE_ROLE_NAMES.filter((one) => !roles.includes(one)))
      await expect(once(role, type), role).rejects.toMatchObject({ code: 'LEDGER_FORBIDDEN' });
    expect(await Promise.all(roles.map(async (role) => await once(role, type)))).toContain(true);
    const { rows } = await owner.query('SELECT type FROM ledger_event WHERE idempotency_key = $1', [
      `approval/apr-1/1/${type}`,
    ]);
    expect(rows).toEqual([{ type }]);
  });

  it('and who may record something records it without', async () => {
    expect(
      await as('mlops_cli', async ({ ledger }) => await ledger.append(draftOf('recorded.deploy_production'))),
    ).toBe(true);
  });
});

describe('a key of payloads', () => {
  const insert = (subject: string) =>
    `INSERT INTO ledger_key (subject, wrapping_key, wrapped) VALUES ('${subject}', 'k1', '\\x00')`;
  const UNUSED = 'is used by no event of its own';

  it.each(DATABASE_ROLE_NAMES)('is made by %s for an event that it seals, and for nothing else', async (role) => {
    const subject = `principal:victim-of-${role}`;
    await expect(clientOf(role).query(insert(subject))).rejects.toThrow(UNUSED);
    await as(role, async ({ ledger }) => {
      const draft = {
        ...draftOf('audit.queried'),
        actor: { id: subject, kind: 'human', authentication: 'ed25519' },
      } as const;
      const beside = (more: Partial<EventDraft>) =>
        ledger.transact(async ({ append, client }) => {
          await client.query(insert(subject));
          append({ ...draft, ...more });
        });
      await expect(beside({}), 'by name alone').rejects.toThrow(UNUSED);
      await expect(beside({ payload: { reason: 'of another' }, subject: `${subject}/thing` })).rejects.toThrow(UNUSED);
      // Nobody but the subject itself has been kept from what it does.
      expect(await ledger.append({ ...draft, payload: { reason: 'sealed' }, subject })).toBe(true);
    });
    const { rows } = await owner.query('SELECT length(wrapped) > 1 AS opens FROM ledger_key WHERE subject = $1', [
      subject,
    ]);
    expect(rows).toEqual([{ opens: true }]);
  });

  it('is made for where somebody acted from, where that alone is hashed under it', async () => {
    const pool = createPool(urlOf('login_mlops_cli'), 1, ['mlops_cli']);
    const sealer = createPayloadSealer(primitives, testKeys);
    const ledger = createLedger(pool, { primitives, sealer, source: () => ({ host: 'laptop' }) });
    const actor = { id: 'principal:from-somewhere', kind: 'human', authentication: 'ed25519' } as const;
    const draft = { ...draftOf('audit.queried'), actor, payload: { words: 'of a thing' }, subject: 'a/thing' };
    expect(await ledger.append(draft)).toBe(true);
    await pool.end();
    const { rowCount } = await owner.query('SELECT FROM ledger_key WHERE subject = ANY ($1)', [[actor.id, 'a/thing']]);
    expect(rowCount).toBe(2);
  });
});

describe('a login of commands that writes its own statements', () => {
  /** A version in staging, as commands bring it there. */
  const inStaging = async (model: string, version = '1.0.0') =>
    await as('mlops_cli', async (parts) => {
      const { registry } = await createTestRegistry(parts);
      const registration = registrationOf(model, version);
      await registry.register({
        registration,
        artifactPath: await fileOf(model),
        wantsProduction: false,
        actor: 'eve',
      });
      const order = { model, version, expectedProduction: null, approvalId: null, reason: '', actor: 'eve' };
      await registry.promote({ ...order, to: 'staging' });
    });

  const forge = async (type: string, work: (transaction: LedgerTransaction) => Promise<unknown>) =>
    await as(
      'mlops_cli',
      async ({ ledger }) =>
        await ledger.transact(async (transaction) => {
          await work(transaction);
          transaction.append(draftOf(type));
        }),
    );
  const stand = async ({ client, next }: LedgerTransaction, model: string): Promise<unknown> =>
    await client.query(
      `UPDATE version_stage SET stage = 'production', ledger_sequence = $2
       WHERE model_id = (SELECT model_id FROM model WHERE name = $1)`,
      [model, next],
    );
  const say = async ({ client, next }: LedgerTransaction, model: string, approvalId: string | null): Promise<unknown> =>
    await client.query(
      `INSERT INTO stage_change (version_id, model_id, environment, act, from_stage, to_stage, at, actor, approval_id, approvers, bound, ledger_sequence)
       SELECT version_id, model_id, environment, 'promoted', 'staging', 'production', now(), 'eve', $3, '{ceo}', $4, $2
       FROM version_stage JOIN model USING (model_id) WHERE name = $1`,
      [model, next, approvalId, approvalId === null ? null : DIGESTS],
    );

  it.each<[string, string, (transaction: LedgerTransaction, model: string) => Promise<unknown>, string]>([
    ['by an event of something else', 'model.read', stand, 'not what an event of type model.read is of'],
    ['by a refusal', 'model.promote-refused', stand, 'not what an event of type model.promote-refused is of'],
    ['without a line in its history', 'model.promoted', stand, 'by no change of its history'],
    [
      'without an approval',
      'model.promoted',
      async (transaction, model) => [await say(transaction, model, null), await stand(transaction, model)],
      'by no approval',
    ],
    [
      'by an approval that is made up',
      'model.promoted',
      async (transaction, model) => {
        const { client, next } = transaction;
        await client.query(`INSERT INTO used_approval VALUES ('made-up', 'anything', $1)`, [next]);
        return [await say(transaction, model, 'made-up'), await stand(transaction, model)];
      },
      'by no approval',
    ],
    [
      'by an earlier time in production that never was',
      'model.promoted',
      async (transaction, model) => [
        await say(transaction, model, 'made-up'),
        await say(transaction, model, 'made-up'),
        await stand(transaction, model),
      ],
      'by no approval',
    ],
    [
      'by tables of its own that stand before the real ones',
      'model.read',
      async (transaction, model) => {
        const { client, next } = transaction;
        await client.query(`CREATE TEMP TABLE ledger_event ON COMMIT DROP AS
          SELECT ${next}::bigint AS sequence, 'model.promoted'::text AS type, pg_current_xact_id() AS transaction_id`);
        return await stand(transaction, model);
      },
      'not what an event of type model.read is of',
    ],
    [
      'as an import',
      'model.imported',
      async (transaction, model) => [await say(transaction, model, null), await stand(transaction, model)],
      'may not append events of type model.imported',
    ],
  ])('puts no version into production %s', async (how, type, work, refusal) => {
    const model = how.replaceAll(' ', '_');
    await inStaging(model);
    await expect(forge(type, async (transaction) => await work(transaction, model))).rejects.toThrow(refusal);
    const { rows } = await owner.query(`SELECT stage FROM version_stage JOIN model USING (model_id) WHERE name = $1`, [
      model,
    ]);
    expect(rows).toEqual([{ stage: 'staging' }]);
  });

  it('makes nobody an admin, gives nobody a key, and frees no evidence', async () => {
    for (const statement of [
      `INSERT INTO principal_role (principal_id, role, ledger_sequence) VALUES ('eve', 'admin', 0)`,
      `INSERT INTO principal_key (key_id, principal_id, public_key, ledger_sequence) VALUES ('0123456789abcdef', 'eve', '', 0)`,
      `UPDATE principal SET name = 'ceo'`,
      `UPDATE legal_hold SET released_at = now()`,
      `UPDATE ledger_key SET destroyed_at = now()`,
      `UPDATE approval_request SET excluded = '{}'`,
    ])
      expect(await may('mlops_cli', statement), statement).toBe(false);
    await expect(forge('identity.granted', async () => await Promise.resolve())).rejects.toThrow('may not append');
    await expect(
      forge('model.read', async ({ client, next }) => {
        await client.query(`INSERT INTO principal VALUES ('principal:00', 'human', 'ed25519', 'ceo', now(), $1)`, [
          next,
        ]);
      }),
    ).rejects.toThrow('not what an event of type model.read is of');
  });
});

/** What somebody has who wants to decide in the name of others by a login of commands. */
describe('a login of commands that wants to decide as somebody else', () => {
  const DIGEST = '0'.repeat(64);
  it.each([
    ['gives out no link', 'INSERT INTO approval_link DEFAULT VALUES'],
    ['reads no link', 'SELECT secret_hash FROM approval_link'],
    ['uses none', 'UPDATE approval_link SET used_at = now()'],
    ['hands no right on', 'INSERT INTO approval_delegation DEFAULT VALUES'],
    ['takes none back', 'UPDATE approval_delegation SET revoked_at = now()'],
  ])('%s', async (_, statement) => {
    for (const role of ['mlops_cli', 'mlops_api', 'mlops_auditor', 'mlops_admin'] as const)
      expect(await may(role, statement), role).toBe(role === 'mlops_api' && statement.startsWith('SELECT'));
  });

  it.each<[string, string, (transaction: LedgerTransaction) => Promise<unknown>]>([
    [
      'a link of an approver with a secret of its own',
      'approval.link-issued',
      async ({ client, next }) =>
        await client.query(
          `INSERT INTO approval_link (link_id, approval_id, principal_id, secret_hash, content_digest, expires_at, ledger_sequence)
           VALUES ('forged', 'apr-any', 'anna', sha256('mine'), $1, now() + interval '1 day', $2)`,
          [DIGEST, next],
        ),
    ],
    [
      'a right of an approver handed to itself',
      'approval.delegated',
      async ({ client, next }) =>
        await client.query(
          `INSERT INTO approval_delegation (from_principal, to_principal, until_at, environment, order_id, ledger_sequence)
           VALUES ('anna', 'eve', now() + interval '1 day', 'production', 'forged', $1)`,
          [next],
        ),
    ],
  ])('writes no %s, nor the event of it', async (_, type, work) => {
    const transact = async (steps: (transaction: LedgerTransaction) => Promise<unknown>) =>
      await as('mlops_cli', async ({ ledger }) => await ledger.transact(async (one) => await steps(one)));
    await expect(transact(work)).rejects.toThrow('permission denied');
    const say = async ({ append }: LedgerTransaction) => await Promise.resolve(append(draftOf(type)));
    await expect(transact(say)).rejects.toThrow(`may not append events of type ${type}`);
  });
});

describe('every rule of the database', () => {
  it('that asks for an event says which, and every table that names one has such a rule', async () => {
    const { rows } = await owner.query<{ of: string; events: number }>(
      `SELECT t.tgrelid::regclass::text AS of, t.tgnargs::int AS events FROM pg_trigger t
       WHERE t.tgfoid = 'change_needs_its_event'::regproc`,
    );
    expect(rows.filter(({ events }) => events === 0)).toEqual([]);
    const governed = GOVERNED_TABLES.filter((table) => columns.get(table)?.includes('ledger_sequence') === true);
    expect([...new Set(rows.map((row) => row.of))].sort()).toEqual(governed.sort());
  });

  it('looks into the tables of the log and of nobody else', async () => {
    const { rows } = await owner.query<{ name: string; body: string }>(
      `SELECT proname AS name, prosrc AS body FROM pg_proc
       WHERE pronamespace = 'public'::regnamespace AND NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)`,
    );
    const careless = rows.filter(({ body }) =>
      /(?<!DISTINCT )\b(FROM|JOIN|INTO|UPDATE) (?!public\.|unnest|each|FROM)[a-z_]+/.test(body),
    );
    expect(careless.map(({ name }) => name)).toEqual([]);
  });
});

describe('each role does its own work', () => {
  const ADMIN = { id: 'principal:admin', kind: 'human', authentication: 'ed25519' } as const;
  const made = (number: number, roles: readonly Role[] = []) => ({
    principal: `principal:000000000000000${number}`,
    name: `person-${number}`,
    kind: 'human' as const,
    keyId: `000000000000000${number}`,
    publicKey: Buffer.alloc(32, number).toString('base64'),
    roles,
  });

  it('worker: lets the first admin in, once', async () => {
    await as('mlops_worker', async (parts) => {
      expect(await createIdentities(parts).bootstrap(made(1, ['admin']))).toBe(true);
      expect(await createIdentities(parts).bootstrap(made(2, ['admin']))).toBe(false);
      const again = parts.ledger.transact(async ({ append, client, next }) => {
        await client.query(
          `INSERT INTO principal_role (principal_id, role, ledger_sequence) VALUES ('${made(1).principal}', 'operator', $1)`,
          [next],
        );
        append(draftOf('identity.bootstrapped'));
      });
      await expect(again).rejects.toThrow('nobody is the first any more');
    });
  });

  it('admin: makes, grants, rotates and revokes; holds, releases and erases; wraps keys anew', async () => {
    await as('mlops_admin', async (parts) => {
      const identities = createIdentities(parts);
      await identities.create(made(3), ADMIN, 'new');
      expect(await identities.grant('person-3', ['operator'], 'needs it', ADMIN)).toEqual(['operator']);
      const key = { keyId: 'aaaaaaaaaaaaaaaa', publicKey: made(4).publicKey };
      expect(await identities.rotate({ name: 'person-3', reason: '' }, key, ADMIN)).toEqual([made(3).keyId]);
      await identities.revokeAll('person-3', 'gone', ADMIN);
      const order = { subject: 'person-3', reason: 'why', actor: 'officer', caseId: '1' };
      const holds = createLegalHolds(parts);
      const erasure = createErasure(parts, async () => await Promise.resolve());
      await holds.hold(order);
      await expect(erasure.erase(order)).rejects.toMatchObject({ code: 'LEGAL_HOLD' });
      await holds.release(order);
      expect(await erasure.erase(order)).toMatchObject({ name: true });
      const place = { origin: ORIGIN, active: 'k1', say: async () => await Promise.reject() };
      expect(await rewrapKeys(parts.pool, testKeys, place)).toBe(0);
    });
  });

  /** Who says that they have read a rollout, which everybody may, does no more by it. */
  async function useUpByReading(approvalId: string): Promise<void> {
    await as('mlops_cli', async ({ ledger }) => {
      await ledger.transact(async ({ append, client, next }) => {
        await client.query(
          `UPDATE approval_request SET state = 'carried-out', carried_out_at = clock_timestamp(), ledger_sequence = $2 WHERE approval_id = $1`,
          [approvalId, next],
        );
        append(draftOf('rollout.read'));
      });
    });
  }

  /** Another model takes the name that was approved, and its version the approval. */
  async function useForAnother(approvalId: string, version: string): Promise<void> {
    const model = `other-${approvalId}`;
    await as('mlops_cli', async (parts) => {
      const { registry } = await createTestRegistry(parts);
      const artifactPath = await fileOf('of another content');
      const registration = registrationOf(model, version);
      await registry.register({ registration, artifactPath, wantsProduction: false, actor: 'eve' });
      await parts.ledger.transact(async ({ append, client }) => {
        const renamed = append(draftOf('model.renamed'));
        for (const [from, to] of [
          ['honest', 'gone'],
          [model, 'honest'],
        ])
          await client.query('UPDATE model SET name = $2, ledger_sequence = $3 WHERE name = $1', [from, to, renamed]);
        const sequence = append(draftOf('model.promoted'));
        await client.query(
          `UPDATE approval_request SET state = 'carried-out', carried_out_at = clock_timestamp(), ledger_sequence = $2 WHERE approval_id = $1`,
          [approvalId, sequence],
        );
        await client.query('INSERT INTO used_approval VALUES ($1, $1, $2)', [approvalId, sequence]);
        await client.query(
          `INSERT INTO stage_change (version_id, model_id, environment, act, from_stage, to_stage, at, actor, approval_id, approvers, bound, ledger_sequence)
           SELECT version_id, model_id, 'dev', 'promoted', 'staging', 'production', now(), 'eve', $1,
             ARRAY(SELECT principal_id FROM approval_decision WHERE approval_id = $1),
             jsonb_build_object('artifact', r.artifact_digest, 'tests', r.tests_digest, 'policy', r.policy_digest), $2
           FROM approval_request r, model JOIN model_version USING (model_id) WHERE approval_id = $1 AND name = 'honest'`,
          [approvalId, sequence],
        );
      });
    });
  }

  /** Into a database that has nothing yet. */
  async function takeIn(lines: readonly string[]): Promise<void> {
    const url = database.url.replace(/\/[^/]*$/, '/taken_in');
    await ensureDatabase(url, 5000);
    await migrate(url);
    const pool = createPool(url, 1);
    await openTestLedger(pool);
    await pool.end();
    const importAs = async (role: DatabaseRole) =>
      await as(
        role,
        async (parts) => {
          const { registry } = await createTestRegistry(parts);
          return await registry.import({ lines: given(lines), actor: 'eve' });
        },
        '/taken_in',
      );
    await expect(importAs('mlops_cli')).rejects.toMatchObject({ code: 'DATABASE_ROLE_MISSING' });
    expect(await importAs('mlops_admin')).toMatchObject({ isNew: true });
  }

  async function* given(lines: readonly string[]): AsyncGenerator<string> {
    await Promise.resolve();
    for (const line of lines) yield line.trimEnd();
  }

  it('commands and worker: bring a version into production by an approval, and back; an admin takes it over', async () => {
    const promote = { model: 'honest', reason: '', actor: 'eve', expectedProduction: null, to: 'production' } as const;
    const approvals = createGrantedApprovals();
    const { parts: kept } = await as('mlops_cli', async (parts) => {
      const begun = await createTestRegistry(parts, { approvals });
      for (const version of ['1.0.0', '1.1.0']) {
        const registration = registrationOf('honest', version);
        const artifactPath = await fileOf(version);
        await begun.registry.register({ registration, artifactPath, wantsProduction: false, actor: 'eve' });
        await begun.registry.promote({ ...promote, version, to: 'staging', approvalId: null });
      }
      return begun;
    });
    const approve = async (version: string, expectedProduction: string | null): Promise<string> => {
      const { awaiting } = await as('mlops_cli', async (parts) => {
        const { registry } = await createTestRegistry(parts, { approvals, store: kept.store });
        return await registry.promote({ ...promote, version, expectedProduction, approvalId: null });
      });
      if (awaiting === null) throw new Error('it needs none');
      const approvalId = `honest-${version.replaceAll('.', '-')}`;
      await as('mlops_worker', async (parts) => {
        const store = createApprovalStore(parts);
        const order = createOrder({ ...awaiting, environment: 'dev', requestedBy: 'eve', excluded: {} });
        const eve = { id: 'eve', kind: 'human', authentication: 'test' } as const;
        const { record } = await store.open(approvalId, order, APPROVAL_POLICY, eve);
        for (const id of ['ann', 'bob', 'cid'].slice(0, record.quorum))
          await store.decide({
            approvalId,
            actor: { id, kind: 'human', authentication: 'test' },
            verdict: 'approve',
            reason: '',
            seen: record.contentDigest,
            linkId: null,
            authorities: [{ principal: id, roles: record.roles, handovers: 0 }],
          });
      });
      return approvalId;
    };
    for (const [version, before] of [
      ['1.0.0', null],
      ['1.1.0', '1.0.0'],
    ] as const) {
      const approvalId = await approve(version, before);
      await expect(useUpByReading(approvalId)).rejects.toThrow('not what an event of type rollout.read is of');
      await expect(useForAnother(approvalId, version)).rejects.toThrow('by no approval');
      await as('mlops_cli', async (parts) => {
        const { registry } = await createTestRegistry(parts, { approvals, store: kept.store });
        await registry.promote({ ...promote, version, expectedProduction: before, approvalId });
      });
    }
    const lines = await as('mlops_cli', async (parts) => {
      const { registry } = await createTestRegistry(parts, { approvals, store: kept.store });
      const back = { model: 'honest', expectedProduction: '1.1.0', approvalId: null, reason: '', actor: 'eve' };
      expect(await registry.goBack(back)).toMatchObject({ version: { stage: 'production' }, replaced: '1.1.0' });
      const all: string[] = [];
      for await (const group of registry.export({ actor: 'eve' })) all.push(...group);
      return all;
    });
    expect(lines.join('')).toContain('honest-1-0-0');
    await takeIn(lines);
  });

  it('is told which role is wanted, where it has another', async () => {
    await as('mlops_cli', async ({ pool }) => {
      await expect(requireAdminRole(pool, 'identity.grant')).rejects.toMatchObject({
        code: 'DATABASE_ROLE_MISSING',
        message:
          'identity.grant is done in the database by the role mlops_admin, and the login login_mlops_cli of DATABASE_URL is no member of it',
      });
    });
    await as('mlops_admin', async ({ pool }) => {
      await requireAdminRole(pool, 'identity.grant');
    });
    await as('mlops_worker', async ({ pool }) => {
      await expect(requireAdminRole(pool, 'identity.grant')).rejects.toThrow('login_mlops_worker');
    });
    const pool = createPool(database.url, 1);
    await requireAdminRole(pool, 'identity.grant');
    await pool.end();
  });

  it('is told so by every command of admins before anything is done, and looks all the same', async () => {
    const workingDirectory = mkdtempSync(join(tmpdir(), 'mlops-roles-'));
    const { config } = loadConfig({ env: {}, workingDirectory, portOffset: OFFSETS.databaseRoles });
    const governed = { ...config, governance: { ...config.governance, developmentRoles: ROLE_NAMES } };
    await ensureLedgerKeys(config.stateDirectory, 'dev');
    const [claim, why] = [{ actor: 'eve' }, { reason: 'why' }];
    const file = join(workingDirectory, 'mallory.json');
    await as('mlops_cli', async ({ pool }) => {
      const identities = await composeIdentities(governed, pool);
      const governance = await composeGovernance(governed, pool);
      const order = { name: 'mallory', ...why };
      const held = { subject: 'rollout/dev/x', ...why, ...claim };
      for (const act of [
        async () => await identities.create({ ...order, kind: 'human', roles: ['admin'] }, file, claim),
        async () => await identities.grant({ ...order, roles: ['admin'] }, claim),
        async () => await identities.revoke({ ...order, role: null }, claim),
        async () => await identities.rotate({ ...order, name: 'eve' }, file, { actor: 'eve', claim: () => claim }),
        async () => await governance.hold({ ...held, caseId: null }),
        async () => await governance.release({ ...held, caseId: null }),
        async () => await governance.erase({ ...held, subject: 'eve' }),
        async () => await governance.addKey(claim),
        async () => await governance.rotate({ ...why, ...claim }),
        async () => await governance.addCheckpointKey({ ...why, ...claim }),
        async () => await governance.retireCheckpointKey({ ...why, ...claim }),
      ])
        await expect(act()).rejects.toMatchObject({ code: 'DATABASE_ROLE_MISSING', exitCode: 4 });
      expect(existsSync(file)).toBe(false);
      expect((await identities.list(claim)).map(({ name }) => name)).toContain('eve');
      expect(await governance.holds(claim)).toEqual([]);
      expect(await governance.foresee('eve', claim)).toMatchObject({ held: null });
    });
  });
});

/** What the event of a right that was handed over has sealed. */
type HandOverEvidence = HandOver & SignedStatement;

/** What the event of a key that its owner replaced has sealed. */
type OwnKeyEvidence = OwnKeyOrder & SignedStatement;

describe('somebody without a login of an admin', () => {
  const ADMIN = { id: 'principal:admin', kind: 'human', authentication: 'ed25519' } as const;
  const NOW = new Date().toISOString();
  const state = mkdtempSync(join(tmpdir(), 'mlops-own-keys-'));
  const { config } = loadConfig({ env: {}, workingDirectory: state, portOffset: OFFSETS.databaseRoles });
  const governed = { ...config, governance: { ...config.governance, developmentRoles: [] } };
  const signerOf = async (file: string) =>
    await currentIdentity({ environment: 'dev', identity: file, stateDirectory: state });

  /** A person that an admin made known, with the file of their key. */
  async function known(name: string, roles: readonly Role[] = ['viewer']) {
    const file = join(state, `${name}.json`);
    const principal = newPrincipalId();
    const key = await writeIdentity(file, principal);
    await as('mlops_admin', async (parts) => {
      await createIdentities(parts).create({ ...key, principal, name, kind: 'human', roles }, ADMIN, '');
    });
    return { file, key: key.keyId, name, principal };
  }
  const nextKey = async () => {
    const file = join(state, `${newPrincipalId().slice(10)}.json`);
    const made = await writeIdentity(file, newPrincipalId());
    return { ...made, privateKey: (await readIdentity(file)).privateKey };
  };
  const carryOut = async (order: OwnKeyOrder) =>
    await as('mlops_worker', async (parts) => {
      const authority = composeAuthority(governed, parts);
      return await createOwnKeys({ ...parts, authority, primitives }).replace(order, NOW);
    });
  const rotateAs = async (file: string, name: string, send: SendOwnKey | null) =>
    await as('mlops_cli', async ({ pool }) => {
      const identities = await composeIdentities(governed, pool, send);
      return await identities.rotate({ name, reason: 'yearly' }, file, await signerOf(file));
    });
  const keysOf = async (principal: string) =>
    (
      await owner.query<{ key_id: string; in_force: boolean }>(
        'SELECT key_id, revoked_at IS NULL AS in_force FROM principal_key WHERE principal_id = $1 ORDER BY created_at',
        [principal],
      )
    ).rows.map(({ in_force, key_id }) => [key_id, in_force]);
  const eventsOf = async (principal: string) =>
    (
      await owner.query<{ type: string; actor: string }>(
        `SELECT type, actor FROM ledger_event WHERE resource = $1 AND type LIKE 'identity.%key%' ORDER BY sequence`,
        [principal],
      )
    ).rows;

  beforeAll(async () => await ensureLedgerKeys(config.stateDirectory, 'dev'));

  it('has the worker replace their own key, once, though it was killed on the way', async () => {
    const { file, key, name, principal } = await known('olive');
    await expect(rotateAs(file, name, null)).rejects.toMatchObject({ code: 'DATABASE_ROLE_MISSING' });
    expect(existsSync(`${file}.new`)).toBe(false);
    const sent: string[] = [];
    const killed: SendOwnKey = async (next, reason, signer) => {
      sent.push(next.keyId);
      await carryOut(signOwnKey('dev', next, reason, signer));
      throw new Error('killed');
    };
    const before = readFileSync(file, 'utf8');
    await expect(rotateAs(file, name, killed)).rejects.toThrow('killed');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await rotateAs(file, name, killed)).toEqual({ key: sent[0], replaced: [key], file });
    expect(sent).toHaveLength(1);
    expect((await readIdentity(file)).keyId).toBe(sent[0]);
    expect(await keysOf(principal)).toEqual([
      [key, false],
      [sent[0], true],
    ]);
    expect(await eventsOf(principal)).toEqual([{ type: 'identity.own-key-replaced', actor: principal }]);

    // Whoever may read payloads verifies again that the owner wanted it, by both keys.
    const { rows } = await owner.query<{ sequence: string; old: Buffer }>(
      `SELECT e.sequence, k.public_key AS old FROM ledger_event e JOIN principal_key k ON k.key_id = $2
       WHERE e.type = 'identity.own-key-replaced' AND e.resource = $1`,
      [principal, key],
    );
    const sequence = Number(rows[0]?.sequence);
    const opened = await as('mlops_admin', async ({ pool }) =>
      (await openPayloads(pool, [{ sequence }], { origin: ORIGIN, keys: testKeys })).get(sequence),
    );
    const evidence = opened?.payload as OwnKeyEvidence;
    const signedBy = (publicKey: Buffer, text: string, signature: string) =>
      primitives.verify(publicKey, text, Buffer.from(signature, 'base64'));
    const { proof, publicKey, signature, statement } = evidence;
    expect([evidence.reason, statement.content]).toEqual(['yearly', digestOf(contentOfOwnKey(evidence))]);
    expect(signedBy(rows[0]?.old ?? Buffer.of(), statementText(statement), signature)).toBe(true);
    expect(signedBy(Buffer.from(publicKey, 'base64'), possessionText(statement), proof)).toBe(true);
  });

  it('has the worker hand their right over: what they signed and may, once, with what shows it', async () => {
    const [ann, viewer, deputy] = [
      await known('ann-hands', ['approver']),
      await known('viewer-hands'),
      await known('deputy-hands', ['reviewer']),
    ];
    const { approvalId, contentDigest: seen } = await as('mlops_worker', async (parts) => {
      const eve = { id: 'eve', kind: 'human', authentication: 'test' } as const;
      const order = createOrder({
        resource: 'model/handed/1.0.0',
        environment: 'dev',
        requestedBy: 'eve',
        excluded: {},
      });
      return (await createApprovalStore(parts).open('apr-handed', order, APPROVAL_POLICY, eve)).record;
    });
    const write = async (order: HandOverOrder) =>
      await as('mlops_worker', async (parts) => {
        const authority = composeAuthority(governed, parts);
        const identities = createIdentityDirectory(parts.pool, []);
        const handOvers = createHandOvers({ ...parts, authority, identities });
        const activities = createHandOverActivities({ environment: 'dev', handOvers });
        return await activities.handOver({ ...order, receivedAt: NOW });
      });
    const [{ linkId, secretHash }, signer] = [makeLink(), await signerOf(ann.file)];
    const base = { id: linkId, environment: 'dev' };
    const link = { ...base, what: 'link', approvalId, seen, secretHash } as const;
    const delegation = {
      ...base,
      what: 'delegation',
      to: deputy.principal,
      approvalId: null,
      forSeconds: 60,
      reason: 'away',
    } as const;
    const takeBack = {
      ...base,
      id: newPrincipalId().slice(10),
      what: 'take-back',
      to: deputy.principal,
      reason: '',
    } as const;

    for (const right of [link, delegation, takeBack]) {
      const order = signHandOver(right, signer);
      const forged: (readonly [object, string?])[] = [
        [{ id: 'another-order-1' }],
        [{ source: { host: 'elsewhere' } }],
        [{ claim: { actor: ann.principal } }],
        // By name it is somebody of this machine, who was granted nothing.
        [{ claim: { actor: ann.name } }, 'NOT_AUTHORISED'],
        [{ claim: { ...order.claim, actor: viewer.principal } }],
        [right.what === 'link' ? { secretHash: makeLink().secretHash } : { to: viewer.principal }],
        [right.what === 'link' ? { seen: '0'.repeat(64) } : { reason: 'another' }],
      ];
      for (const [change, code = 'NOT_AUTHENTICATED'] of forged)
        await expect(write({ ...order, ...change }), JSON.stringify(change)).rejects.toMatchObject({ code });
      await expect(write({ ...order, environment: 'production' })).rejects.toMatchObject({
        code: 'ENVIRONMENT_FOREIGN',
      });
      await expect(write({ ...order, claim: { ...order.claim, token: 't' } })).rejects.toThrow('its claim is none');
      await expect(write(signHandOver(right, await signerOf(viewer.file)))).rejects.toMatchObject({
        code: 'NOT_AUTHORISED',
      });
    }
    // Whoever is away would count on them.
    for (const to of [viewer.principal, 'principal:00000000000000ff', 'model/handed/1.0.0'])
      await expect(write(signHandOver({ ...delegation, to }, signer)), to).rejects.toMatchObject({
        code: 'DELEGATION_INVALID',
      });
    const rows = async (table: string) => (await owner.query(`SELECT FROM ${table}`)).rowCount;
    expect([await rows('approval_link'), await rows('approval_delegation')]).toEqual([0, 0]);

    for (const right of [link, delegation, takeBack]) {
      const order = signHandOver(right, signer);
      const done = await write(order);
      expect(done).toEqual({ until: right.what === 'take-back' ? null : expect.any(String), count: 1 });
      expect(await write(order), 'sent again').toEqual(done);
    }
    const { rows: events } = await owner.query<{ sequence: string; type: string; actor: string }>(
      `SELECT sequence, type, actor FROM ledger_event WHERE actor = $1 AND type LIKE 'approval.%' ORDER BY sequence`,
      [ann.principal],
    );
    expect(events.map(({ type }) => type)).toEqual([
      'approval.link-issued',
      'approval.delegated',
      'approval.delegation-revoked',
    ]);
    const { rows: keys } = await owner.query<{ key: Buffer }>(
      'SELECT public_key AS key FROM principal_key WHERE key_id = $1',
      [ann.key],
    );
    for (const { sequence } of events) {
      const opened = await as('mlops_admin', async ({ pool }) =>
        (await openPayloads(pool, [{ sequence: Number(sequence) }], { origin: ORIGIN, keys: testKeys })).get(
          Number(sequence),
        ),
      );
      if (opened === undefined) throw new Error(`event ${sequence} has no payload`);
      const { signature, statement, ...order } = opened.payload as HandOverEvidence;
      expect(statement.content).toBe(digestOf(askedOfHandOver(order).content));
      const text = statementText(statement);
      expect(primitives.verify(keys[0]?.key ?? Buffer.of(), text, Buffer.from(signature, 'base64'))).toBe(true);
    }
  });

  it('is refused what is not signed by the key in force, or by the new one', async () => {
    const { file, key, name, principal } = await known('pete');
    const other = await known('rosa');
    const [signer, next, another] = [await signerOf(file), await nextKey(), await nextKey()];
    const order = signOwnKey('dev', next, '', signer);
    const forged: Partial<OwnKeyOrder>[] = [
      { publicKey: another.publicKey },
      { reason: 'another' },
      { environment: 'production' },
      { source: { host: 'elsewhere' } },
      { claim: { actor: principal } },
      { claim: { ...order.claim, actor: other.principal } },
    ];
    for (const change of forged)
      await expect(carryOut({ ...order, ...change }), JSON.stringify(change)).rejects.toMatchObject({
        code: 'NOT_AUTHENTICATED',
      });
    for (const proof of ['', signOwnKey('dev', another, '', signer).proof])
      await expect(carryOut({ ...signOwnKey('dev', next, '', signer), proof })).rejects.toMatchObject({
        code: 'KEY_NOT_HELD',
      });
    await expect(carryOut({ ...order, publicKey: 'AA==' })).rejects.toMatchObject({ code: 'KEY_NOT_HELD' });
    expect(await keysOf(principal)).toEqual([[key, true]]);

    // Two at once: the one that comes second signs with a key that is revoked by then. The same order again changes nothing more.
    const both = [signOwnKey('dev', next, '', signer), signOwnKey('dev', another, '', signer)];
    const ended = await Promise.allSettled(both.map(carryOut));
    expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const first = both[ended.findIndex(({ status }) => status === 'fulfilled')];
    expect(first === undefined ? null : await carryOut(first)).toMatchObject({ replaced: [key] });
    expect(await eventsOf(principal)).toHaveLength(1);
    const refusing: SendOwnKey = async (made, reason, who) => await carryOut(signOwnKey('dev', made, reason, who));
    await expect(rotateAs(file, name, refusing)).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it('and whoever writes as the worker gives nobody a key but for one of their own', async () => {
    const [ann, gone] = [await known('ann-own'), await known('gone-own')];
    await as('mlops_admin', async (parts) => {
      await createIdentities(parts).revokeAll('gone-own', 'left', ADMIN);
    });
    const write = async (
      { actor, resource }: { actor: string; resource: string },
      work: (client: LedgerTransaction['client'], sequence: number) => Promise<unknown>,
    ) =>
      await as('mlops_worker', async ({ ledger }) => {
        await ledger.transact(async ({ append, client, next }) => {
          await work(client, next);
          append({
            ...draftOf('identity.own-key-replaced'),
            actor: { id: actor, kind: 'human', authentication: 'ed25519' },
            resource,
          });
        });
      });
    const of = (principal: string) => ({ actor: principal, resource: principal });
    const insert =
      (keyId: string, principal: string, revoked = 'NULL') =>
      async (client: LedgerTransaction['client'], sequence: number) =>
        await client.query(
          `INSERT INTO principal_key (key_id, principal_id, public_key, revoked_at, ledger_sequence)
           VALUES ($1, $2, decode(repeat('00', 32), 'hex'), ${revoked}, $3)`,
          [keyId, principal, sequence],
        );
    const revoke = (principal: string) => async (client: LedgerTransaction['client'], sequence: number) =>
      await client.query(
        'UPDATE principal_key SET revoked_at = now(), ledger_sequence = $2 WHERE principal_id = $1 AND revoked_at IS NULL',
        [principal, sequence],
      );
    const all =
      (...works: readonly ReturnType<typeof revoke>[]) =>
      async (client: LedgerTransaction['client'], sequence: number) => {
        for (const work of works) await work(client, sequence);
      };
    const [a, b] = ['aa00000000000001', 'aa00000000000002'];
    for (const [title, event, work] of [
      ['beside the one in force', of(ann.principal), insert(a, ann.principal)],
      ['none for the one in force', of(ann.principal), revoke(ann.principal)],
      ['by another', of(gone.principal), all(revoke(ann.principal), insert(a, ann.principal))],
      [
        'in the name of an admin',
        { actor: ADMIN.id, resource: ann.principal },
        all(revoke(ann.principal), insert(a, ann.principal)),
      ],
      ['for who left', of(gone.principal), insert(a, gone.principal)],
      [
        'for who left, with one put in revoked',
        of(gone.principal),
        all(insert(b, gone.principal, 'now()'), insert(a, gone.principal)),
      ],
      [
        'for who left, with one put in and revoked',
        of(gone.principal),
        all(insert(b, gone.principal), revoke(gone.principal), insert(a, gone.principal)),
      ],
    ] as const)
      await expect(write(event, work), title).rejects.toThrow('is not one for one of their own');
    await write(of(ann.principal), all(revoke(ann.principal), insert(a, ann.principal)));
    expect(await keysOf(ann.principal)).toEqual([
      [ann.key, false],
      [a, true],
    ]);
  });
});
