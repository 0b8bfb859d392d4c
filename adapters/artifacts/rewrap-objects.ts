import { isMlopsError } from '../../domain/errors.ts';
import type { DataKeys } from '../crypto/envelope.ts';
import type { ObjectPlace } from './object-place.ts';
import { parseRecord, renderRecord, subjectOf } from './object-record.ts';
import { KEY_ORIGIN } from './open-object.ts';

/**
 * Wraps the key of every object that is wrapped under another key than `active` anew; data stays as it is. Goes on where an earlier run
 * stopped. An object whose record cannot be read is left: verifying names it.
 *
 * @returns how many were wrapped anew
 * @throws LEDGER_KEY_UNREADABLE of the first whose key does not open, when all others are done
 */
export async function rewrapObjects(place: ObjectPlace, keys: DataKeys, active: string): Promise<number> {
  let done = 0;
  let unreadable: unknown = null;
  for await (const digest of place.digests()) {
    try {
      if (await rewrapObject(place, keys, { digest, active })) done += 1;
    } catch (error) {
      if (!isMlopsError(error, 'LEDGER_KEY_UNREADABLE')) throw error;
      unreadable ??= error;
    }
  }
  if (unreadable !== null) throw unreadable;
  return done;
}

async function rewrapObject(
  place: ObjectPlace,
  keys: DataKeys,
  { digest, active }: { readonly digest: string; readonly active: string },
): Promise<boolean> {
  const placed = await place.record(digest);
  const record = placed === null ? null : parseRecord(placed.text);
  if (placed === null || record === null || record.wrappingKey === active) return false;
  const { wrapped, wrappingKey } = record;
  const anew = await keys.rewrap({ origin: KEY_ORIGIN, subject: subjectOf(record), wrappingKey, wrapped });
  return await place.replaceRecord(digest, renderRecord({ ...record, ...anew }), placed.mark);
}
