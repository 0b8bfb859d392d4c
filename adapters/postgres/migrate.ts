import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isMlopsError, MlopsError, messageOf } from '../../domain/errors.ts';
import { ownPath } from '../processes/own-file.ts';
import { makeRoles, refreshGrants } from './roles/database-roles.ts';

const DIRECTORY = ownPath('adapters/postgres/migrations');
/** Any number that nobody else locks. */
const LOCK = 7_304_105;
/** How long a migration waits for each table: whoever wants the table after it waits behind it. */
const LOCK_TIMEOUT_MS = 3000;
const ATTEMPTS = 6;
/** What has waited goes on between two attempts. */
const PAUSE_MS = 2000;
/** lock_not_available, deadlock_detected */
const IN_USE = ['55P03', '40P01'];

/** One numbered file of migrations/. */
interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

export interface MigrationReport {
  /** Files applied now. */
  readonly applied: readonly string[];
  /** Number of the newest migration in the database. */
  readonly level: number;
  /** Roles of the database made now. */
  readonly roles: readonly string[];
}

/**
 * Brings a database up to date: each file in a transaction of its own, under a lock, so that any number of programs may
 * start at once. Roles of the database get the rights that the program says, where they are there or are to be made.
 *
 * @throws DATABASE_IN_USE when others use its tables at every attempt, DATABASE_NEWER when the database has migrations this program does not know, DATABASE_CHANGED when an applied
 *   file was edited, DATABASE_UNREACHABLE
 */
export async function migrate(
  url: string,
  { attempts = ATTEMPTS, makesRoles = false }: { readonly attempts?: number; readonly makesRoles?: boolean } = {},
): Promise<MigrationReport> {
  const migrations = await readMigrations();
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect().catch((error: unknown) => {
    throw new MlopsError('DATABASE_UNREACHABLE', { reason: messageOf(error) }, { cause: error });
  });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const report = await applyMissing(client, migrations, attempts);
    const roles = makesRoles ? await makeRoles(client) : [];
    await refreshGrants(client);
    return { ...report, roles };
  } finally {
    await client.end();
  }
}

/**
 * The migrations in the database compared with those of this program: how many are missing.
 *
 * @throws DATABASE_NEWER, DATABASE_CHANGED, DATABASE_UNREACHABLE
 */
export async function readLevel(url: string): Promise<{ readonly level: number; readonly wanted: number }> {
  const migrations = await readMigrations();
  const wanted = migrations.at(-1)?.number ?? 0;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  try {
    await client.connect();
    const applied = await readApplied(client);
    assertKnown(applied, migrations);
    // Up to the first that is missing: one may have been added between others.
    const missing = migrations.findIndex(({ number }) => !applied.some((row) => row.number === number));
    return { level: missing === -1 ? wanted : (migrations[missing - 1]?.number ?? 0), wanted };
  } catch (error) {
    if (isMlopsError(error)) throw error;
    if ((error as { code?: string }).code === '42P01') return { level: 0, wanted };
    throw new MlopsError('DATABASE_UNREACHABLE', { reason: messageOf(error) }, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(DIRECTORY)).filter((name) => /^\d{4}_.+\.sql$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(DIRECTORY, name), 'utf8');
      return { number: Number(name.slice(0, 4)), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function applyMissing(
  client: Client,
  migrations: readonly Migration[],
  attempts: number,
): Promise<Omit<MigrationReport, 'roles'>> {
  await client.query(
    'CREATE TABLE IF NOT EXISTS schema_migration (number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  const applied = await readApplied(client);
  assertKnown(applied, migrations);
  const missing = migrations.filter(({ number }) => !applied.some((row) => row.number === number));
  for (const migration of missing) await applyWhenFree(client, migration, attempts);
  return { applied: missing.map(({ name }) => name), level: migrations.at(-1)?.number ?? 0 };
}

type AppliedMigration = Omit<Migration, 'sql'>;

async function readApplied(client: Client): Promise<AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    'SELECT number, name, checksum FROM schema_migration ORDER BY number',
  );
  return rows;
}

/** What is in the database must be what this program would have put there. @throws DATABASE_NEWER, DATABASE_CHANGED */
function assertKnown(applied: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  const newest = migrations.at(-1);
  const unknown = applied.find(({ number }) => number > (newest?.number ?? 0));
  if (unknown !== undefined) throw new MlopsError('DATABASE_NEWER', { database: unknown.name, program: newest?.name });
  for (const { number, name, checksum } of applied) {
    const file = migrations.find((migration) => migration.number === number);
    if (file?.checksum !== checksum) throw new MlopsError('DATABASE_CHANGED', { name });
  }
}

async function applyWhenFree(client: Client, migration: Migration, attempts: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyOne(client, migration);
    } catch (error) {
      if (!IN_USE.includes(String((error as { code?: unknown }).code))) throw error;
      if (attempt === attempts) throw new MlopsError('DATABASE_IN_USE', { name: migration.name }, { cause: error });
      await sleep(PAUSE_MS);
    }
  }
}

async function applyOne(client: Client, { number, name, sql, checksum }: Migration): Promise<void> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    await client.query(sql);
    await client.query('INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, $3)', [
      number,
      name,
      checksum,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
