import type { Json } from '../governance/event-draft.ts';
import { isKeepable } from '../keepable-text.ts';
import { MODEL_NAME, WANTED_MODEL_NAME } from '../model-name.ts';
import { completeDependency, parseVersionName, type Dependency } from './dependency.ts';
import { completeMetric, type GivenMetric, type Metric } from './metrics.ts';
import {
  metadataProblems,
  MODEL_TYPES,
  NO_EMBEDDING,
  type MetadataValue,
  type ModelType,
  type RegisteredType,
} from './model-types.ts';
import { VERSION_TAG } from './mlflow/new-version.ts';
import { isSameVersion, parseVersion, WANTED_VERSION } from './semver.ts';

/** What somebody wants to register, as it was typed or read from a file. */
export interface RegistrationOrder {
  readonly model: string;
  readonly version: string;
  readonly type: string;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** A number, or with what its name does not say: `{ value, unit, direction }`. */
  readonly metrics?: Readonly<Record<string, unknown>>;
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly dependencies?: readonly { readonly kind: string; readonly target: unknown }[];
  /** The step to staging needs an approval as well; the one to production always does. */
  readonly approvalRequired?: boolean;
}

/** A version as it is registered, checked and complete. It never changes afterwards. */
export interface Registration {
  readonly model: string;
  readonly version: string;
  readonly type: RegisteredType;
  readonly description: string;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** By name; they are the version's performance baseline. */
  readonly metrics: readonly Metric[];
  readonly tags: Readonly<Record<string, string>>;
  /** By kind and target. */
  readonly dependencies: readonly Dependency[];
  readonly approvalRequired: boolean;
  /** Digest of the artifact; null for a version without one. */
  readonly artifact: string | null;
}

const LONGEST_TAG_KEY = 250;
const LONGEST_TEXT = 100_000;
const MOST_ENTRIES = 1000;
/** A larger whole number may have been another one before it was read. */
const EXACT = Number.MAX_SAFE_INTEGER;

/** Checks an order as a whole: the registration, or every problem it has. */
export function completeRegistration(
  order: RegistrationOrder,
  artifact: string | null,
): { readonly registration: Registration } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const version = parseVersion(order.version);
  if (!MODEL_NAME.test(order.model))
    problems.push(`name is ${JSON.stringify(order.model)}, wanted ${WANTED_MODEL_NAME}`);
  if (version === null) problems.push(`version is ${JSON.stringify(order.version)}, wanted ${WANTED_VERSION}`);
  const type = MODEL_TYPES.find((name) => name === order.type);
  if (type === undefined)
    problems.push(`type is ${JSON.stringify(order.type)}, wanted one of ${MODEL_TYPES.join(', ')}`);
  const description = order.description ?? '';
  const wordProblem = descriptionProblem(description);
  if (wordProblem !== null) problems.push(wordProblem);
  const metadata = metadataOf(order, problems);
  const metrics = metricsOf(order, problems);
  const tags = tagsOf(order, problems);
  const said = Object.hasOwn(tags, VERSION_TAG) ? (tags[VERSION_TAG] ?? '') : order.version;
  if (!isSameVersion(said, order.version))
    problems.push(`tag ${VERSION_TAG} is ${JSON.stringify(said)}, and this is version ${order.version}`);
  const dependencies = dependenciesOf(order, problems);
  if (type !== undefined)
    problems.push(...metadataProblems(type, metadata), ...typeProblems(type, metadata, dependencies));
  if (version === null || type === undefined || problems.length > 0) return { problems };
  const { model, approvalRequired = false } = order;
  return {
    registration: {
      model,
      version: version.text,
      type,
      description,
      metadata,
      metrics,
      tags,
      dependencies,
      approvalRequired,
      artifact,
    },
  };
}

function metadataOf({ metadata = {} }: RegistrationOrder, problems: string[]): Record<string, MetadataValue> {
  const entries = sortedEntries(metadata, 'metadata', problems);
  const known = entries.filter((entry): entry is [string, MetadataValue] => {
    const isFine = isKey(entry[0]) && isScalar(entry[1]);
    if (!isFine)
      problems.push(`metadata ${entry[0]} is not a text, a number that keeps all of its digits, true or false`);
    return isFine;
  });
  return Object.fromEntries(known.map(([key, value]) => [key, value === 0 ? 0 : value]));
}

