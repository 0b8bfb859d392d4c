import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import type { DatabaseRole } from '../../../domain/governance/database-grants.ts';
import { query } from '../query.ts';

const ADMIN: DatabaseRole = 'mlops_admin';

/**
 * Looks whether this connection may write what admins write, before anything is done: it goes on as `mlops_admin`, or as the owner. Legal
 * holds are written by nobody else.
 *
 * @throws DATABASE_ROLE_MISSING
 */
export async function requireAdminRole(pool: Pool, action: string): Promise<void> {
  const { login, may } = await askForAdminRole(pool);
  if (!may) throw new MlopsError('DATABASE_ROLE_MISSING', { action, role: ADMIN, login });
}

/** As whom this connection came, and whether it may write what admins write. */
export async function askForAdminRole(pool: Pool): Promise<{ readonly login: string; readonly may: boolean }> {
  const [row] = await query<{ login: string; may: boolean }>(
    pool,
    `SELECT session_user AS login, has_table_privilege('public.legal_hold', 'INSERT') AS may`,
  );
  return { login: row?.login ?? '', may: row?.may === true };
}
