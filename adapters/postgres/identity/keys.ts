import type { Pool, PoolClient } from 'pg';
import { query } from '../query.ts';

/** Principals that may act by a key of their own. */
export const KEY_PROVIDER = 'ed25519';

/** A key that is known here, in force or not. */
export interface KnownKey {
  readonly principal: string;
  readonly isInForce: boolean;
  /** Keys that it came in the place of; of one that is revoked, those that went with it. */
  readonly replaced: readonly string[];
}

/** Null for one that nobody has. */
export async function findKey(pool: Pool, keyId: string): Promise<KnownKey | null> {
  const [row] = await query<KnownKey & Record<string, unknown>>(
    pool,
    `SELECT principal_id AS principal, revoked_at IS NULL AS "isInForce",
       ARRAY (SELECT o.key_id FROM principal_key o WHERE o.principal_id = k.principal_id AND o.ledger_sequence = k.ledger_sequence
              AND o.key_id <> k.key_id ORDER BY o.created_at) AS replaced
     FROM principal_key k WHERE key_id = $1`,
    [keyId],
  );
  return row ?? null;
}

/** @param key 32 bytes, base64, and its id */
export async function insertKey(
  client: PoolClient,
  principal: string,
  key: { readonly keyId: string; readonly publicKey: string },
  sequence: number,
): Promise<void> {
  await client.query(
    'INSERT INTO principal_key (key_id, principal_id, public_key, ledger_sequence) VALUES ($1, $2, $3, $4)',
    [key.keyId, principal, Buffer.from(key.publicKey, 'base64'), sequence],
  );
}

/** Revokes what a principal has in force. Returns those. */
export async function revokeKeys(client: PoolClient, principal: string, sequence: number): Promise<string[]> {
  const { rows } = await client.query<{ key_id: string }>(
    `UPDATE principal_key SET revoked_at = now(), ledger_sequence = $2
     WHERE principal_id = $1 AND revoked_at IS NULL RETURNING key_id`,
    [principal, sequence],
  );
  return rows.map(({ key_id }) => key_id);
}