function metricsOf({ metrics = {} }: RegistrationOrder, problems: string[]): Metric[] {
  return sortedEntries(metrics, 'metrics', problems).flatMap(([name, given]) => {
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    const metric = completeMetric(name, isObject ? (given as GivenMetric) : { value: given });
    if (typeof metric !== 'string') return [metric];
    problems.push(metric);
    return [];
  });
}

function tagsOf({ tags = {} }: RegistrationOrder, problems: string[]): Record<string, string> {
  const entries = sortedEntries(tags, 'tags', problems).flatMap(([key, value]): [string, string][] => {
    const problem = tagProblem(key, value);
    if (problem === null) return [[key, String(value)]];
    problems.push(problem);
    return [];
  });
  return Object.fromEntries(entries);
}

/** What is wrong with a tag, in words; null when nothing is. Numbers and truth values are kept as their text. */
export function tagProblem(key: string, value: unknown): string | null {
  if (!isKey(key)) return `tag ${JSON.stringify(key)} is not a key, wanted 1 to ${LONGEST_TAG_KEY} characters`;
  if (!isScalar(value)) return `tag ${key} is not a text of at most ${LONGEST_TEXT} characters`;
  return null;
}

/** What is wrong with a description, in words; null when nothing is. */
export function descriptionProblem(description: unknown): string | null {
  return isText(description) ? null : `description is not a text of at most ${LONGEST_TEXT} characters`;
}

function dependenciesOf({ dependencies = [] }: RegistrationOrder, problems: string[]): Dependency[] {
  if (dependencies.length > MOST_ENTRIES)
    problems.push(`dependencies are ${dependencies.length}, wanted at most ${MOST_ENTRIES}`);
  const byName = new Map<string, Dependency>();
  for (const given of dependencies) {
    const dependency = completeDependency(given);
    if (typeof dependency === 'string') problems.push(dependency);
    else byName.set(`${dependency.kind} ${dependency.target}`, dependency);
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, dependency]) => dependency);
}

/** What only the whole can tell. */
function typeProblems(
  type: ModelType,
  metadata: Readonly<Record<string, MetadataValue>>,
  dependencies: readonly Dependency[],
): string[] {
  const of = (kind: Dependency['kind']): number => dependencies.filter((dependency) => dependency.kind === kind).length;
  if (type === 'pipeline' && of('model') === 0)
    return ['pipeline has no parts, wanted a dependency of kind model for each, NAME@VERSION'];
  if (type !== 'retriever') return [];
  const problems = of('index') === 1 ? [] : [`retriever has ${of('index')} index versions, wanted exactly one`];
  const builtBy = metadata['index_embedding'];
  if (typeof builtBy === 'string' && builtBy !== NO_EMBEDDING && parseVersionName(builtBy) === null)
    problems.push(
      `metadata index_embedding is ${builtBy}, wanted NAME@VERSION, or ${NO_EMBEDDING} for a lexical index`,
    );
  return problems;
}

function sortedEntries(
  given: Readonly<Record<string, unknown>>,
  what: string,
  problems: string[],
): [string, unknown][] {
  const entries = Object.entries(given);
  if (entries.length > MOST_ENTRIES)
    problems.push(`${what} has ${entries.length} entries, wanted at most ${MOST_ENTRIES}`);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function isKey(key: string): boolean {
  return key.length > 0 && key.length <= LONGEST_TAG_KEY && isText(key);
}

function isScalar(value: unknown): value is MetadataValue {
  if (typeof value === 'string') return isText(value);
  if (typeof value === 'number') return Number.isFinite(value) && !(Number.isInteger(value) && Math.abs(value) > EXACT);
  return typeof value === 'boolean';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT && isKeepable(value);
}

/** The registration as JSON: what is kept, compared and hashed. */
export function contentOf(registration: Registration): { readonly [name: string]: Json } {
  const { dependencies, metadata, metrics, tags, ...plain } = registration;
  return {
    ...plain,
    metadata: { ...metadata },
    metrics: metrics.map((metric) => ({ ...metric })),
    tags: { ...tags },
    dependencies: dependencies.map((dependency) => ({ ...dependency })),
  };
}
