import { z } from 'zod';
import { checkInput } from '../config/check-input.ts';
import { MlopsError } from '../domain/errors.ts';
import { isKeepable } from '../domain/keepable-text.ts';
import { MODEL_NAME, WANTED_MODEL_NAME } from '../domain/model-name.ts';

/**
 * Checks what a program was given against the one shape that it takes, as a whole.
 *
 * @param call what was called, for people: `registry.lineage`
 * @throws USAGE_INVALID with everything that is wrong; an unknown key is wrong too
 */
export function parseInput<Schema extends z.ZodType>(call: string, schema: Schema, given: unknown): z.output<Schema> {
  const checked = checkInput(schema, withoutUndefined(given));
  if ('value' in checked) return checked.value;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Input of ${call} is not valid: ${checked.problems}`,
    hint: `See ${call} in docs/reference/typescript-api.md`,
  });
}

const LONGEST_TEXT = 100_000;

/** Text that can be kept: evidence cannot hold half of a surrogate pair, and the database no NUL. */
export const TEXT = z.string().max(LONGEST_TEXT).refine(isKeepable, {
  error: 'wanted text without NUL and without halves of surrogate pairs',
});

/** A name of something: never empty. */
export const NAME = TEXT.min(1);

export const MODEL = z.string().regex(MODEL_NAME, { error: WANTED_MODEL_NAME });

/** Entries of one page. */
export const LIMIT = z.int().min(1).max(1000);

/** A place in the ledger, or a count. */
export const WHOLE = z.int().min(0);

/** A key without a value is not there. */
function withoutUndefined(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Object.getPrototypeOf(given) !== Object.prototype) return given;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
