import { z } from 'zod';

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;
const DAY_LENGTH = 'YYYY-MM-DD'.length;

/** What a moment is written as, in words. */
const WANTED_MOMENT = 'a time like 2026-11-23 or 2026-11-23T10:00:00Z';

/** A day, which is its first moment, or a time with its zone; null for anything else. UTC. */
export function parseMoment(text: string): Date | null {
  const moment = new Date(text);
  return MOMENT.test(text) && isKept(moment) && isDay(text.slice(0, DAY_LENGTH)) ? moment : null;
}

/** `Date` takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  return new Date(day).toISOString().startsWith(day);
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
