import type { z } from 'zod';
import { ownValue } from '../domain/own-value.ts';
import { nearest } from './environment.ts';
import { isRecord, type Layer } from './layers.ts';

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
};
/** Shapes of what may be written in several ways. */
const SHAPES: Readonly<Record<string, string>> = {
  steps:
    'one of { weight: 25 }, { shadow: 10 }, { header_only: true }, { pause: 10 }, { pause: manual }, { bake: 15 }; docs/reference/configuration.md has their other keys',
  events: 'all, or a list of event names',
};

/**
 * What is wrong with a setting: where it stands, its value, what is wanted; for an unknown key the nearest known one.
 *
 * @param defaults of the file the setting is in: its keys are those that are known
 */
export function describeIssue(issue: Issue, merged: unknown, defaults: unknown, layers: readonly Layer[]): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(valueAt(defaults, path) ?? {});
    return issue.keys.map((key) => {
      const full = [...path, key].join('.');
      return `${whereIs(full, layers)}: unknown key ${full}${known.length === 0 ? '' : `; the nearest is ${nearest(key, known)}`}`;
    });
  }
  const full = path.join('.');
  if (issue.code === 'invalid_key')
    return [`${whereIs(full, layers)}: ${full}: a name, wanted ${wantedOf(issue.issues[0] ?? issue)}`];
  return [`${whereIs(full, layers)}: ${full}: ${JSON.stringify(valueAt(merged, path))}, wanted ${wantedOf(issue)}`];
}

function wantedOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return ownValue(TYPES, issue.expected) ?? issue.expected;
    case 'too_small':
      return `${unitOf(issue.origin)} ${issue.inclusive === false ? 'above' : 'of at least'} ${issue.minimum}`;
    case 'too_big':
      return `${unitOf(issue.origin)} ${issue.inclusive === false ? 'below' : 'of at most'} ${issue.maximum}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
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

/** What a bound is one of. */
function unitOf(origin: string): string {
  if (origin === 'array') return 'a list with a length';
  return origin === 'string' ? 'text with a length' : 'a number';
}

function whereIs(path: string, layers: readonly Layer[]): string {
  const layer =
    layers.findLast(({ lines }) => lines.has(path)) ??
    layers.findLast(({ lines }) => [...lines.keys()].some((key) => path.startsWith(`${key}.`)));
  return layer === undefined ? 'configuration' : `${layer.name}:${layer.lines.get(path) ?? 1}`;
}

function valueAt(value: unknown, path: readonly string[]): Record<string, unknown> | undefined {
  let found: unknown = value;
  for (const key of path)
    found = isRecord(found) || Array.isArray(found) ? ownValue(found as Record<string, unknown>, key) : undefined;
  return found as Record<string, unknown> | undefined;
}
