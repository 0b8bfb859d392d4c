import type { KeyKind } from './page-token.ts';
import { refusal } from './refusal.ts';

/** Something that results are ordered by. */
export type SortKey = 'name' | 'version' | 'created' | 'changed';

/** What the keys are, for tokens that name the end of a page. */
export const KEY_KINDS: Readonly<Record<SortKey, KeyKind>> = {
  name: 'text',
  version: 'ordinal',
  created: 'time',
  changed: 'time',
};

/** One step of an order: the next decides among what is equal in this. */
export interface SortStep {
  readonly key: SortKey;
  readonly descending: boolean;
}

const MODEL_KEYS: Readonly<Record<string, SortKey>> = {
  name: 'name',
  creation_timestamp: 'created',
  timestamp: 'changed',
  last_updated_timestamp: 'changed',
};
const VERSION_KEYS: Readonly<Record<string, SortKey>> = {
  name: 'name',
  version_number: 'version',
  creation_timestamp: 'created',
  last_updated_timestamp: 'changed',
};

/** The order of a search for models, which leaves no two equal. @throws MLFLOW_REFUSED */
export function parseModelOrder(clauses: readonly string[]): SortStep[] {
  return complete(parseOrder(clauses, MODEL_KEYS), [{ key: 'name', descending: false }]);
}

/** The order of a search for versions, which leaves no two equal. @throws MLFLOW_REFUSED */
export function parseVersionOrder(clauses: readonly string[]): SortStep[] {
  const given =
    clauses.length === 0 ? [{ key: 'changed' as const, descending: true }] : parseOrder(clauses, VERSION_KEYS);
  return complete(given, [
    { key: 'name', descending: false },
    { key: 'version', descending: true },
  ]);
}

function parseOrder(clauses: readonly string[], keys: Readonly<Record<string, SortKey>>): SortStep[] {
  const steps = clauses.map((clause): SortStep => {
    const [, text = '', direction = 'asc'] =
      /^\s*(?:attributes?\.)?[`"]?(\w+)[`"]?(?:\s+(asc|desc))?\s*$/i.exec(clause) ?? [];
    const key = Object.hasOwn(keys, text) ? keys[text] : undefined;
    if (key === undefined)
      throw refusal(
        'INVALID_PARAMETER_VALUE',
        `Invalid order_by clause '${clause}'. Valid keys are ${Object.keys(keys).join(', ')}, each with ASC or DESC behind it`,
      );
    return { key, descending: direction.toLowerCase() === 'desc' };
  });
  if (new Set(steps.map(({ key }) => key)).size < steps.length)
    throw refusal('INTERNAL_ERROR', `\`order_by\` contains duplicate fields: ${clauses.join(', ')}`);
  return steps;
}

function complete(steps: readonly SortStep[], last: readonly SortStep[]): SortStep[] {
  return [...steps, ...last.filter(({ key }) => !steps.some((step) => step.key === key))];
}
