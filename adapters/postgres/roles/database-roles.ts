import type { Client } from 'pg';
import { DATABASE_ROLE_NAMES } from '../../../domain/governance/database-grants.ts';
import { digestOf } from '../../crypto/digest-of.ts';
import { grantStatements } from './grant-statements.ts';

const EXISTS_ALREADY = new Set(['42710', '23505']);

/**
 * Makes the roles that are missing, and lets the login that makes them become each. Roles belong to a server: those of another
 * database on it are the same, and have their grants there.
 *
 * @throws what PostgreSQL says to a login that may make no roles
 */
export async function makeRoles(client: Client): Promise<string[]> {
  const missing = await missingRoles(client);
  for (const role of missing)
    await client.query(`CREATE ROLE ${role} NOLOGIN`).catch((error: unknown) => {
      if (!EXISTS_ALREADY.has(String((error as { code?: unknown }).code))) throw error;
    });
  if (missing.length > 0) await client.query(`GRANT ${DATABASE_ROLE_NAMES.join(', ')} TO CURRENT_USER`);
  return missing;
}

/** Roles that the server does not have. */
export async function missingRoles(client: Pick<Client, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [
    DATABASE_ROLE_NAMES,
  ]);
  return DATABASE_ROLE_NAMES.filter((role) => rows.every(({ rolname }) => rolname !== role));
}

/** Gives the roles what the program says, when they are there and what they have is of another program. */
export async function refreshGrants(client: Client): Promise<boolean> {
  if ((await missingRoles(client)).length > 0) return false;
  const digest = digestOfGrants();
  if ((await grantedDigest(client)) === digest) return false;
  await client.query('BEGIN');
  try {
    for (const statement of grantStatements()) await client.query(statement);
    await client.query(
      `INSERT INTO database_grants (digest) VALUES ($1)
       ON CONFLICT (only_one) DO UPDATE SET digest = EXCLUDED.digest, granted_at = clock_timestamp()`,
      [digest],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  return true;
}

/** Of the grants that the roles have; null for none. */
export async function grantedDigest(client: Pick<Client, 'query'>): Promise<string | null> {
  const { rows } = await client.query<{ digest: string }>('SELECT digest FROM database_grants');
  return rows[0]?.digest ?? null;
}

export function digestOfGrants(): string {
  return digestOf(grantStatements());
}
