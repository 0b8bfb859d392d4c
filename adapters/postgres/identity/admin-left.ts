import type { PoolClient } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { KEY_PROVIDER } from './keys.ts';

/** Who was erased can sign nothing, nor can whom a provider alone names, though an earlier version has given them a key. */
const SOME_ADMIN = `SELECT principal_id FROM principal_role r JOIN principal_key k USING (principal_id) JOIN principal p USING (principal_id)
  WHERE r.role = 'admin' AND r.revoked_at IS NULL AND k.revoked_at IS NULL AND p.name IS NOT NULL AND p.provider = '${KEY_PROVIDER}'`;

/** Runs under the lock of the log: two who revoke one another at once leave one of them. @throws LAST_ADMIN */
export async function assertAdminLeft(client: PoolClient, name: string): Promise<void> {
  const { rowCount } = await client.query(`${SOME_ADMIN} LIMIT 1`);
  if (rowCount === 0) throw new MlopsError('LAST_ADMIN', { name });
}

/** Somebody is about to be no admin any more. @throws LAST_ADMIN when nobody else is one */
export async function assertOtherAdmin(queries: Pick<PoolClient, 'query'>, principal: string): Promise<void> {
  const { rows } = await queries.query<{ principal_id: string }>(
    `SELECT DISTINCT principal_id FROM (${SOME_ADMIN}) AS admins`,
  );
  const admins = rows.map(({ principal_id: id }) => id);
  if (admins.length === 1 && admins[0] === principal) throw new MlopsError('LAST_ADMIN', { name: principal });
}
