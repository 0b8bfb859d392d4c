import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLedger } from '../../adapters/postgres/ledger/ledger.ts';
import { createPayloadSealer } from '../../adapters/postgres/ledger/seal-payloads.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { judgeLogin } from '../../adapters/postgres/roles/judge-login.ts';
import { portsFrom } from '../../config/load.ts';
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
import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import { assembleEvent, type EventDraft } from '../../domain/governance/event-draft.ts';
import { EVENT_PATTERNS, mayAppend } from '../../domain/governance/event-grants.ts';
import { openTestLedger, startDatabase, testKeys, type TestDatabase } from '../support/database.ts';
import { ORIGIN, primitives } from '../support/ledger.ts';
import { OFFSETS } from '../support/offsets.ts';

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
        role === 'mlops_cli',
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
    // Of each pattern an event that no other pattern has, where there is one.
    it.each(EVENT_PATTERNS.map((pattern) => pattern.replace('%', 'sample')))(
      'appends %s as the table says',
      async (type) => {
        const pool = createPool(urlOf(`login_${role}`), 1, [role]);
        const { rows } = await owner.query<{ size: string }>('SELECT size FROM ledger_head');
        try {
          const appended = createLedger(pool, { primitives, sealer: createPayloadSealer(primitives, testKeys) }).append(
            draftOf(type),
          );
          if (mayAppend(role, type)) expect(await appended).toBe(true);
          else await expect(appended).rejects.toThrow(`role ${role} may not append events of type ${type}`);
        } finally {
          await pool.end();
        }
        const after = await owner.query<{ size: string }>('SELECT size FROM ledger_head');
        expect(Number(after.rows[0]?.size) - Number(rows[0]?.size)).toBe(mayAppend(role, type) ? 1 : 0);
      },
    );
  });

  it.each(['type', 'category', 'actor', 'resource', 'risk'])(
    'cannot append an event that is found under another %s',
    async (column) => {
      const { rows } = await owner.query<{ size: string; last: string; peaks: string[] }>(
        'SELECT size, last_leaf AS last, peaks FROM ledger_head',
      );
      const [{ last, peaks, size }] = rows as [(typeof rows)[number]];
      const draft = draftOf('audit.queried');
      const place = {
        log: ORIGIN,
        sequence: Number(size),
        previous: last,
        recordedAt: new Date().toISOString(),
        commitment: null,
      };
      const canonical = canonicalJson(assembleEvent(draft, place));
      const batch = {
        recordedAt: place.recordedAt,
        events: [
          {
            ...draft,
            actor: draft.actor.id,
            sequence: place.sequence,
            frameworks: [],
            words: [],
            canonical,
            leaf_hash: primitives.leafHash(canonical),
            [column]: 'approval.approve',
          },
        ],
        words: [],
        payloads: [],
        nodes: [],
        peaks,
      };
      await expect(clientOf('mlops_api').query('SELECT ledger_append($1)', [JSON.stringify(batch)])).rejects.toThrow(
        'do not go on from the end of the log',
      );
    },
  );

  it.each([
    ['leaves a gap', { sequence: 1_000_000 }],
    ['is not what its hash says', { leaf_hash: '0'.repeat(64) }],
    ['does not go on from the one before', { canonical: '{"log":"x","previous":"y","sequence":0}' }],
  ])('cannot append what %s', async (_, change) => {
    const { rows } = await owner.query<{ size: string; at: Date }>('SELECT size, recorded_at AS at FROM ledger_head');
    const event = {
      sequence: Number(rows[0]?.size),
      type: 't.t',
      category: 'data_access',
      actor: 'a',
      resource: 'r',
      risk: 'low',
      frameworks: [],
      words: [],
      idempotency_key: null,
      canonical: '{}',
      leaf_hash: '1'.repeat(64),
      ...change,
    };
    const batch = {
      recordedAt: new Date().toISOString(),
      events: [event],
      words: [],
      payloads: [],
      nodes: [],
      peaks: [],
    };
    await expect(clientOf('mlops_api').query('SELECT ledger_append($1)', [JSON.stringify(batch)])).rejects.toThrow(
      'do not go on from the end of the log',
    );
  });
});
