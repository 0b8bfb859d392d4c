import type { QueryResultRow } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import type { Registration } from '../../../domain/registry/registration.ts';
import type { VersionRecord } from '../../../domain/registry/records.ts';
import { parseVersion, sortKeyOf } from '../../../domain/registry/semver.ts';
import type { Stage } from '../../../domain/registry/stages.ts';
import { query as run, type Queries } from '../query.ts';

/** A row as PostgreSQL returns it. */
export interface VersionRow extends QueryResultRow {
  readonly version_id: string;
  readonly model_id: string;
  readonly ordinal: number;
  readonly content: Registration;
  readonly content_digest: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly artifact_bytes: string | null;
  readonly artifact_files: number | null;
  readonly verified_at: Date | null;
  readonly artifact_problem: string | null;
  readonly stage: Stage;
  readonly requested_stage: Stage | null;
  readonly aliases: readonly string[] | null;
  readonly endpoint: string | null;
  readonly author: string;
  readonly registered_at: Date;
  readonly retired_at: Date | null;
}

export { run, type Queries };

/** Columns of a version in the environment $1; `v` is the version's table. A model that was renamed has its name of now. */
export const VERSION_COLUMNS = `v.version_id, v.model_id, v.ordinal, v.content_digest,
  v.content || jsonb_build_object('model', (SELECT name FROM model named WHERE named.model_id = v.model_id)) AS content, v.description, v.tags,
  v.artifact_bytes, v.artifact_files, v.verified_at, v.artifact_problem, v.author, v.registered_at, v.retired_at,
  CASE WHEN v.retired_at IS NOT NULL THEN 'archived' ELSE COALESCE(s.stage, 'development') END AS stage,
  s.requested_stage,
  (SELECT array_agg(a.alias ORDER BY a.alias) FROM model_alias a
   WHERE a.version_id = v.version_id AND a.environment = $1) AS aliases,
  (SELECT e.endpoint FROM version_endpoint e WHERE e.version_id = v.version_id AND e.environment = $1) AS endpoint`;

export const STAGE_JOIN = 'LEFT JOIN version_stage s ON s.version_id = v.version_id AND s.environment = $1';

/**
 * A version by its number, or by an alias: no alias looks like a version.
 *
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND, DATABASE_UNREACHABLE
 */
export async function requireVersion(
  queries: Queries,
  environment: string,
  name: { readonly model: string; readonly version: string },
): Promise<VersionRow> {
  const { model } = name;
  const version = parseVersion(name.version);
  const [row] = await run<VersionRow>(
    queries,
    `SELECT ${VERSION_COLUMNS} FROM model m JOIN model_version v USING (model_id) ${STAGE_JOIN}
     WHERE m.name = $2 AND m.retired_at IS NULL AND ${
       version === null
         ? `v.version_id = (SELECT version_id FROM model_alias
              WHERE model_id = m.model_id AND environment = $1 AND alias = $3)`
         : 'v.sort_key = $3'
     }`,
    [environment, model, version === null ? name.version : sortKeyOf(version)],
  );
  if (row !== undefined) return row;
  await requireModel(queries, model);
  if (version === null) throw new MlopsError('ALIAS_NOT_FOUND', { model, alias: name.version, environment });
  throw new MlopsError('VERSION_NOT_FOUND', { model, version: version.text });
}

/** The version in production, or null. */
export async function productionOf(queries: Queries, environment: string, modelId: string): Promise<VersionRow | null> {
  const [row] = await run<VersionRow>(
    queries,
    `SELECT ${VERSION_COLUMNS} FROM model_version v ${STAGE_JOIN}
     WHERE v.version_id = (
       SELECT version_id FROM version_stage WHERE model_id = $2 AND environment = $1 AND stage = 'production'
     )`,
    [environment, modelId],
  );
  return row ?? null;
}

/** @throws MODEL_NOT_FOUND, with the names that are nearest */
export async function requireModel(queries: Queries, model: string): Promise<string> {
  const [row] = await run<{ model_id: string }>(
    queries,
    'SELECT model_id FROM model WHERE name = $1 AND retired_at IS NULL',
    [model],
  );
  if (row !== undefined) return row.model_id;
  const [first] = await run<{ name: string }>(
    queries,
    'SELECT name FROM model WHERE retired_at IS NULL AND (lower(name) = lower($1) OR starts_with(name, $1)) ORDER BY name LIMIT 1',
    [model],
  );
  throw new MlopsError('MODEL_NOT_FOUND', { model, near: first === undefined ? '' : `; is ${first.name} meant?` });
}

/** A row as the rest of the program knows it. */
export function recordOf(row: VersionRow, environment: string): VersionRecord {
  return {
    id: row.version_id,
    ordinal: row.ordinal,
    registration: row.content,
    contentDigest: row.content_digest,
    description: row.description,
    tags: row.tags,
    artifactBytes: row.artifact_bytes === null ? null : Number(row.artifact_bytes),
    artifactFiles: row.artifact_files,
    verifiedAt: row.verified_at?.toISOString() ?? null,
    artifactProblem: row.artifact_problem,
    environment,
    stage: row.stage,
    requestedStage: row.requested_stage,
    aliases: row.aliases ?? [],
    endpoint: row.endpoint,
    author: row.author,
    registeredAt: row.registered_at.toISOString(),
    retiredAt: row.retired_at?.toISOString() ?? null,
  };
}
