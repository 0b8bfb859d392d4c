import type { z } from 'zod';
import { isRecord } from './layers.ts';

/** Parts that are given up together: a setting with its section, then the section. */
const DEPTHS = [2, 1];

/**
 * What of a file is valid, the defaults in place of the rest: for commands that must go on when a key is wrong.
 *
 * @param defaults must be valid
 */
export function salvage<Schema extends z.ZodType>(schema: Schema, given: unknown, defaults: unknown): z.infer<Schema> {
  const kept: unknown = structuredClone(given);
  for (const depth of DEPTHS) {
    const result = schema.safeParse(kept);
    if (result.success) return result.data;
    for (const path of result.error.issues.flatMap(pathsOf)) reset(kept, defaults, path.slice(0, depth));
  }
  const result = schema.safeParse(kept);
  return result.success ? result.data : schema.parse(defaults);
}

function pathsOf(issue: z.core.$ZodIssue): string[][] {
  const path = issue.path.map(String);
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

function reset(kept: unknown, defaults: unknown, [key, ...rest]: readonly string[]): void {
  if (key === undefined || !isRecord(kept)) return;
  const known = isRecord(defaults) ? defaults[key] : undefined;
  if (rest.length > 0 && isRecord(kept[key])) reset(kept[key], known, rest);
  else if (known === undefined) delete kept[key];
  else kept[key] = structuredClone(known);
}
