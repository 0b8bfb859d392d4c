import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { VERSION_TAG } from '../../../domain/registry/mlflow/new-version.ts';
import type { DescribeOutcome, TagOutcome } from '../../../domain/registry/records.ts';
import { descriptionProblem, tagProblem } from '../../../domain/registry/registration.ts';
import { resourceOfModel, resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { hasTag, labelledModel, labelledVersion, writeDescription, writeTag, type Labelled } from './labels.ts';
import type { RegistryParts } from './parts.ts';
import { refusalsRecorded } from './refusals.ts';
import { requireModel, requireVersion, run } from './versions.ts';

/** A version, or an alias that means one; null: the model itself. */
interface Named {
  readonly model: string;
  readonly version: string | null;
  readonly actor: string;
}

/** Who sets which tags, and takes which away. */
export interface TagOrder extends Named {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

/** Who says what a version or a model is. */
export interface DescribeOrder extends Named {
  readonly description: string;
}

/**
 * Sets tags and takes others away, in one transaction with an event for each. What is so already stays so.
 *
 * @throws USAGE_INVALID, MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND
 */
export async function tagModel(parts: RegistryParts, order: TagOrder): Promise<TagOutcome> {
  const changes = changesOf(order);
  return await labelled(parts, order, async (transaction, thing, actor) => {
    for (const { key, value } of changes) {
      if (key === VERSION_TAG && thing.table === 'model_version' && !hasTag(thing, key, value)) throw fixedTag(thing);
      await writeTag(transaction, thing, { key, value, actor });
    }
    const after = new Map(Object.entries(thing.tags));
    for (const { key, value } of changes)
      if (value === null) after.delete(key);
      else after.set(key, value);
    return { model: thing.model, version: versionOf(thing), before: thing.tags, tags: Object.fromEntries(after) };
  });
}

/** @throws USAGE_INVALID, MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND */
export async function describeModel(parts: RegistryParts, order: DescribeOrder): Promise<DescribeOutcome> {
  const { description } = order;
  const problem = descriptionProblem(description);
  if (problem !== null) throw usage(`The ${problem}`);
  return await labelled(parts, order, async (transaction, thing, actor) => {
    await writeDescription(transaction, thing, description, actor);
    return { model: thing.model, version: versionOf(thing), before: thing.description, description };
  });
}

async function labelled<T>(
  parts: RegistryParts,
  { actor: id, model, version }: Named,
  work: (transaction: LedgerTransaction, thing: Labelled, actor: EventActor) => Promise<T>,
): Promise<T> {
  const actor = await parts.principals.actor(id);
  const resource = version === null ? resourceOfModel(model) : resourceOfVersion(model, version);
  return await refusalsRecorded(
    parts,
    { action: 'model.tag', resource, actor },
    async () =>
      await parts.ledger.transact(
        async (transaction) => await work(transaction, await find(parts, transaction, { model, version }), actor),
      ),
  );
}

async function find(
  { environment }: RegistryParts,
  { client }: LedgerTransaction,
  { model, version }: Pick<Named, 'model' | 'version'>,
): Promise<Labelled> {
  if (version !== null) return labelledVersion(await requireVersion(client, environment, { model, version }));
  const modelId = await requireModel(client, model);
  const [row] = await run<{ model_id: string; description: string; tags: Record<string, string> }>(
    client,
    'SELECT model_id, description, tags FROM model WHERE model_id = $1',
    [modelId],
  );
  if (row === undefined) throw new Error(`model ${modelId} has a name and no row`);
  return labelledModel(model, row);
}

/** @throws USAGE_INVALID */
function changesOf({ set, unset }: TagOrder): { readonly key: string; readonly value: string | null }[] {
  const both = unset.find((key) => Object.hasOwn(set, key));
  if (both !== undefined) throw usage(`Tag ${both} is to be set and to be taken away`);
  const changes = [
    ...Object.entries(set).map(([key, value]) => ({ key, value })),
    ...unset.map((key) => ({ key, value: null })),
  ];
  if (changes.length === 0) throw usage('No tag is named');
  for (const { key, value } of changes) {
    const problem = tagProblem(key, value ?? '');
    if (problem !== null) throw usage(`The ${problem}`);
  }
  return changes;
}

function fixedTag(thing: Labelled): MlopsError {
  const words = `${versionOf(thing) ?? 'none'} of ${thing.model}`;
  return usage(`Tag ${VERSION_TAG} says which version this is, ${words}, and does not change`);
}

function versionOf({ facts }: Labelled): string | null {
  const { version } = facts;
  return typeof version === 'string' ? version : null;
}

function usage(problem: string): MlopsError {
  const hint = 'For example `mlops model tag rag_api 1.1.0 --set team=search --unset draft`';
  return new MlopsError('USAGE_INVALID', { problem, hint });
}
