import type { EventActor, Json } from '../../../domain/governance/event-draft.ts';
import { draftOfRegistry, type RegistryAct } from '../../../domain/registry/registry-drafts.ts';
import { resourceOfModel, resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import type { VersionRow } from './versions.ts';

/** What may be described and tagged: a model, or one of its versions. */
export interface Labelled {
  readonly table: 'model' | 'model_version';
  readonly id: string;
  readonly model: string;
  /** As the ledger names it. */
  readonly resource: string;
  readonly facts: { readonly [name: string]: Json };
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

export function labelledModel(
  name: string,
  row: Pick<Labelled, 'description' | 'tags'> & { readonly model_id: string },
): Labelled {
  const { description, model_id: id, tags } = row;
  return { table: 'model', id, model: name, resource: resourceOfModel(name), facts: {}, description, tags };
}

export function labelledVersion({ content, description, ordinal, tags, version_id: id }: VersionRow): Labelled {
  const { model, version } = content;
  const [resource, facts] = [resourceOfVersion(model, version), { version, ordinal }];
  return { table: 'model_version', id, model, resource, facts, description, tags };
}

/** Writes what something is, in words. What is so already stays so. */
export async function writeDescription(
  transaction: LedgerTransaction,
  thing: Labelled,
  description: string,
  actor: EventActor,
): Promise<void> {
  if (thing.description === description) return;
  await transaction.client.query(
    `UPDATE ${thing.table} SET description = $2, changed_at = date_trunc('milliseconds', clock_timestamp()), ledger_sequence = $3
     WHERE ${KEY[thing.table]} = $1`,
    [thing.id, description, transaction.next],
  );
  sayOfLabel(transaction, 'described', { thing, actor, words: { description } });
}

/** Sets a tag, or takes it away where `value` is null. What is so already stays so. */
export async function writeTag(
  transaction: LedgerTransaction,
  thing: Labelled,
  { actor, key, value }: { readonly key: string; readonly value: string | null; readonly actor: EventActor },
): Promise<void> {
  if (hasTag(thing, key, value)) return;
  const tags = value === null ? 'tags - $2::text' : 'tags || jsonb_build_object($2::text, $4::text)';
  await transaction.client.query(
    `UPDATE ${thing.table} SET tags = ${tags}, ledger_sequence = $3 WHERE ${KEY[thing.table]} = $1`,
    [thing.id, key, transaction.next, ...(value === null ? [] : [value])],
  );
  sayOfLabel(transaction, value === null ? 'untagged' : 'tagged', { thing, actor, words: { key, value } });
}

/** Whether a tag has this value already; null: whether it is not there. */
export function hasTag({ tags }: Pick<Labelled, 'tags'>, key: string, value: string | null): boolean {
  return (Object.hasOwn(tags, key) ? tags[key] : null) === value;
}

const KEY = { model: 'model_id', model_version: 'version_id' } as const;

/** Words are sealed under the model. */
function sayOfLabel(
  { append }: LedgerTransaction,
  act: RegistryAct,
  said: {
    readonly thing: Labelled;
    readonly actor: EventActor;
    readonly words: { readonly [name: string]: Json };
  },
): void {
  const { facts, model, resource } = said.thing;
  append(draftOfRegistry(act, { resource, facts, words: said.words, subject: resourceOfModel(model) }, said.actor));
}
