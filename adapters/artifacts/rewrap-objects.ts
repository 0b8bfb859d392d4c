import type { DataKeys } from '../crypto/envelope.ts';
import type { ObjectPlace } from './object-place.ts';
import { parseRecord, renderRecord, subjectOf } from './object-record.ts';
import { KEY_ORIGIN } from './open-object.ts';

/**
 * Wraps the key of every object that is wrapped under another key than `active` anew; data stays as it is. Goes on where an earlier run
 * stopped. An object whose record cannot be read is left: verifying names it.
 *
 * @returns how many were wrapped anew
 * @throws LEDGER_KEY_UNREADABLE
 */
export async function rewrapObjects(place: ObjectPlace, keys: DataKeys, active: string): Promise<number> {
  let done = 0;
  for await (const digest of place.digests()) {
    const placed = await place.record(digest);
    const record = placed === null ? null : parseRecord(placed.text);
    if (placed === null || record === null || record.wrappingKey === active) continue;
    const { wrapped, wrappingKey } = record;
    const anew = await keys.rewrap({ origin: KEY_ORIGIN, subject: subjectOf(record), wrappingKey, wrapped });
    if (await place.replaceRecord(digest, renderRecord({ ...record, ...anew }), placed.mark)) done += 1;
  }
  return done;
}
