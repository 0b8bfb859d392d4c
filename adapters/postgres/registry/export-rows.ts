import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { REGISTRY_FORMAT, REGISTRY_TABLES, type RegistryTable } from '../../../domain/registry/export-format.ts';
import { translateDatabaseError } from '../query.ts';

/** One order for every database, whatever its language. */
const ORDER: Readonly<Record<RegistryTable, string>> = {
  model: 'name COLLATE "C", created_at, model_id',
  model_version: 'model_id, ordinal',
  version_stage: 'version_id, environment COLLATE "C"',
  stage_change: 'change_id',
  used_approval: 'approval_id COLLATE "C"',
  model_alias: 'model_id, environment COLLATE "C", alias COLLATE "C"',
  version_endpoint: 'version_id, environment COLLATE "C"',
  model_dependency: 'version_id, kind COLLATE "C", target COLLATE "C"',
};

const ROWS_AT_ONCE = 1000;

/** Lines of an export in groups, all of one moment. Place in the ledger is left out: it is another one in each database. */
export async function* exportRegistry(pool: Pool): AsyncGenerator<readonly string[]> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translateDatabaseError(error);
  });
  try {
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL timezone = 'UTC'`);
    yield* linesOf(client);
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

/** The same within a transaction, whose `timezone` must be UTC. */
export async function* linesOf(client: PoolClient): AsyncGenerator<readonly string[]> {
  const hash = createHash('sha256');
  let rows = 0;
  yield [`{"format":"${REGISTRY_FORMAT}"}\n`];
  for (const table of REGISTRY_TABLES)
    for await (const group of rowsOf(client, table)) {
      const lines = group.map((row) => `{"table":"${table}","row":${row}}\n`);
      for (const line of lines) hash.update(line);
      rows += lines.length;
      yield lines;
    }
  yield [`{"rows":${rows},"sha256":"${hash.digest('hex')}"}\n`];
}

async function* rowsOf(client: PoolClient, table: RegistryTable): AsyncGenerator<string[]> {
  await client.query(
    `DECLARE exported NO SCROLL CURSOR FOR SELECT (to_jsonb(t) - 'ledger_sequence')::text AS row FROM ${table} t ORDER BY ${ORDER[table]}`,
  );
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`FETCH ${ROWS_AT_ONCE} FROM exported`);
    if (rows.length > 0) yield rows.map(({ row }) => row);
    if (rows.length < ROWS_AT_ONCE) break;
  }
  await client.query('CLOSE exported');
}
