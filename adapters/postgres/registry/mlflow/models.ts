import type { EventActor, Json } from '../../../../domain/governance/event-draft.ts';
import { refusal } from '../../../../domain/registry/mlflow/refusal.ts';
import type { MlflowModel } from '../../../../domain/registry/mlflow/shapes.ts';
import { draftOfRegistry, type RegistryAct } from '../../../../domain/registry/registry-drafts.ts';
import { resourceOfModel } from '../../../../domain/registry/resource-names.ts';
import type { LedgerTransaction } from '../../ledger/ledger.ts';
import { labelledModel, writeDescription, writeTag } from '../labels.ts';
import { requireMlflowModel, withLatest } from './model-rows.ts';
import type { MlflowParts } from './parts.ts';

type Parts = Omit<MlflowParts, 'registry'>;

/** @throws MODEL_NOT_FOUND */
export async function getModel({ environment, pool }: Parts, name: string): Promise<MlflowModel> {
  const row = await requireMlflowModel(pool, environment, name);
  const [model] = await withLatest(pool, environment, [row]);
  if (model === undefined) throw new Error('one row is one model');
  return model;
}

/** Makes a model without versions. @throws MLFLOW_REFUSED (RESOURCE_ALREADY_EXISTS) */
export async function createModel(
  parts: Parts,
  order: {
    readonly name: string;
    readonly description: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly actor: EventActor;
  },
): Promise<MlflowModel> {
  const { actor, description, name, tags } = order;
  await parts.ledger.transact(async (transaction) => {
    const { client, next } = transaction;
    const { rowCount } = await client.query(
      `INSERT INTO model (name, last_ordinal, description, tags, author, created_at, changed_at, ledger_sequence)
       SELECT $1, 0, $2, $3, $4, at, at, $5 FROM date_trunc('milliseconds', clock_timestamp()) AS at
       ON CONFLICT (name) WHERE retired_at IS NULL DO NOTHING`,
      [name, description, JSON.stringify(tags), actor.id, next],
    );
    if (rowCount !== 1) throw alreadyThere(name);
    say(transaction, 'created', { name, actor, facts: {}, words: { description, tags: { ...tags } } });
  });
  return await getModel(parts, name);
}

/** @throws MODEL_NOT_FOUND */
export async function describeModel(
  parts: Parts,
  { actor, description, name }: { readonly name: string; readonly description: string; readonly actor: EventActor },
): Promise<MlflowModel> {
  await parts.ledger.transact(async (transaction) => {
    const row = await requireMlflowModel(transaction.client, parts.environment, name);
    await writeDescription(transaction, labelledModel(name, row), description, actor);
  });
  return await getModel(parts, name);
}

/** Sets a tag, or takes it away where `value` is null; what is so already stays so. @throws MODEL_NOT_FOUND */
export async function tagModel(
  parts: Parts,
  order: { readonly name: string; readonly key: string; readonly value: string | null; readonly actor: EventActor },
): Promise<void> {
  const { actor, key, name, value } = order;
  await parts.ledger.transact(async (transaction) => {
    const row = await requireMlflowModel(transaction.client, parts.environment, name);
    await writeTag(transaction, labelledModel(name, row), { key, value, actor });
  });
}

/** What is said of a model in the ledger; words are sealed under the model. */
export function say(
  { append }: LedgerTransaction,
  act: RegistryAct,
  said: {
    readonly name: string;
    readonly actor: EventActor;
    readonly facts: { readonly [name: string]: Json };
    readonly words?: { readonly [name: string]: Json };
  },
): void {
  const resource = resourceOfModel(said.name);
  const words = said.words === undefined ? {} : { words: said.words, subject: resource };
  append(draftOfRegistry(act, { resource, facts: said.facts, ...words }, said.actor));
}

export function alreadyThere(name: string): Error {
  return refusal('RESOURCE_ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`);
}
