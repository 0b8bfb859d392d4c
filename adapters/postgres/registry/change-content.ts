import { isMlopsError } from '../../../domain/errors.ts';
import type { ArtifactRef } from '../../../domain/registry/artifact.ts';
import type { ApprovalContent, ExcludedAs, GoneBecause } from '../../../domain/registry/approval/request.ts';
import type { RiskInputs } from '../../../domain/registry/approval/risk.ts';
import { boundContentOf } from '../../../domain/registry/bound-content.ts';
import { foldName } from '../../../domain/governance/person-name.ts';
import { dataOwnersOf } from '../../../domain/registry/data-owners.ts';
import { contentOfChange, riskOfChange, type VersionChange } from '../../../domain/registry/version-change.ts';
import { sha256Of } from '../../crypto/sha256.ts';
import { KNOWN_PEOPLE } from '../ledger/principals.ts';
import type { RegistryParts } from './parts.ts';
import { productionOf, requireVersion, run, type Queries, type VersionRow } from './versions.ts';

/** A change as approvers are asked about it. */
export interface ShownChange {
  readonly content: ApprovalContent;
  readonly risk: RiskInputs;
  /** Who decides nothing about it, by principal id: who registered it, who stored its artifact, who owns its data. */
  readonly excluded: Readonly<Record<string, ExcludedAs>>;
  /** What the version consists of; null for one without an artifact. */
  readonly artifact: Pick<ArtifactRef, 'digest' | 'files'> | null;
}

/**
 * What there is to approve of a change now; null when the version was retired, or its model was deleted.
 *
 * @throws VERSION_NOT_FOUND, DATABASE_UNREACHABLE
 */
export async function readChange(
  { environment, policy, pool }: Pick<RegistryParts, 'environment' | 'policy' | 'pool'>,
  change: VersionChange,
): Promise<ShownChange | null> {
  const row = await findVersion(pool, environment, change);
  if (row === null || row.retired_at !== null) return null;
  const production = (await productionOf(pool, environment, row.model_id))?.content ?? null;
  const [times] = await run<{ last_change: Date | null; now: Date }>(
    pool,
    `SELECT max(at) AS last_change, clock_timestamp() AS now FROM stage_change
     WHERE model_id = $1 AND environment = $2 AND to_stage = 'production'`,
    [row.model_id, environment],
  );
  const registration = row.content;
  const bound = boundContentOf(registration, policy, sha256Of);
  return {
    content: contentOfChange(change, { registration, bound, production }),
    risk: riskOfChange(change, {
      registration,
      production,
      lastChangeAtMs: times?.last_change?.getTime() ?? null,
      nowMs: times?.now.getTime() ?? 0,
    }),
    excluded: await findExcluded(pool, row),
    artifact: registration.artifact === null ? null : { digest: registration.artifact, files: row.artifact_files ?? 1 },
  };
}

/** Why there is nothing to approve of a version any more; null while it is there. @throws DATABASE_UNREACHABLE */
export async function whyVersionIsGone(
  { environment, pool }: Pick<RegistryParts, 'environment' | 'pool'>,
  change: VersionChange,
): Promise<GoneBecause | null> {
  try {
    return (await requireVersion(pool, environment, change)).retired_at === null ? null : 'version-retired';
  } catch (error) {
    if (isMlopsError(error, 'MODEL_NOT_FOUND')) return 'model-not-there';
    if (isMlopsError(error, 'VERSION_NOT_FOUND')) return 'version-not-there';
    throw error;
  }
}

/**
 * Whoever brought the same content into the registry is its uploader, whatever they named it; data owners are those that the version's
 * metadata name, by name or id.
 */
async function findExcluded(queries: Queries, row: VersionRow): Promise<Record<string, ExcludedAs>> {
  const { artifact, metadata } = row.content;
  const uploaders = await run<{ author: string }>(
    queries,
    'SELECT DISTINCT author FROM model_version WHERE artifact_digest = $1',
    [artifact],
  );
  const owners = await findOwners(queries, dataOwnersOf(metadata));
  return Object.fromEntries<ExcludedAs>([
    ...owners.map((owner) => [owner, 'data owner'] as const),
    ...uploaders.map(({ author }) => [author, 'uploader'] as const),
    [row.author, 'author'],
  ]);
}

/** Whom the names and ids mean: however a name is written, it is that of one person. */
async function findOwners(queries: Queries, named: readonly string[]): Promise<string[]> {
  if (named.length === 0) return [];
  const known = await run<{ principal_id: string; name: string }>(
    queries,
    `SELECT principal_id, name FROM ${KNOWN_PEOPLE} WHERE name IS NOT NULL`,
    [],
  );
  const wanted = new Set(named.flatMap((name) => [name, foldName(name)]));
  return known
    .filter(({ name, principal_id: id }) => wanted.has(id) || wanted.has(foldName(name)))
    .map(({ principal_id: id }) => id);
}

async function findVersion(queries: Queries, environment: string, change: VersionChange): Promise<VersionRow | null> {
  try {
    return await requireVersion(queries, environment, change);
  } catch (error) {
    if (isMlopsError(error, 'MODEL_NOT_FOUND')) return null;
    throw error;
  }
}
