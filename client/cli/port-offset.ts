import { MOST_PORT_OFFSET } from '../../config/defaults.ts';
import { MlopsError } from '../../domain/errors.ts';

/** What --port-offset was given. @throws USAGE_INVALID */
export function parsePortOffset(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= MOST_PORT_OFFSET) return Number(text);
  throw new MlopsError('USAGE_INVALID', {
    problem: `Option --port-offset is not valid: ${text === '' ? 'empty' : text}, wanted a whole number from 0 to ${MOST_PORT_OFFSET} (the largest port is 65535)`,
    hint: 'For example --port-offset 100',
  });
}
