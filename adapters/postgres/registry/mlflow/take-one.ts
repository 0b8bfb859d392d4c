import { isMlopsError, type MlopsError } from '../../../../domain/errors.ts';
import type { EventActor } from '../../../../domain/governance/event-draft.ts';
import { MODEL_NAME } from '../../../../domain/model-name.ts';
import { assertSource, VERSION_TAG } from '../../../../domain/registry/mlflow/new-version.ts';
import type { ConflictKind } from '../../../../domain/registry/mlflow/source-conflict.ts';
import {
  ORIGIN_TAG,
  type SourceVersion,
  type VersionSource,
} from '../../../../domain/registry/mlflow/version-source.ts';
import { tagProblem } from '../../../../domain/registry/registration.ts';
import { parseVersion, WANTED_VERSION } from '../../../../domain/registry/semver.ts';
import { findKnown, identityOf, modelOfSiblings, originOf, type Known } from './known-version.ts';
import { createModel } from './models.ts';
import type { MlflowParts } from './parts.ts';
import { createVersion, describeVersion, tagVersion } from './versions.ts';

type Parts = Omit<MlflowParts, 'registry'>;

/** A version to be taken over. */
export interface Taken {
  readonly source: VersionSource;
  readonly version: SourceVersion;
  readonly actor: EventActor;
}

/** Why a version was skipped. */
export interface Skipped {
  readonly problem: string;
  /** What is to be mended; null: it is as it should be, or will be said there. */
  readonly kind: ConflictKind | null;
}

/** Takes one version over, or brings it up to date. */
export async function takeOne(parts: Parts, taken: Taken): Promise<'added' | 'changed' | 'unchanged' | Skipped> {
  const found = problemOf(taken.version);
  if (found !== null) return found;
  try {
    const there = await findKnown(parts.pool, taken.source, taken.version);
    if (there === null) return versionProblemOf(taken.version) ?? (await add(parts, taken));
    return there.is_deleted ? { problem: 'it was deleted here', kind: null } : await bringUpToDate(parts, taken, there);
  } catch (error) {
    if (!isMlopsError(error) || error.retryable || error.code === 'LEDGER_CLOSED') throw error;
    return { problem: error.message, kind: isNumberTaken(error) ? 'number' : 'refused' };
  }
}

function isNumberTaken(error: MlopsError): boolean {
  return error.code === 'MLFLOW_REFUSED' && error.details['errorCode'] === 'RESOURCE_ALREADY_EXISTS';
}

/** Why a version cannot be here. */
function problemOf({ model, source, status, tags }: SourceVersion): Skipped | null {
  if (!MODEL_NAME.test(model)) return { problem: 'its model cannot be called that here', kind: 'name' };
  if (status !== 'READY') return { problem: `it is ${status === '' ? 'in no state' : status}`, kind: null };
  const wrong = Object.entries(tags).map(([key, value]) => tagProblem(key, value));
  const first = wrong.find((problem) => problem !== null);
  if (first !== undefined) return { problem: first, kind: 'tag' };
  try {
    assertSource(source);
    return null;
  } catch (error) {
    if (isMlopsError(error)) return { problem: error.message, kind: 'source' };
    throw error;
  }
}

/** Which semantic version it is is asked once: what is here has its own. */
function versionProblemOf({ tags }: SourceVersion): Skipped | null {
  const given = Object.hasOwn(tags, VERSION_TAG) ? tags[VERSION_TAG] : undefined;
  if (given === undefined || parseVersion(given) !== null) return null;
  return { problem: `its tag ${VERSION_TAG} is ${JSON.stringify(given)}, wanted ${WANTED_VERSION}`, kind: 'tag' };
}

async function add(parts: Parts, taken: Taken): Promise<'added'> {
  const { actor, version } = taken;
  const { description, runId, runLink, source } = version;
  const model = (await modelOfSiblings(parts.pool, taken.source, version)) ?? version.model;
  try {
    await createModel(parts, { name: model, description: '', tags: {}, actor });
  } catch (error) {
    if (!isMlopsError(error, 'MLFLOW_REFUSED') || error.details['errorCode'] !== 'RESOURCE_ALREADY_EXISTS') throw error;
  }
  const origin = { source, runId, runLink, takenFrom: identityOf(taken.source, version) };
  await createVersion(parts, { ...origin, model, description, tags: tagsOf(taken) }, actor);
  return 'added';
}

/** The tags that a version has here. */
function tagsOf({ source, version }: Taken): Readonly<Record<string, string>> {
  return { ...version.tags, [ORIGIN_TAG]: originOf(source, version) };
}

async function bringUpToDate(parts: Parts, taken: Taken, there: Known): Promise<'changed' | 'unchanged'> {
  const { actor, version } = taken;
  const name = { model: there.model, ordinal: there.ordinal };
  const tags = tagsOf(taken);
  // Which version it is here was said once, whatever is said there now.
  const set = Object.entries(tags).filter(([key, value]) => key !== VERSION_TAG && there.tags[key] !== value);
  const gone = Object.keys(there.tags).filter((key) => key !== VERSION_TAG && !Object.hasOwn(tags, key));
  const isDescribed = there.description === version.description;
  if (isDescribed && set.length === 0 && gone.length === 0) return 'unchanged';
  if (!isDescribed) await describeVersion(parts, { ...name, description: version.description, actor });
  for (const [key, value] of set) await tagVersion(parts, { ...name, key, value, actor });
  for (const key of gone) await tagVersion(parts, { ...name, key, value: null, actor });
  return 'changed';
}
