import type { z } from 'zod';
import { ownValue } from '../domain/own-value.ts';
import { describeIssue, flattenIssue } from './describe-issue.ts';
import { nearest } from './environment.ts';
import { knownKeys } from './known-keys.ts';
import { isRecord, mergeValues, type Layer } from './layers.ts';
import { whereIs } from './where.ts';

/** A section after checking. */
export interface CheckedSection<T> {
  /** Complete; what was wrong is replaced by its default, or left out, so that the rest can be checked too. */
  readonly value: T;
  readonly problems: readonly string[];
  /** Whether what the files say at a path is in `value`. */
  readonly isUsable: (path: string) => boolean;
}

/** Checks what the layers of a section come to, and finds every problem at once. The first layer holds the defaults. */
export function checkSection<Schema extends z.ZodType>(
  schema: Schema,
  layers: readonly Layer[],
): CheckedSection<z.infer<Schema>> {
  const merged = layers.reduce<unknown>((value, layer) => mergeValues(value, layer.value), {});
  const result = schema.safeParse(merged);
  const issues = result.success ? [] : result.error.issues.flatMap((issue) => flattenIssue(issue, merged));
  const telling = {
    place: (path: string) => `${whereIs(path, layers)}: `,
    show: (value: unknown) => JSON.stringify(value),
  };
  const broken = issues.flatMap((issue) => brokenPaths(schema, issue)).map((path) => path.join('.'));
  return {
    value: result.success ? result.data : repair(schema, merged, layers[0]?.value ?? {}),
    problems: issues.flatMap((issue) => describeIssue(issue, merged, schema, telling)),
    isUsable: (path) => !broken.some((bad) => isWithin(path, bad) || isWithin(bad, path)),
  };
}

/** What cannot be relied on: the setting itself, or the one that an unknown key was probably meant to be. */
function brokenPaths(schema: z.ZodType, issue: z.core.$ZodIssue): string[][] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [path];
  const known = knownKeys(schema, path);
  return known.length === 0 ? [] : issue.keys.map((key) => [...path, nearest(key, known)]);
}

function isWithin(path: string, around: string): boolean {
  return around === '' || path === around || path.startsWith(`${around}.`);
}

/** Takes out what is wrong, then more around it until the rest is valid; the defaults alone are. */
function repair<Schema extends z.ZodType>(schema: Schema, merged: unknown, defaults: unknown): z.infer<Schema> {
  let value = merged;
  for (let around = 0; ; around += 1) {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const path = issue.path.slice(0, Math.max(0, issue.path.length - around)).map(String);
      const keys = issue.code === 'unrecognized_keys' && around === 0 ? issue.keys : [];
      if (keys.length === 0) value = withoutPart(value, defaults, path);
      for (const key of keys) value = withoutPart(value, defaults, [...path, key]);
    }
  }
}

/** The value with the default at a path, or without it where there is none; a list is replaced as a whole. */
function withoutPart(value: unknown, standard: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined || !isRecord(value)) return standard;
  const inner = withoutPart(ownValue(value, key), isRecord(standard) ? ownValue(standard, key) : undefined, rest);
  const others = Object.entries(value).filter(([name]) => name !== key);
  return Object.fromEntries(inner === undefined ? others : [...others, [key, inner]]);
}
