import { MlopsError } from '../../domain/errors.ts';
import { parseMoment as parse } from '../moment.ts';

/** A day is its first moment, UTC; a time says its zone. @throws USAGE_INVALID */
export function parseMoment(text: string, option: string): Date {
  const moment = parse(text);
  if (moment !== null) return moment;
  throw new MlopsError('USAGE_INVALID', {
    problem: `${option} is not valid: ${text || 'empty'}, wanted a day, or a time with its zone`,
    hint: `For example ${option} 2026-11-01 or ${option} 2026-11-01T10:00:00Z`,
  });
}
