import { isLatest, type MeantVersion } from '../../../../domain/registry/mlflow/new-version.ts';
import { refusal } from '../../../../domain/registry/mlflow/refusal.ts';
import type { MlflowVersion } from '../../../../domain/registry/mlflow/shapes.ts';
import { stageNameOf } from '../../../../domain/registry/mlflow/stage-names.ts';
import { requireModel, run } from '../versions.ts';
import { getModel } from './models.ts';
import type { MlflowParts } from './parts.ts';
import { mlflowVersionOf, requireOrdinal, type MlflowVersionRow } from './version-rows.ts';

type Parts = Omit<MlflowParts, 'registry'>;

/** The version that an alias means. @throws MODEL_NOT_FOUND, MLFLOW_REFUSED (INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST) */
export async function getByAlias(
  parts: Parts,
  { alias, model }: { readonly model: string; readonly alias: string },
): Promise<MlflowVersion> {
  return mlflowVersionOf(await requireMeant(parts, { model, by: { alias } }));
}

/** @throws MODEL_NOT_FOUND, MLFLOW_REFUSED (INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST) */
export async function requireMeant(parts: Parts, { by, model }: MeantVersion): Promise<MlflowVersionRow> {
  return await requireOrdinal(parts.pool, parts.environment, { model, ordinal: await ordinalOf(parts, model, by) });
}

async function ordinalOf(parts: Parts, model: string, by: MeantVersion['by']): Promise<number> {
  if ('ordinal' in by) return by.ordinal;
  if ('stage' in by) return await newestOf(parts, model, by.stage);
  if ('latest' in by || isLatest(by.alias)) return await newestOf(parts, model, null);
  return await ordinalOfAlias(parts, model, by.alias);
}

/** The newest version, in a stage or at all. */
async function newestOf(parts: Parts, model: string, stage: string | null): Promise<number> {
  const { latest } = await getModel(parts, model);
  const found = latest.filter((version) => stage === null || stageNameOf(version.stage) === stage);
  if (found.length > 0) return Math.max(...found.map(({ ordinal }) => ordinal));
  const where = stage === null ? '' : ` in stage ${stage}`;
  throw refusal('RESOURCE_DOES_NOT_EXIST', `Latest version not found for model ${model}${where}.`);
}

async function ordinalOfAlias({ environment, pool }: Parts, model: string, alias: string): Promise<number> {
  const modelId = await requireModel(pool, model);
  const [row] = await run<{ ordinal: number }>(
    pool,
    `SELECT v.ordinal FROM model_alias a JOIN model_version v USING (version_id)
     WHERE a.model_id = $1 AND a.environment = $2 AND a.alias = $3`,
    [modelId, environment, alias],
  );
  if (row !== undefined) return row.ordinal;
  throw refusal('INVALID_PARAMETER_VALUE', `Registered model alias ${alias} not found.`);
}
