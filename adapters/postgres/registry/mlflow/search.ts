import { PROMPT_TAG, type Condition } from '../../../../domain/registry/mlflow/filter.ts';
import { VERSION_TAG } from '../../../../domain/registry/mlflow/new-version.ts';
import type { SortKey, SortStep } from '../../../../domain/registry/mlflow/order.ts';
import type { PageEnd } from '../../../../domain/registry/mlflow/page-token.ts';
import type { MlflowModel, MlflowVersion } from '../../../../domain/registry/mlflow/shapes.ts';
import { run } from '../versions.ts';
import { MODEL_COLUMNS, withLatest, type MlflowModelRow } from './model-rows.ts';
import type { MlflowParts } from './parts.ts';
import { MLFLOW_VERSION_COLUMNS, mlflowVersionOf, STAGE_JOIN, type MlflowVersionRow } from './version-rows.ts';

/** What is searched for. */
export interface Search {
  readonly conditions: readonly Condition[];
  /** The last step leaves no two equal. */
  readonly order: readonly SortStep[];
  /** The end of the page before; null for the first page. */
  readonly after: PageEnd | null;
  readonly limit: number;
}

/** One page; `end` is null on the last one. */
export interface Found<T> {
  readonly found: readonly T[];
  readonly end: PageEnd | null;
}

const MODEL_KEYS: Readonly<Partial<Record<SortKey, string>>> = {
  name: 'm.name COLLATE "C"',
  created: 'm.created_at',
  changed: 'm.changed_at',
};
const VERSION_KEYS: Readonly<Record<SortKey, string>> = {
  name: 'm.name COLLATE "C"',
  version: 'v.ordinal',
  created: 'v.registered_at',
  changed: 'v.changed_at',
};
const MODEL_ATTRIBUTES = { name: 'm.name' };
const VERSION_ATTRIBUTES = {
  name: 'm.name',
  version_number: 'v.ordinal',
  run_id: 'v.run_id',
  source_path: 'v.source',
};

/** Models that a filter lets through. @throws DATABASE_UNREACHABLE */
export async function searchModels(
  { environment, pool }: Pick<MlflowParts, 'environment' | 'pool'>,
  search: Search,
): Promise<Found<MlflowModel>> {
  const values: unknown[] = [environment];
  const where = [
    'm.retired_at IS NULL',
    ...conditionsOf(search.conditions, { attributes: MODEL_ATTRIBUTES, tags: 'm.tags', values }),
    ...goOn(search, MODEL_KEYS, values),
  ];
  const rows = await run<MlflowModelRow>(
    pool,
    `SELECT ${MODEL_COLUMNS} FROM model m WHERE ${where.join(' AND ')}
     ORDER BY ${orderOf(search.order, MODEL_KEYS)} LIMIT ${search.limit + 1}`,
    values,
  );
  const { end, page } = pageOf(rows, search, (row, key) => {
    if (key === 'name') return row.name;
    return (key === 'created' ? row.created_at : row.changed_at).getTime();
  });
  return { found: await withLatest(pool, environment, page), end };
}

/** Versions that a filter lets through, none that was deleted. @throws DATABASE_UNREACHABLE */
export async function searchVersions(
  { environment, pool }: Pick<MlflowParts, 'environment' | 'pool'>,
  search: Search,
): Promise<Found<MlflowVersion>> {
  const values: unknown[] = [environment];
  const where = [
    'm.retired_at IS NULL AND v.deleted_at IS NULL',
    ...conditionsOf(search.conditions, { attributes: VERSION_ATTRIBUTES, tags: 'v.tags', values }),
    ...goOn(search, VERSION_KEYS, values),
  ];
  const order = orderOf(search.order, VERSION_KEYS);
  const rows = await run<MlflowVersionRow>(
    pool,
    // Everything else is looked up for the few of the page.
    `SELECT ${MLFLOW_VERSION_COLUMNS} FROM (
       SELECT v.version_id FROM model_version v JOIN model m USING (model_id)
       WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${search.limit + 1}
     ) AS page JOIN model_version v USING (version_id) JOIN model m USING (model_id) ${STAGE_JOIN} ORDER BY ${order}`,
    values,
  );
  const { end, page } = pageOf(rows, search, (row, key) => {
    if (key === 'name') return row.content.model;
    if (key === 'version') return row.ordinal;
    return (key === 'created' ? row.registered_at : row.changed_at).getTime();
  });
  return { found: page.map(mlflowVersionOf), end };
}

