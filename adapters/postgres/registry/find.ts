import { MlopsError } from '../../../domain/errors.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import type { ModelPage, ModelRecord, VersionPage, VersionRecord } from '../../../domain/registry/records.ts';
import { resourceOfModel, resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import { parseVersion, sortKeyOf } from '../../../domain/registry/semver.ts';
import type { Stage } from '../../../domain/registry/stages.ts';
import type { Json } from '../../../domain/governance/event-draft.ts';
import { sampleRead } from '../ledger/sample-read.ts';
import type { RegistryParts } from './parts.ts';
import {
  productionOf,
  recordOf,
  requireModel,
  requireVersion,
  run,
  STAGE_JOIN,
  VERSION_COLUMNS,
  type VersionRow,
} from './versions.ts';

/** What is asked for of a model's versions. */
export interface VersionQuery {
  readonly model: string;
  readonly stage: Stage | null;
  /** Retired versions as well. */
  readonly withRetired: boolean;
  /** The last version of the page before; null for the first page. */
  readonly after: string | null;
  readonly limit: number;
  readonly actor: string;
}

/** A version by its number or an alias. @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND */
export async function getVersion(
  parts: RegistryParts,
  { actor, ...name }: { readonly model: string; readonly version: string; readonly actor: string },
): Promise<VersionRecord> {
  const record = recordOf(await requireVersion(parts.pool, parts.environment, name), parts.environment);
  const { model, version } = record.registration;
  await sampleRegistryRead(parts, resourceOfVersion(model, version), { verb: 'show' }, actor);
  return record;
}

/** Versions of a model, highest precedence first; pages go on from the last version. @throws USAGE_INVALID, MODEL_NOT_FOUND */
export async function listVersions(parts: RegistryParts, asked: VersionQuery): Promise<VersionPage> {
  const { after, actor, limit, model, stage, withRetired } = asked;
  const last = after === null ? null : parseVersion(after);
  if (after !== null && last === null)
    throw new MlopsError('USAGE_INVALID', {
      problem: `Pages go on after ${JSON.stringify(after)}, wanted a version`,
      hint: 'Give the last version of the page before, for example --after 1.4.0',
    });
  const id = await requireModel(parts.pool, model);
  await sampleRegistryRead(parts, resourceOfModel(model), { verb: 'list', stage, withRetired }, actor);
  // Archived is what was retired.
  const isOfRetired = withRetired || stage === 'archived';
  const rows = await run<VersionRow>(
    parts.pool,
    `SELECT ${VERSION_COLUMNS} FROM ${stage === null ? pageOf('TRUE') : pageOf(STAGE_CONDITION[stage])} v ${STAGE_JOIN}
     ORDER BY v.sort_key DESC`,
    [parts.environment, id, last === null ? null : sortKeyOf(last), isOfRetired, limit],
  );
  const versions = rows.map((row) => recordOf(row, parts.environment));
  return { versions, cursor: rows.length < limit ? null : (versions.at(-1)?.registration.version ?? null) };
}

/** The versions of a page alone: everything else is looked up for these few. */
function pageOf(condition: string): string {
  return `(SELECT * FROM model_version p
     WHERE p.model_id = $2 AND p.sort_key < COALESCE($3, '~') AND ($4 OR p.retired_at IS NULL) AND ${condition}
     ORDER BY p.sort_key DESC LIMIT $5)`;
}

const isIn = (stages: string): string => `EXISTS (SELECT FROM version_stage q
  WHERE q.version_id = p.version_id AND q.environment = $1 AND q.stage ${stages})`;

/** Those in development have no row of a stage, or one that says so; those that were retired are archived everywhere. */
const STAGE_CONDITION: Readonly<Record<Stage, string>> = {
  development: `NOT ${isIn(`<> 'development'`)}`,
  staging: isIn(`= 'staging'`),
  production: isIn(`= 'production'`),
  deprecated: isIn(`= 'deprecated'`),
  archived: 'p.retired_at IS NOT NULL',
};

/** The version that is in production; null when none is. @throws MODEL_NOT_FOUND */
export async function getProduction(
  { environment, pool }: RegistryParts,
  { model }: { readonly model: string },
): Promise<string | null> {
  const row = await productionOf(pool, environment, await requireModel(pool, model));
  return row?.content.version ?? null;
}

interface ModelRow extends Record<string, unknown> {
  readonly model_id: string;
  readonly name: string;
  readonly versions: string;
  readonly newest: string | null;
  readonly production: string | null;
  readonly created_at: Date;
  readonly changed_at: Date;
}

/** Models by name; pages go on from the last name. */
export async function listModels(
  parts: RegistryParts,
  { actor, after, limit }: { readonly after: string | null; readonly limit: number; readonly actor: string },
): Promise<ModelPage> {
  await sampleRegistryRead(parts, 'model', { verb: 'list' }, actor);
  const rows = await run<ModelRow>(
    parts.pool,
    `SELECT m.model_id, m.name, m.last_ordinal AS versions, m.created_at, m.changed_at,
       (SELECT version FROM model_version v WHERE v.model_id = m.model_id AND v.retired_at IS NULL
        ORDER BY v.sort_key DESC LIMIT 1) AS newest,
       (SELECT v.version FROM version_stage s JOIN model_version v USING (version_id)
        WHERE s.model_id = m.model_id AND s.environment = $1 AND s.stage = 'production') AS production
     FROM model m WHERE m.retired_at IS NULL AND ($2::text IS NULL OR m.name > $2) ORDER BY m.name LIMIT $3`,
    [parts.environment, after, limit],
  );
  const models = rows.map((row): ModelRecord => ({
    id: row.model_id,
    name: row.name,
    versions: Number(row.versions),
    newest: row.newest,
    production: row.production,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  }));
  return { models, cursor: rows.length < limit ? null : (models.at(-1)?.name ?? null) };
}

/** A share of the readings of the registry is written down: of pages, each is one. */
export async function sampleRegistryRead(
  { ledger, principals, readSample }: RegistryParts,
  resource: string,
  facts: { readonly [name: string]: Json },
  actor: string,
): Promise<void> {
  await sampleRead({ ledger }, readSample, async () =>
    draftOfRegistry('read', { resource, facts }, await principals.actor(actor)),
  );
}
