import { MlopsError } from '../../../domain/errors.ts';
import type { CommandInput } from '../command.ts';

/** A whole number, such as a place in the log; null when the option was not given. @throws USAGE_INVALID */
export function wholeOption(input: CommandInput, name: string): number | null {
  const value = input.options[name];
  return typeof value === 'string' ? parseWhole(value, `--${name}`) : null;
}

/** How many are wanted, from 1 to `most`; null when the option was not given. @throws USAGE_INVALID */
export function limitOption(input: CommandInput, most = Number.MAX_SAFE_INTEGER): number | null {
  const limit = wholeOption(input, 'limit');
  if (limit === null || (limit >= 1 && limit <= most)) return limit;
  throw new MlopsError('USAGE_INVALID', {
    problem: `--limit is not valid: ${limit}, wanted ${most === Number.MAX_SAFE_INTEGER ? 'at least 1' : `1 to ${most}`}`,
    hint: 'Go on from the last line of a page with --after',
  });
}

/** @throws USAGE_INVALID */
export function parseWhole(text: string, what: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new MlopsError('USAGE_INVALID', {
    problem: `${what} is not valid: ${text || 'empty'}, wanted a whole number from 0 on`,
    hint: 'Write digits alone, for example 50',
  });
}
