import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureDatabase } from '../../adapters/postgres/create-database.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { createTrafficStore } from '../../adapters/postgres/traffic-store.ts';
import { startPart } from '../../adapters/processes/part.ts';
import { isAlive } from '../../adapters/processes/pid-file.ts';
import type { TrafficSplit } from '../../domain/rollout/split.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { OFFSETS } from '../support/offsets.ts';

const OFFSET = OFFSETS.postgres;
const PORT = 5433 + OFFSET;
const SPLIT: TrafficSplit = {
  model: 'm',
  stable: { version: '1', endpoint: 'http://127.0.0.1:1' },
  canary: null,
  canaryBasisPoints: 0,
  mirrorBasisPoints: 0,
};

/** Every migration there is, in order. */
const FOLDER = join(import.meta.dirname, '../../adapters/postgres/migrations');
const MIGRATIONS = readdirSync(FOLDER).toSorted();

/** A database as a program of before left it, whose last migration had this number. */
async function bringTo(client: Client, number: string): Promise<void> {
  await client.query(
    'CREATE TABLE schema_migration (number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  for (const name of MIGRATIONS.filter((one) => one.slice(0, 4) <= number)) {
    const sql = readFileSync(join(FOLDER, name), 'utf8');
    await client.query(`BEGIN; ${sql}; COMMIT`);
    const checksum = createHash('sha256').update(sql).digest('hex');
    await client.query('INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, $3)', [
      Number(name.slice(0, 4)),
      name,
      checksum,
    ]);
  }
}

describe('the own database', () => {
  let database: TestDatabase;
  let url = '';
  beforeAll(async () => {
    database = await startDatabase(PORT);
    url = database.url;
  });
  afterAll(async () => await database.remove());

  it('is migrated once by twenty programs at once', async () => {
    const reports = await Promise.all(Array.from({ length: 20 }, async () => await migrate(url)));
    expect(reports.flatMap(({ applied }) => applied)).toEqual(MIGRATIONS);
  });

  it('is refused when it is newer than the program, or when an applied file was changed', async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query("INSERT INTO schema_migration (number, name, checksum) VALUES (9000, '9000_later.sql', '')");
    await expect(migrate(url)).rejects.toMatchObject({ code: 'DATABASE_NEWER' });
    await client.query('DELETE FROM schema_migration WHERE number = 9000');
    await client.query("UPDATE schema_migration SET checksum = 'x' WHERE number = 1 RETURNING checksum");
    await expect(migrate(url)).rejects.toMatchObject({ code: 'DATABASE_CHANGED' });
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await client.end();
    await migrate(url);
  });

  it('is migrated as soon as those who use its tables let go; they are not kept waiting meanwhile', async () => {
    const [owner, reader, another] = [1, 2, 3].map(() => new Client({ connectionString: url })) as [
      Client,
      Client,
      Client,
    ];
    for (const client of [owner, reader, another]) await client.connect();
    await owner.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await bringTo(owner, '0028');
    await reader.query('BEGIN; SELECT FROM ledger_event');
    await expect(migrate(url, { attempts: 1 })).rejects.toMatchObject({
      code: 'DATABASE_IN_USE',
      message: expect.stringContaining('0029_what_the_log_takes.sql') as string,
    });
    const migrating = migrate(url);
    await expect
      .poll(
        async () =>
          (await owner.query("SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted")).rowCount,
      )
      .toBe(1);
    await another.query("SET statement_timeout = '8s'; SELECT FROM ledger_event");
    await reader.query('COMMIT');
    expect((await migrating).applied[0]).toBe('0029_what_the_log_takes.sql');
    for (const client of [owner, reader, another]) await client.end();
  });

  it.each([
    [
      'DATABASE_NEWER',
      "INSERT INTO schema_migration (number, name, checksum) VALUES (9000, '9000_later.sql', '')",
      'Install the newer program',
    ],
    ['DATABASE_CHANGED', "UPDATE schema_migration SET checksum = 'x' WHERE number = 1", 'Restore the file as it was'],
  ])(
    'is told to be %s by up, status and doctor, with what mends it',
    { timeout: 120_000 },
    async (code, change, fix) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(change);
      // Of the stack, only the supervisor is started: Temporal is said to be elsewhere, and nothing else comes before the database.
      const env = { ...process.env, MLOPS_PORT_OFFSET: String(OFFSET), TEMPORAL_ADDRESS: '127.0.0.1:1' };
      const mlops = async (...args: string[]) => {
        const child = spawn(join(import.meta.dirname, '../../bin/mlops'), args, { cwd: database.root, env });
        const ended = once(child, 'exit');
        const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
        return { stdout, stderr, code: ((await ended) as [number])[0] };
      };
      const started = performance.now();
      for (const args of [['up'], ['up', '--detach']]) {
        const up = await mlops(...args);
        expect([up.code, up.stderr], args.join(' ')).toEqual([2, expect.stringContaining(`(${code})\nTry: ${fix}`)]);
      }
      expect(performance.now() - started, 'far from the time a part may take to be ready').toBeLessThan(40_000);
      const status = await mlops('status');
      expect([status.code, status.stdout]).toEqual([
        1,
        expect.stringMatching(new RegExp(`postgres +degraded.*${code}`)),
      ]);
      expect(status.stderr).toContain(`postgres: ${fix}`);
      const { stdout } = await mlops('doctor');
      expect(stdout).toMatch(new RegExp(`✖ postgres: .*${code}.*\n    fix: ${fix}`));
      await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
      await client.end();
      await migrate(url);
    },
  );

  it('gives generations out one after the other, the same one for the same key, whoever asks', async () => {
    const pool = createPool(url, 20);
    const store = createTrafficStore(await openTestLedger(pool));
    const reserve = async (key: string) =>
      await store.reserve({
        environment: 'dev',
        idempotencyKey: key,
        split: SPLIT,
        expectedGeneration: 0,
        actor: 'a',
        reason: 'r',
      });
    const different = await Promise.all(Array.from({ length: 20 }, async (_, i) => await reserve(`k${i}`)));
    expect(different.map(({ generation }) => generation).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    const same = await Promise.all(Array.from({ length: 10 }, async () => await reserve('again')));
    expect(new Set(same.map(({ generation }) => generation)).size).toBe(1);
    const [first] = same;
    await store.markRefused('dev', 'm', first?.generation ?? 0, 'TRAFFIC_STALE_GENERATION');
    expect((await reserve('again')).generation).toBeGreaterThan(first?.generation ?? 0);
    await pool.end();
  });

  it('comes back after SIGKILL with its data, clearing the lock the killed server left', async () => {
    const { pid } = JSON.parse(readFileSync(join(database.state, 'run/postgres.json'), 'utf8')) as {
      pid: number;
    };
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    await startPart(database.part, database.state, database.root);
    await ensureDatabase(url, 20_000);
    const pool = createPool(url, 1);
    await expect
      .poll(
        async () =>
          await openTestLedger(pool)
            .then(async (parts) => await createTrafficStore(parts).models('dev'))
            .catch(() => [])
            .then((models) => models.join()),
        { timeout: 10_000 },
      )
      .toBe('m');
    await pool.end();
  });
});
