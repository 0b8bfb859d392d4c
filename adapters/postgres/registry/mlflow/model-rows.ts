import type { QueryResultRow } from 'pg';
import { MlopsError } from '../../../../domain/errors.ts';
import type { MlflowModel, MlflowVersion } from '../../../../domain/registry/mlflow/shapes.ts';
import type { Stage } from '../../../../domain/registry/stages.ts';
import { nameInSql } from '../../ledger/principals.ts';
import { run, type Queries } from '../versions.ts';
import { MLFLOW_VERSION_COLUMNS, mlflowVersionOf, STAGE_JOIN, type MlflowVersionRow } from './version-rows.ts';

/** A model's row. */
export interface MlflowModelRow extends QueryResultRow {
  readonly model_id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly user_name: string | null;
  readonly aliases: readonly { readonly alias: string; readonly ordinal: number }[] | null;
}

/** Columns of a model in the environment $1; `m` is the model's table. */
export const MODEL_COLUMNS = `m.model_id, m.name, m.created_at, m.changed_at, m.description, m.tags,
  ${nameInSql('m.author')} AS user_name,
  (SELECT jsonb_agg(jsonb_build_object('alias', a.alias, 'ordinal', v.ordinal) ORDER BY a.alias)
   FROM model_alias a JOIN model_version v USING (version_id)
   WHERE a.model_id = m.model_id AND a.environment = $1) AS aliases`;

/** @throws MODEL_NOT_FOUND */
export async function requireMlflowModel(queries: Queries, environment: string, name: string): Promise<MlflowModelRow> {
  const [row] = await run<MlflowModelRow>(
    queries,
    `SELECT ${MODEL_COLUMNS} FROM model m WHERE m.name = $2 AND m.retired_at IS NULL`,
    [environment, name],
  );
  if (row !== undefined) return row;
  throw new MlopsError('MODEL_NOT_FOUND', { model: name, near: '' });
}

/** Models with the newest version of each stage. */
export async function withLatest(
  queries: Queries,
  environment: string,
  rows: readonly MlflowModelRow[],
): Promise<MlflowModel[]> {
  const latest = await latestOf(
    queries,
    environment,
    rows.map(({ model_id }) => model_id),
  );
  return rows.map((row) => ({
    name: row.name,
    createdAt: row.created_at.getTime(),
    changedAt: row.changed_at.getTime(),
    user: row.user_name,
    description: row.description,
    tags: row.tags,
    aliases: row.aliases ?? [],
    latest: latest.get(row.model_id) ?? [],
  }));
}

/** The highest ordinal in each stage, by an index each: none of the others is read. */
const LATEST = `
  SELECT latest.version_id FROM unnest($2::bigint[]) AS wanted (model_id) CROSS JOIN LATERAL (
    (SELECT v.version_id FROM model_version v ${STAGE_JOIN}
     WHERE v.model_id = wanted.model_id AND v.retired_at IS NULL AND COALESCE(s.stage, 'development') = 'development'
     ORDER BY v.ordinal DESC LIMIT 1)
    UNION ALL
    (SELECT v.version_id FROM version_stage s JOIN model_version v USING (version_id)
     WHERE s.model_id = wanted.model_id AND s.environment = $1 AND s.stage = 'staging' AND v.retired_at IS NULL
     ORDER BY v.ordinal DESC LIMIT 1)
    UNION ALL
    (SELECT v.version_id FROM version_stage s JOIN model_version v USING (version_id)
     WHERE s.model_id = wanted.model_id AND s.environment = $1 AND s.stage = 'production' AND v.retired_at IS NULL
     ORDER BY v.ordinal DESC LIMIT 1)
    UNION ALL
    (SELECT version_id FROM (
       (SELECT v.version_id, v.ordinal FROM model_version v
        WHERE v.model_id = wanted.model_id AND v.retired_at IS NOT NULL AND v.deleted_at IS NULL
        ORDER BY v.ordinal DESC LIMIT 1)
       UNION ALL
       (SELECT v.version_id, v.ordinal FROM version_stage s JOIN model_version v USING (version_id)
        WHERE s.model_id = wanted.model_id AND s.environment = $1 AND s.stage = 'deprecated' AND v.retired_at IS NULL
        ORDER BY v.ordinal DESC LIMIT 1)
     ) AS archived ORDER BY ordinal DESC LIMIT 1)
  ) AS latest`;

async function latestOf(
  queries: Queries,
  environment: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, MlflowVersion[]>> {
  const found = new Map<string, MlflowVersion[]>();
  if (ids.length === 0) return found;
  const rows = await run<MlflowVersionRow>(
    queries,
    `SELECT ${MLFLOW_VERSION_COLUMNS} FROM (${LATEST}) AS newest JOIN model_version v USING (version_id) ${STAGE_JOIN}`,
    [environment, ids],
  );
  for (const row of rows.toSorted((a, b) => ORDER.indexOf(a.stage) - ORDER.indexOf(b.stage)))
    found.set(row.model_id, [...(found.get(row.model_id) ?? []), mlflowVersionOf(row)]);
  return found;
}

const ORDER: readonly Stage[] = ['development', 'staging', 'production', 'deprecated', 'archived'];
