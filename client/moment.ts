import { z } from 'zod';

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;

/** What a moment is written as, in words. */
const WANTED_MOMENT = 'a time like 2026-11-23 or 2026-11-23T10:00:00Z';

/** A day, which is its first moment, or a time with its zone; null for anything else. UTC. */
export function parseMoment(text: string): Date | null {
  const moment = new Date(text);
  return MOMENT.test(text) && isKept(moment) ? moment : null;
}

/** A Date that the database can keep. */
export const DATE = z.date().refine(isKept, { error: `wanted a year from ${FIRST_YEAR} to ${LAST_YEAR}` });

/** The same, also as text. */
export const MOMENT_INPUT = z.union([
  DATE,
  z.string().refine((text) => parseMoment(text) !== null, { error: `wanted ${WANTED_MOMENT}` }),
]);

function isKept(moment: Date): boolean {
  const year = moment.getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR;
}
