import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import { boundContentOf, sameBound } from '../../../domain/registry/bound-content.ts';
import { resourceOfPromotion } from '../../../domain/registry/resource-names.ts';
import { isSameVersion } from '../../../domain/registry/semver.ts';
import type { RolloutRecord } from '../../../domain/rollout/records.ts';
import type { ArmTarget } from '../../../domain/rollout/split.ts';
import { sha256Of } from '../../crypto/sha256.ts';
import type { createApprovalReader } from './approval-reader.ts';
import { earlierApprovalOf } from './earlier-approval.ts';
import type { RegistryParts } from './parts.ts';
import { assertVerified } from './verify-artifact.ts';
import { productionOf, requireVersion, run, type Queries, type VersionRow } from './versions.ts';

/** The versions of a rollout, in an environment. */
export interface VersionPair {
  readonly environment: string;
  readonly model: string;
  readonly stable: ArmTarget;
  readonly canary: ArmTarget;
}

/** What a rollout goes by that the registry has let in. */
export interface Admission {
  /** False: the registry does not know the model, and need not. */
  readonly isGoverned: boolean;
  /** The approval by which the new version enters production; null when it is there already. */
  readonly approvalId: string | null;
  /** In production now; null for none. */
  readonly production: string | null;
}

type Approvals = Pick<ReturnType<typeof createApprovalReader>, 'openFor'>;

/**
 * Whether two versions may be rolled out. A model that was registered is governed by the registry; in production every model is. The new
 * version must be approved for production, and in production the one before must have been; the artifacts of both be the registered ones;
 * what is in production by the registry must be what is live; both must be asked where the registry says that they answer.
 *
 * @throws PREFLIGHT_VERSION, DATABASE_UNREACHABLE
 */
export async function admitVersions(parts: RegistryParts, approvals: Approvals, pair: VersionPair): Promise<Admission> {
  const { environment, model } = pair;
  const known = await run(parts.pool, 'SELECT FROM model WHERE name = $1 AND retired_at IS NULL', [model]);
  if (known.length === 0) {
    if (environment !== 'production') return { isGoverned: false, approvalId: null, production: null };
    throw refusal(
      pair,
      'it is not registered, and in production every model is',
      `mlops model register ${model} ${pair.canary.version}`,
    );
  }
  const [from, to] = [await findVersion(parts, pair, pair.stable), await findVersion(parts, pair, pair.canary)];
  assertNoAlias(pair, to);
  const production = (await productionOf(parts.pool, environment, from.model_id))?.content.version ?? null;
  if (production !== null && production !== from.content.version && production !== to.content.version)
    throw refusal(
      pair,
      `${production} is in production, and ${pair.stable.version} is to be replaced`,
      `mlops model history ${model}`,
    );
  if (environment === 'production' && production !== from.content.version) await assertWasApproved(parts, pair, from);
  const approvalId = production === to.content.version ? null : await approvalOf(parts, approvals, pair, to);
  // Outside production, what the users are on already may have no artifact.
  if (from.content.artifact !== null || environment === 'production') await assertSound(parts, pair, from);
  await assertSound(parts, pair, to);
  return { isGoverned: true, approvalId, production };
}

/** The versions of a rollout whose record is opened. */
type OpenedVersions = Pick<RolloutRecord, 'environment' | 'model' | 'fromVersion' | 'toVersion'>;

/**
 * That nobody has taken the versions away since they were admitted: reading artifacts and asking services takes its time, and a rollout
 * waits for who is away. Asked in the transaction that opens the record, from which on nobody can.
 *
 * @throws PREFLIGHT_VERSION
 */
export async function assertStillAdmitted(queries: Queries, opened: OpenedVersions): Promise<void> {
  const { environment, fromVersion: from, model, toVersion: to } = opened;
  for (const version of [from, to]) {
    const problem = await problemOf(queries, environment, { model, version }, version === to);
    if (problem === null) continue;
    const next = `mlops model list ${model} --all`;
    throw new MlopsError('PREFLIGHT_VERSION', { model, from, to, problem: `${version} ${problem}`, next });
  }
}

/** What has become of an admitted version, in words; null: it is what it was. */
async function problemOf(
  queries: Queries,
  environment: string,
  name: { readonly model: string; readonly version: string },
  isNew: boolean,
): Promise<string | null> {
  try {
    const { retired_at: retiredAt, stage } = await requireVersion(queries, environment, name);
    if (retiredAt !== null) return 'was retired';
    return isNew && stage !== 'staging' && stage !== 'production' ? `is in ${stage} now, wanted staging` : null;
  } catch (error) {
    if (isMlopsError(error) && error.exitCode === 2) return 'is not registered any more';
    throw error;
  }
}

