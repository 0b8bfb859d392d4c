import { MlopsError } from '../../../../domain/errors.ts';
import type { EventActor } from '../../../../domain/governance/event-draft.ts';
import {
  assembleRegistration,
  copiedFrom,
  semanticVersionOf,
  VERSION_TAG,
  type NewVersion,
} from '../../../../domain/registry/mlflow/new-version.ts';
import { refusal } from '../../../../domain/registry/mlflow/refusal.ts';
import type { MlflowVersion } from '../../../../domain/registry/mlflow/shapes.ts';
import { draftOfRegistry } from '../../../../domain/registry/registry-drafts.ts';
import { resourceOfVersion } from '../../../../domain/registry/resource-names.ts';
import type { LedgerTransaction } from '../../ledger/ledger.ts';
import { insertAt, takeOrdinal } from '../register.ts';
import { hasTag, labelledVersion, writeDescription, writeTag } from '../labels.ts';
import { routedSplitOf } from '../live-split.ts';
import { refusalsRecorded } from '../refusals.ts';
import { retireRow } from '../retire.ts';
import { requireVersion, type VersionRow } from '../versions.ts';
import { requireMeant } from './meant.ts';
import { requireMlflowModel } from './model-rows.ts';
import type { MlflowParts } from './parts.ts';
import { mlflowVersionOf, requireOrdinal, type MlflowVersionRow } from './version-rows.ts';

type Parts = Omit<MlflowParts, 'registry'>;

/** A version by its ordinal. */
export interface OrdinalName {
  readonly model: string;
  readonly ordinal: number;
}

/** @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST) */
export async function getMlflowVersion({ environment, pool }: Parts, name: OrdinalName): Promise<MlflowVersion> {
  return mlflowVersionOf(await requireOrdinal(pool, environment, name));
}

/**
 * Registers a version of a model under its next ordinal. It has no artifact, unless it is a copy of a version that has one; the source of
 * one that is taken over from elsewhere names nothing of ours.
 *
 * @throws MODEL_NOT_FOUND, MLFLOW_REFUSED (RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE)
 */
export async function createVersion(
  parts: Parts,
  order: NewVersion & { readonly takenFrom?: string },
  actor: EventActor,
): Promise<MlflowVersion> {
  const { environment } = parts;
  const named = order.takenFrom !== undefined ? null : copiedFrom(order.source);
  const from = named === null ? null : await requireMeant(parts, named);
  const origin = from === null ? order : { ...order, ...originOf(from, order.runId) };
  const ordinal = await parts.ledger.transact(async (transaction) => {
    const { client } = transaction;
    // Only models that were made have versions here.
    await requireMlflowModel(client, environment, order.model);
    const place = await takeOrdinal(transaction, order.model, actor);
    const version = semanticVersionOf(order.tags, place.ordinal);
    await assertFree(parts, transaction, { model: order.model, version });
    await insertAt(transaction, place, {
      registration: assembleRegistration(order, version, from?.content ?? null),
      artifact: artifactOf(from),
      actor,
      environment,
      origin: { ...origin, storageLocation: from === null ? '' : locationOf(from) },
    });
    return place.ordinal;
  });
  return await getMlflowVersion(parts, { model: order.model, ordinal });
}

/** Of a copy: what an alias or a stage meant is settled now, and it is of the run of its original. */
function originOf(from: MlflowVersionRow, runId: string): Pick<NewVersion, 'source' | 'runId'> {
  return { source: `models:/${from.content.model}/${from.ordinal}`, runId: runId === '' ? from.run_id : runId };
}

/** @throws MLFLOW_REFUSED (RESOURCE_ALREADY_EXISTS) */
async function assertFree(
  { environment }: Parts,
  { client }: LedgerTransaction,
  name: { readonly model: string; readonly version: string },
): Promise<void> {
  const there = await requireVersion(client, environment, name).catch((error: unknown) => {
    if (error instanceof MlopsError && error.code === 'VERSION_NOT_FOUND') return null;
    throw error;
  });
  if (there === null) return;
  throw refusal(
    'RESOURCE_ALREADY_EXISTS',
    `Model Version (name=${name.model}, version=${there.ordinal}) already exists as ${name.version}: give another version in the tag ${VERSION_TAG}`,
  );
}

function artifactOf(from: VersionRow | null) {
  const digest = from?.content.artifact ?? null;
  if (from === null || digest === null) return null;
  return { digest, bytes: Number(from.artifact_bytes), files: from.artifact_files ?? 1 };
}

/** Where the content of a version lies: a copy's is that of its original. */
export function locationOf(row: MlflowVersionRow): string {
  return row.storage_location === '' ? mlflowVersionOf(row).source : row.storage_location;
}

/** @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST) */
export async function describeVersion(
  parts: Parts,
  { actor, description, ...name }: OrdinalName & { readonly description: string; readonly actor: EventActor },
): Promise<MlflowVersion> {
  await parts.ledger.transact(async (transaction) => {
    const row = await requireOrdinal(transaction.client, parts.environment, name);
    await writeDescription(transaction, labelledVersion(row), description, actor);
  });
  return await getMlflowVersion(parts, name);
}

/**
 * Sets a tag, or takes it away where `value` is null; what is so already stays so.
 *
 * @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE)
 */
export async function tagVersion(
  parts: Parts,
  order: OrdinalName & { readonly key: string; readonly value: string | null; readonly actor: EventActor },
): Promise<void> {
  const { actor, key, value } = order;
  await parts.ledger.transact(async (transaction) => {
    const row = await requireOrdinal(transaction.client, parts.environment, order);
    const thing = labelledVersion(row);
    if (key === VERSION_TAG && !hasTag(thing, key, value))
      throw refusal(
        'INVALID_PARAMETER_VALUE',
        `Tag ${VERSION_TAG} says which version this is, ${row.content.version}: it is given when a version is created, and does not change`,
      );
    await writeTag(transaction, thing, { key, value, actor });
  });
}

/**
 * Retires a version and hides it from the protocol. Its ordinal is never used again.
 *
 * @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST), RETIRE_REFUSED
 */
export async function deleteVersion(
  parts: Parts,
  { actor, ...name }: OrdinalName & { readonly actor: EventActor },
): Promise<void> {
  const { content } = await requireOrdinal(parts.pool, parts.environment, name);
  const resource = resourceOfVersion(content.model, content.version);
  await refusalsRecorded(parts, { action: 'model.retire', resource, actor }, async () => {
    const routed = await routedSplitOf(parts, name.model);
    await parts.ledger.transact(async (transaction) => {
      const row = await requireOrdinal(transaction.client, parts.environment, name);
      if (row.retired_at === null) await retireRow(parts, transaction, { row, routed, actor, reason: '' });
      await hide(transaction, row, actor);
    });
  });
  await parts.wakeApprovals(name.model);
}

async function hide({ append, client, next }: LedgerTransaction, row: VersionRow, actor: EventActor): Promise<void> {
  await client.query(
    `WITH hidden AS (UPDATE model_version SET deleted_at = at, changed_at = at, ledger_sequence = $2
       FROM date_trunc('milliseconds', clock_timestamp()) AS at WHERE version_id = $1 RETURNING model_id, at)
     UPDATE model SET changed_at = at, ledger_sequence = $2 FROM hidden WHERE model.model_id = hidden.model_id`,
    [row.version_id, next],
  );
  const { facts, resource } = labelledVersion(row);
  append(draftOfRegistry('deleted', { resource, facts }, actor));
}
