import type { Pool } from 'pg';
import { isMlopsError, type MlopsError } from '../../../domain/errors.ts';
import type { DataKeys } from '../../crypto/envelope.ts';
import { query } from '../query.ts';

const AT_ONCE = 200;

interface Row {
  readonly key_id: string;
  readonly subject: string;
  readonly wrapping_key: string;
  readonly wrapped: Buffer;
}

/**
 * Wraps every key that is wrapped under another key than `active` anew. Payloads stay as they are. Goes on where an earlier run
 * stopped; a key that is destroyed meanwhile stays destroyed, and one that cannot be opened is said when all others are done. A service may have put yet another key to use meanwhile, by a schedule of
 * its own: `say` writes down that keys are wrapped under it, before the first is.
 *
 * @returns how many were wrapped anew
 * @throws LEDGER_KEY_UNREADABLE
 */
export async function rewrapKeys(
  pool: Pool,
  keys: DataKeys,
  place: { readonly origin: string; readonly active: string; readonly say: (key: string) => Promise<void> },
): Promise<number> {
  const { active, origin, say } = place;
  const said = new Set([active]);
  const unreadable: MlopsError[] = [];
  let done = 0;
  // Each is met once, whatever becomes of it: another rotation may be putting yet another key to use.
  for (let last = '0'; ;) {
    const rows = await query<Row>(
      pool,
      `SELECT key_id, subject, wrapping_key, wrapped FROM ledger_key
       WHERE wrapped IS NOT NULL AND wrapping_key <> $1 AND key_id > $2 ORDER BY key_id LIMIT ${AT_ONCE}`,
      [active, last],
    );
    last = rows.at(-1)?.key_id ?? last;
    if (rows.length === 0) break;
    for (const { key_id, subject, wrapped, wrapping_key: wrappingKey } of rows) {
      const anew = await keys.rewrap({ origin, subject, wrappingKey, wrapped }).catch((error: unknown) => {
        if (!isMlopsError(error, 'LEDGER_KEY_UNREADABLE')) throw error;
        unreadable.push(error);
        return null;
      });
      if (anew === null) continue;
      // Yet another rotation has it under its key already.
      if (anew.wrappingKey === wrappingKey) continue;
      if (!said.has(anew.wrappingKey)) await say(anew.wrappingKey);
      said.add(anew.wrappingKey);
      await query(
        pool,
        `UPDATE ledger_key SET wrapping_key = $2, wrapped = $3
         WHERE key_id = $1 AND wrapping_key = $4 AND destroyed_at IS NULL`,
        [key_id, anew.wrappingKey, anew.wrapped, wrappingKey],
      );
      done += 1;
    }
  }
  if (unreadable[0] !== undefined) throw unreadable[0];
  return done;
}
