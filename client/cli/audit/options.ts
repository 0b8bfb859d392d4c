import { MlopsError } from '../../../domain/errors.ts';
import type { CommandInput } from '../command.ts';

/** A sequence of the ledger, or null when the option was not given. @throws USAGE_INVALID */
export function sequenceOption(input: CommandInput, name: string): number | null {
  const value = input.options[name];
  return typeof value === 'string' ? parseSequence(value, `--${name}`) : null;
}

/** @throws USAGE_INVALID */
export function parseSequence(text: string, what: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new MlopsError('USAGE_INVALID', {
    problem: `${what} is not valid: ${text || 'empty'}, wanted the sequence of an event, a whole number from 0 on`,
    hint: 'List events with `mlops audit query`',
  });
}
