import { MlopsError } from '../../domain/errors.ts';

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** A day is its first moment, UTC; a time says its zone. @throws USAGE_INVALID */
export function parseMoment(text: string, option: string): Date {
  const moment = new Date(text);
  if (MOMENT.test(text) && !Number.isNaN(moment.getTime())) return moment;
  throw new MlopsError('USAGE_INVALID', {
    problem: `${option} is not valid: ${text || 'empty'}, wanted a day, or a time with its zone`,
    hint: `For example ${option} 2026-11-01 or ${option} 2026-11-01T10:00:00Z`,
  });
}
