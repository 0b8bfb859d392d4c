import { MlopsError } from '../../../domain/errors.ts';
import type { CommandInput } from '../command.ts';

/** A whole number, such as a place in the log; null when the option was not given. @throws USAGE_INVALID */
export function wholeOption(input: CommandInput, name: string): number | null {
  const value = input.options[name];
  return typeof value === 'string' ? parseWhole(value, `--${name}`) : null;
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
