import type { MlflowVersion } from '../../../../domain/registry/mlflow/shapes.ts';
import { refusal } from '../../../../domain/registry/mlflow/refusal.ts';
import { OWN_SOURCE } from '../../../../domain/registry/mlflow/webhook/told.ts';
import { nameInSql } from '../../ledger/principals.ts';
import { run, STAGE_JOIN, VERSION_COLUMNS, type Queries, type VersionRow } from '../versions.ts';

/** A row with what the protocol knows beside. */
export interface MlflowVersionRow extends VersionRow {
  readonly source: string;
  readonly storage_location: string;
  readonly run_id: string;
  readonly run_link: string;
  readonly changed_at: Date;
  readonly user_name: string | null;
}

/** Columns of a version in the environment $1; `v` is the version's table. */
export const MLFLOW_VERSION_COLUMNS = `${VERSION_COLUMNS}, v.source, v.storage_location, v.run_id, v.run_link, v.changed_at,
  ${nameInSql('v.author')} AS user_name`;

export { STAGE_JOIN };

/** The version that has this ordinal, unless it was deleted. @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST) */
export async function requireOrdinal(
  queries: Queries,
  environment: string,
  { model, ordinal }: { readonly model: string; readonly ordinal: number },
): Promise<MlflowVersionRow> {
  const [row] = await run<MlflowVersionRow>(
    queries,
    `SELECT ${MLFLOW_VERSION_COLUMNS} FROM model m JOIN model_version v USING (model_id) ${STAGE_JOIN}
     WHERE m.name = $2 AND m.retired_at IS NULL AND v.ordinal = $3 AND v.deleted_at IS NULL`,
    [environment, model, ordinal],
  );
  if (row !== undefined) return row;
  throw refusal('RESOURCE_DOES_NOT_EXIST', `Model Version (name=${model}, version=${ordinal}) not found`);
}

export function mlflowVersionOf(row: MlflowVersionRow): MlflowVersion {
  const { artifact } = row.content;
  return {
    model: row.content.model,
    ordinal: row.ordinal,
    version: row.content.version,
    createdAt: row.registered_at.getTime(),
    changedAt: row.changed_at.getTime(),
    user: row.user_name,
    stage: row.stage,
    description: row.description,
    source: row.source === '' && artifact !== null ? `${OWN_SOURCE}${artifact}` : row.source,
    runId: row.run_id,
    runLink: row.run_link,
    tags: row.tags,
    aliases: row.aliases ?? [],
  };
}
