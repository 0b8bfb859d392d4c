import type { Pool } from 'pg';
import type { IdentityDirectory } from '../../../activities/approval-ports.ts';
import { query } from '../query.ts';

/**
 * Looks principals up with the roles that they hold now. Users of the operating system who were never granted a role have those of
 * `developmentRoles`, which are none where everything is signed.
 */
export function createIdentityDirectory(pool: Pool, developmentRoles: readonly string[]): IdentityDirectory {
  return {
    async principal(id) {
      const [row] = await query<{ kind: string; provider: string; ever: boolean; roles: string[] }>(
        pool,
        `SELECT p.kind, p.provider, EXISTS (SELECT FROM principal_role r WHERE r.principal_id = p.principal_id) AS ever,
           ARRAY (SELECT role FROM principal_role r WHERE r.principal_id = p.principal_id AND r.revoked_at IS NULL ORDER BY role) AS roles
         FROM principal p WHERE p.principal_id = $1 AND p.name IS NOT NULL`,
        [id],
      );
      if (row === undefined || (row.kind !== 'human' && row.kind !== 'service')) return null;
      const isUnknownUser = !row.ever && row.provider === 'operating-system';
      return { id, kind: row.kind, roles: isUnknownUser ? developmentRoles : row.roles };
    },
  };
}
