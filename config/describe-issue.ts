import type { z } from 'zod';
import { ownValue } from '../domain/own-value.ts';
import { nearest } from './environment.ts';
import { knownKeys } from './known-keys.ts';
import { isRecord } from './layers.ts';

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  string: 'text',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  null: 'null',
  date: 'a Date with a time',
};
/** Shapes of what may be written in several ways. */
const SHAPES: Readonly<Record<string, string>> = {
  steps:
    'one of { weight: 25 }, { shadow: 10 }, { header_only: true }, { pause: 10 }, { pause: manual }, { bake: 15 }; their other keys: docs/reference/configuration.md, canary.steps[]',
  events: 'all, or a list of event names',
  pause: 'minutes, or manual',
  noise: 'a name, or an assumption in full',
};

/** How a problem is told to who has to mend it. */
export interface Telling {
  /** Where a value stands, before what is wrong with it. */
  readonly place: (path: string) => string;
  readonly show: (value: unknown) => string;
}

/** What is wrong with a value: where it stands, what it is, what is wanted; for an unknown key the nearest known one. */
export function describeIssue(issue: Issue, whole: unknown, schema: z.ZodType, { place, show }: Telling): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => {
      const full = [...path, key].join('.');
      return `${place(full)}unknown key ${full}${known.length === 0 ? '' : `; the nearest is ${nearest(key, known)}`}`;
    });
  }
  const full = path.join('.');
  if (issue.code === 'invalid_key')
    return [`${place(full)}${full}: a name, wanted ${wantedOf(issue.issues[0] ?? issue, '')}`];
  const value = valueAt(whole, path);
  const shown = value === undefined ? 'missing' : show(value);
  return [`${place(full)}${full === '' ? '' : `${full}: `}${shown}, wanted ${wantedOf(issue, value)}`];
}

/**
 * What is wrong inside a value that may be written in several ways, when it can only be meant as one of them: as the one
 * of its type, or the one whose keys it has.
 */
export function flattenIssue(issue: Issue, merged: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const value = valueAt(merged, issue.path.map(String));
  const ofType = issue.errors.filter(
    (inner) => !inner.some(({ path, code }) => path.length === 0 && code !== 'unrecognized_keys'),
  );
  const complete = ofType.filter((inner) => !inner.some(({ path }) => path.length === 1 && isMissing(value, path[0])));
  const meant = ofType.length === 1 ? ofType[0] : complete.length === 1 ? complete[0] : undefined;
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => flattenIssue({ ...inner, path: [...issue.path, ...inner.path] }, merged));
}

function isMissing(value: unknown, key: PropertyKey | undefined): boolean {
  return isRecord(value) && !Object.hasOwn(value, key ?? '');
}

function wantedOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return ownValue(TYPES, issue.expected) ?? issue.expected;
    case 'too_small':
      return `${unitOf(issue.origin)} ${issue.inclusive === false ? 'above' : 'of at least'} ${issue.minimum}`;
    case 'too_big':
      return `${unitOf(issue.origin)} ${issue.inclusive === false ? 'below' : 'of at most'} ${issue.maximum}`;
    case 'invalid_value':
      return oneOf(issue.values.map(String), value);
    case 'invalid_format':
      if (issue.format === 'regex') break;
      return issue.format === 'url' ? 'a URL, for example http://127.0.0.1:9101' : `a valid ${issue.format}`;
    case 'invalid_union':
      return ownValue(SHAPES, String(issue.path.findLast((part) => typeof part === 'string'))) ?? 'another value';
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      break;
  }
  // Rules of ours have words of ours.
  return issue.message.replace(/^wanted /, '');
}

function oneOf(known: readonly string[], value: unknown): string {
  const hint = typeof value === 'string' && known.length > 2 ? `; the nearest is ${nearest(value, known)}` : '';
  return `one of ${known.join(', ')}${hint}`;
}

/** What a bound is one of. */
function unitOf(origin: string): string {
  if (origin === 'array') return 'a list with a length';
  return origin === 'string' ? 'text with a length' : 'a number';
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found: unknown = value;
  for (const key of path)
    found = isRecord(found) || Array.isArray(found) ? ownValue(found as Record<string, unknown>, key) : undefined;
  return found;
}