interface Target {
  readonly attributes: Readonly<Record<string, string>>;
  /** The column of tags. */
  readonly tags: string;
  /** Values of the statement, which grow. */
  readonly values: unknown[];
}

function conditionsOf(conditions: readonly Condition[], target: Target): string[] {
  const { tags, values } = target;
  const prompts = conditions.filter(({ isTag, key }) => isTag && key === PROMPT_TAG);
  const others = conditions.filter((condition) => !prompts.includes(condition));
  const asksForPrompts = prompts.some(({ comparator, value }) =>
    comparator === '=' ? value === 'true' : comparator === '!=' && value === 'false',
  );
  const isPrompt = `${tags} @> ${bind(values, JSON.stringify({ [PROMPT_TAG]: 'true' }))}::jsonb`;
  return [
    ...others.map((condition) => conditionOf(condition, target)),
    // What has no such tag is no prompt.
    asksForPrompts ? isPrompt : `NOT ${isPrompt}`,
  ];
}

function conditionOf({ comparator, isTag, key, value }: Condition, { attributes, tags, values }: Target): string {
  // An index knows which rows have a tag with a value.
  if (isTag && comparator === '=' && key !== VERSION_TAG)
    return `${tags} @> ${bind(values, JSON.stringify({ [key]: value }))}::jsonb`;
  const subject = isTag ? tagOf(key, tags, values) : (attributes[key] ?? 'NULL');
  if (comparator === 'IN') return `${subject} = ANY (${bind(values, value)})`;
  if (comparator === 'NOT IN') return `${subject} <> ALL (${bind(values, value)})`;
  // A backslash is one like any other character, as it is for MLflow.
  if (comparator === 'LIKE' || comparator === 'ILIKE')
    return `${subject} ${comparator} ${bind(values, value)} ESCAPE ''`;
  return `${subject} ${comparator === '!=' ? '<>' : comparator} ${bind(values, value)}`;
}

/** Every version has a semantic one, whether its tag says so or not. */
function tagOf(key: string, tags: string, values: unknown[]): string {
  return key === VERSION_TAG && tags === 'v.tags' ? 'v.version' : `(${tags} ->> ${bind(values, key)}::text)`;
}

/** What comes behind the last entry of the page before: later in the first key, or equal in it and later in the next. */
function goOn({ after, order }: Search, keys: Readonly<Partial<Record<SortKey, string>>>, values: unknown[]): string[] {
  if (after === null) return [];
  const steps = order.map(({ descending, key }, at) => {
    const end = after[at] ?? '';
    const bound = bind(values, key === 'created' || key === 'changed' ? new Date(Number(end)).toISOString() : end);
    return { column: keys[key] ?? '', bound, comparator: descending ? '<' : '>' };
  });
  const [first] = steps;
  const later = steps.map(({ bound, column, comparator }, at) => {
    const equal = steps.slice(0, at).map((step) => `${step.column} = ${step.bound}`);
    return `(${[...equal, `${column} ${comparator} ${bound}`].join(' AND ')})`;
  });
  // The first part alone is what an index can be asked.
  return first === undefined ? [] : [`${first.column} ${first.comparator}= ${first.bound}`, `(${later.join(' OR ')})`];
}

function orderOf(order: readonly SortStep[], keys: Readonly<Partial<Record<SortKey, string>>>): string {
  return order.map(({ descending, key }) => `${keys[key] ?? ''} ${descending ? 'DESC' : 'ASC'}`).join(', ');
}

/** One row more than a page has was asked for: it tells whether there is another page. */
function pageOf<Row>(
  rows: readonly Row[],
  { limit, order }: Search,
  valueOf: (row: Row, key: SortKey) => string | number,
): { readonly page: readonly Row[]; readonly end: PageEnd | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isLast = rows.length <= limit || last === undefined;
  return { page, end: isLast ? null : order.map(({ key }) => valueOf(last, key)) };
}

/** Adds a value to a statement, and returns its place in it. */
function bind(values: unknown[], value: unknown): string {
  return `$${values.push(value)}`;
}
