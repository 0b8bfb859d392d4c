import type { Pool } from 'pg';
import type { DataKeys } from '../../../crypto/envelope.ts';
import { originOf } from '../../ledger/open-ledger.ts';
import { query } from '../../query.ts';

/** A secret as it is stored: nobody reads it without the wrapping key, nor as the secret of another hook. */
export interface StoredSecret {
  readonly secret_key: string | null;
  readonly secret: Buffer | null;
}

const NONE: StoredSecret = { secret_key: null, secret: null };

/** Encrypts a secret for its hook; '' is none. */
export async function sealSecret(pool: Pool, keys: DataKeys, id: string, secret: string): Promise<StoredSecret> {
  if (secret === '') return NONE;
  const sealed = await keys.wrap({ origin: await originOf(pool), subject: id, key: Buffer.from(secret) });
  return { secret_key: sealed.wrappingKey, secret: sealed.wrapped };
}

/** Null when there is none. @throws LEDGER_KEY_UNREADABLE, KEY_SERVICE_UNREACHABLE */
export async function openSecret(pool: Pool, keys: DataKeys, id: string, stored: StoredSecret): Promise<string | null> {
  const { secret, secret_key: wrappingKey } = stored;
  if (secret === null || wrappingKey === null) return null;
  const opened = await keys.unwrap({ origin: await originOf(pool), subject: id, wrappingKey, wrapped: secret });
  return opened.toString('utf8');
}

/**
 * Encrypts every secret that another key than `active` holds anew; a deleted hook has none left.
 *
 * @returns how many
 * @throws LEDGER_KEY_UNREADABLE
 */
export async function rewrapSecrets(
  pool: Pool,
  keys: DataKeys,
  { active, origin }: { readonly origin: string; readonly active: string },
): Promise<number> {
  const rows = await query<{ webhook_id: string; secret_key: string; secret: Buffer }>(
    pool,
    'SELECT webhook_id, secret_key, secret FROM webhook WHERE secret IS NOT NULL AND secret_key <> $1',
    [active],
  );
  for (const { secret, secret_key: wrappingKey, webhook_id: subject } of rows) {
    const anew = await keys.rewrap({ origin, subject, wrappingKey, wrapped: secret });
    // A secret that was changed meanwhile is under the new key already.
    await query(
      pool,
      'UPDATE webhook SET secret_key = $2, secret = $3 WHERE webhook_id = $1 AND secret = $4 AND deleted_at IS NULL',
      [subject, anew.wrappingKey, anew.wrapped, secret],
    );
  }
  return rows.length;
}
