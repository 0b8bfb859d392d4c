import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { EXPORTED_TABLES, REGISTRY_FORMAT, type RegistryTable } from '../../../domain/registry/export-format.ts';
import { translateDatabaseError } from '../query.ts';

/** Approvals by which something of the registry was changed. What is asked for, was denied or went stale changed nothing. */
const USED = `(SELECT approval_id FROM used_approval
  UNION SELECT approval_id FROM stage_change WHERE approval_id IS NOT NULL) AS used (approval_id)`;

/** Of here, and those that came by an import. */
const APPROVALS = `(SELECT r.* FROM approval_request r JOIN ${USED} USING (approval_id) UNION ALL SELECT * FROM imported_approval)`;
const DECISIONS = `(SELECT d.* FROM approval_decision d JOIN ${USED} USING (approval_id) UNION ALL SELECT * FROM imported_decision)`;

/** Whom the rows of an export name. */
const NAMED = `(
  SELECT author FROM model WHERE author IS NOT NULL
  UNION SELECT author FROM model_version
  UNION SELECT actor FROM stage_change
  UNION SELECT unnest(approvers) FROM stage_change
  UNION SELECT requested_by FROM ${APPROVALS} asked
  UNION SELECT jsonb_object_keys(excluded) FROM ${APPROVALS} asked
  UNION SELECT principal_id FROM ${DECISIONS} decided
  UNION SELECT on_behalf_of FROM ${DECISIONS} decided WHERE on_behalf_of IS NOT NULL
) AS named (principal_id)`;

/** Who an id means here, and else what an import says of it: no roles, no keys. */
const PRINCIPALS = `(
  SELECT principal_id, kind, provider, name FROM principal JOIN ${NAMED} USING (principal_id)
  UNION ALL
  SELECT principal_id, kind, provider, name FROM imported_principal i JOIN ${NAMED} USING (principal_id)
  WHERE NOT EXISTS (SELECT FROM principal p WHERE p.principal_id = i.principal_id)
)`;

/** Where the rows come from, when that is not the table of this name. */
const SOURCE: Readonly<Partial<Record<RegistryTable, string>>> = {
  approval_request: APPROVALS,
  approval_decision: DECISIONS,
  principal: PRINCIPALS,
};

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
  approval_request: 'approval_id COLLATE "C"',
  approval_decision: 'approval_id COLLATE "C", round, principal_id COLLATE "C"',
  principal: 'principal_id COLLATE "C"',
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

/** The same within a transaction, whose `timezone` must be UTC; of some tables. */
export async function* linesOf(
  client: PoolClient,
  tables: readonly RegistryTable[] = EXPORTED_TABLES,
): AsyncGenerator<readonly string[]> {
  const hash = createHash('sha256');
  let rows = 0;
  yield [`{"format":"${REGISTRY_FORMAT}"}\n`];
  for (const table of tables)
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
    `DECLARE exported NO SCROLL CURSOR FOR SELECT (to_jsonb(t) - 'ledger_sequence')::text AS row FROM ${SOURCE[table] ?? table} t ORDER BY ${ORDER[table]}`,
  );
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`FETCH ${ROWS_AT_ONCE} FROM exported`);
    if (rows.length > 0) yield rows.map(({ row }) => row);
    if (rows.length < ROWS_AT_ONCE) break;
  }
  await client.query('CLOSE exported');
}
