import { refusal } from './refusal.ts';

/** The last entry of a page, by the keys it is ordered by. */
export type PageEnd = readonly (string | number)[];

/**
 * A token that names the entry after which the next page begins, so that what is written meanwhile neither repeats entries nor
 * skips any. `query` is all that was asked for: the token is good for that alone.
 */
export function pageTokenOf(end: PageEnd, query: string): string {
  return btoa(JSON.stringify([checksumOf(query), ...end]));
}

/** What a key of an entry is: a name, the number of a version, milliseconds since 1970. */
export type KeyKind = 'text' | 'ordinal' | 'time';

/**
 * @param kinds of the keys that results are ordered by
 * @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE) for a token of another query, or none of ours
 */
export function parsePageToken(token: string, query: string, kinds: readonly KeyKind[]): PageEnd | null {
  if (token === '') return null;
  const [checksum, ...end] = read(token);
  if (checksum === checksumOf(query) && isEnd(end, kinds)) return end;
  throw refusal(
    'INVALID_PARAMETER_VALUE',
    'Invalid page token: it belongs to a search with another filter or order_by, or was not given out here',
  );
}

/** Whoever writes a token of their own gets no further than here: the database is asked only for what it can compare with. */
function isEnd(end: readonly unknown[], kinds: readonly KeyKind[]): end is PageEnd {
  return end.length === kinds.length && end.every((value, at) => IS_KEY[kinds[at] ?? 'text'](value));
}

const MOST_ORDINAL = 2_147_483_647;
/** The end of the year 9999. */
const LAST_TIME = 253_402_300_799_999;
const isUpTo = (value: unknown, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;

const IS_KEY: Readonly<Record<KeyKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000'),
  ordinal: (value) => isUpTo(value, MOST_ORDINAL),
  time: (value) => isUpTo(value, LAST_TIME),
};

function read(token: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(atob(token));
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** FNV-1a of 32 bits: it tells mistakes, and protects nothing. */
function checksumOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