/** Users go back to it when the other one fails: it must have been in production by an approval that still counts. @throws PREFLIGHT_VERSION */
async function assertWasApproved(parts: RegistryParts, pair: VersionPair, row: VersionRow): Promise<void> {
  if ((await earlierApprovalOf(parts, parts.pool, row)) !== null) return;
  const { model, version } = row.content;
  throw refusal(
    pair,
    `${version} was never approved for production, and users would go back to it`,
    `mlops model promote ${model} ${version} --to ${row.stage === 'development' ? 'staging' : 'production'}`,
  );
}

/** Its artifact is the registered one. @throws PREFLIGHT_VERSION */
async function assertSound(parts: RegistryParts, pair: VersionPair, row: VersionRow): Promise<void> {
  const { model, version } = row.content;
  await assertVerified(parts, row, await parts.principals.actor('rollout')).catch((error: unknown) => {
    if (error instanceof MlopsError && !error.retryable)
      throw refusal(pair, error.message, `mlops model verify ${model} ${version}`);
    throw error;
  });
}

/** A version that may be rolled out from or to, where it answers. @throws PREFLIGHT_VERSION */
async function findVersion(parts: RegistryParts, pair: VersionPair, arm: ArmTarget): Promise<VersionRow> {
  const { environment, model } = pair;
  const { version } = arm;
  const register = `mlops model register ${model} ${version}`;
  const row = await requireVersion(parts.pool, environment, { model, version }).catch((error: unknown) => {
    if (error instanceof MlopsError && error.exitCode === 2)
      throw refusal(pair, `${version} is not registered`, register);
    throw error;
  });
  if (row.retired_at !== null) throw refusal(pair, `${version} was retired`, `mlops model list ${model}`);
  assertPlace(pair, arm, row);
  return row;
}

/** What an alias means may be another version before the rollout ends. @throws PREFLIGHT_VERSION */
function assertNoAlias(pair: VersionPair, { content }: VersionRow): void {
  const { canary, model } = pair;
  if (isSameVersion(canary.version, content.version)) return;
  const problem = `${canary.version} is an alias of ${content.version}, and a rollout is of a version`;
  throw refusal(pair, problem, `mlops rollout start --model ${model} --to ${content.version}`);
}

/** Only what was registered is asked: another service might answer under the same version. @throws PREFLIGHT_VERSION */
function assertPlace(pair: VersionPair, { endpoint, version }: ArmTarget, row: VersionRow): void {
  const { environment, model } = pair;
  if (row.endpoint === endpoint || (row.endpoint === null && environment !== 'production')) return;
  const problem =
    row.endpoint === null
      ? `the registry does not say where ${version} answers, and in production it must`
      : `${version} answers at ${row.endpoint} by the registry, and is to be asked at ${endpoint}`;
  throw refusal(pair, problem, `mlops model endpoint ${model} ${version} ${endpoint}`);
}

/** The approval that was given for exactly what the version is now; that under which it was in production before still counts. */
async function approvalOf(
  parts: RegistryParts,
  approvals: Approvals,
  pair: VersionPair,
  row: VersionRow,
): Promise<string> {
  const { environment, model } = pair;
  const { version } = row.content;
  const promote = `mlops model promote ${model} ${version} --to ${row.stage === 'development' ? 'staging' : 'production'}`;
  if (row.stage !== 'staging') throw refusal(pair, `${version} is in ${row.stage}, wanted staging`, promote);
  const earlier = await earlierApprovalOf(parts, parts.pool, row);
  if (earlier !== null) return earlier.approvalId;
  const resource = resourceOfPromotion({ environment, model, version, stage: 'production' });
  const approval = await approvals.openFor(environment, 'stage-promotion', resource);
  if (approval === null) throw refusal(pair, `${version} was not approved for production`, promote);
  const show = `mlops approval show ${approval.approvalId}`;
  if (approval.state !== 'approved')
    throw refusal(pair, `approval ${approval.approvalId} of ${version} is ${approval.state}`, show);
  if (!sameBound(approval.bound, boundContentOf(row.content, parts.policy, sha256Of)))
    throw refusal(pair, `approval ${approval.approvalId} was given for another content of ${version}`, promote);
  return approval.approvalId;
}

function refusal({ canary, model, stable }: VersionPair, problem: string, next: string): MlopsError {
  return new MlopsError('PREFLIGHT_VERSION', { model, from: stable.version, to: canary.version, problem, next });
}
