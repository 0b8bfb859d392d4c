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

/** @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE) for a token of another query, or none of ours */
export function parsePageToken(token: string, query: string, length: number): PageEnd | null {
  if (token === '') return null;
  const [checksum, ...end] = read(token);
  const isFine =
    end.length === length &&
    end.every((value): value is string | number => ['string', 'number'].includes(typeof value));
  if (checksum === checksumOf(query) && isFine) return end;
  throw refusal(
    'INVALID_PARAMETER_VALUE',
    'Invalid page token: it belongs to a search with another filter or order_by, or was not given out here',
  );
}

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
