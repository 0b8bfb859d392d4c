import type { WebhookEvent } from './events.ts';

/** An event of the registry as the log has it. */
export interface RegistryEvent {
  /** `model.alias-set` */
  readonly type: string;
  /** `model/rag_api/1.1.0` */
  readonly resource: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What was sealed with an event; {} when it was erased. */
export type Words = Readonly<Record<string, unknown>>;

/** Types of events that hooks may be told of. */
export const TOLD_TYPES = [
  'model.created',
  'model.registered',
  'model.tagged',
  'model.untagged',
  'model.alias-set',
  'model.alias-removed',
] as const;

/** What a hook of an environment is told of an event, in this order: a version may be its model's beginning. */
export function toldOf({ facts, type }: RegistryEvent, environment: string): readonly WebhookEvent[] {
  // Without a number it is a tag of a model, of which the protocol has no event.
  const isOfVersion = facts['ordinal'] !== undefined;
  const isOurs = facts['environment'] === environment;
  if (type === 'model.created') return ['registered_model.created'];
  if (type === 'model.registered')
    return facts['isFirst'] === true
      ? ['registered_model.created', 'model_version.created']
      : ['model_version.created'];
  if (type === 'model.tagged') return isOfVersion ? ['model_version_tag.set'] : [];
  if (type === 'model.untagged') return isOfVersion ? ['model_version_tag.deleted'] : [];
  if (type === 'model.alias-set') return isOurs ? ['model_version_alias.created'] : [];
  if (type === 'model.alias-removed') return isOurs ? ['model_version_alias.deleted'] : [];
  return [];
}

type Data = Readonly<Record<string, unknown>>;

const DATA: Readonly<Record<WebhookEvent, (event: RegistryEvent, words: Words) => Data>> = {
  // What is said of a first version is not said of its model.
  'registered_model.created': (event, words) =>
    event.type === 'model.created'
      ? { name: nameOf(event), tags: words['tags'] ?? {}, description: textOrNull(words['description']) }
      : { name: nameOf(event), tags: {}, description: null },
  'model_version.created': (event, words) => ({
    ...ofVersion(event),
    source: sourceOf(event.facts, words),
    run_id: textOrNull(words['runId']),
    tags: words['tags'] ?? {},
    description: textOrNull(words['description']),
  }),
  'model_version_tag.set': (event, { key, value }) => ({ ...ofVersion(event), key: textOf(key), value: textOf(value) }),
  'model_version_tag.deleted': (event, { key }) => ({ ...ofVersion(event), key: textOf(key) }),
  'model_version_alias.created': (event) => ({ ...ofVersion(event), alias: textOf(event.facts['alias']) }),
  'model_version_alias.deleted': (event) => ({ name: nameOf(event), alias: textOf(event.facts['alias']) }),
};

/** The `data` of a payload. Free text that was erased is empty. */
export function dataOf(told: WebhookEvent, event: RegistryEvent, words: Words): Data {
  return DATA[told](event, words);
}

/** What is sent to see whether a hook works. */
export function exampleOf(told: WebhookEvent): Data {
  const [name, version] = ['example_model', '1'];
  const words = {
    key: 'example_key',
    value: 'example_value',
    tags: { example_key: 'example_value' },
    description: 'An example',
    source: 'models:/123',
    runId: 'abcd1234abcd5678',
  };
  const facts = { ordinal: version, alias: 'example_alias' };
  return dataOf(told, { type: 'model.created', resource: `model/${name}`, facts }, words);
}

function nameOf({ resource }: RegistryEvent): string {
  return resource.split('/')[1] ?? '';
}

function ofVersion(event: RegistryEvent): Data {
  return { name: nameOf(event), version: textOf(event.facts['ordinal']) };
}

function textOrNull(value: unknown): string | null {
  return textOf(value) === '' ? null : textOf(value);
}

function sourceOf(facts: RegistryEvent['facts'], { source }: Words): string {
  const { digest } = (facts['artifact'] ?? {}) as { readonly digest?: string };
  if (typeof source === 'string' && source !== '') return source;
  return digest === undefined ? '' : `${OWN_SOURCE}${digest}`;
}

/** Where the content of what we hold ourselves lies. */
export const OWN_SOURCE = 'mlops-artifact:/sha256/';

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
