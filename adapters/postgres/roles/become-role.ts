import type { DatabaseRole } from '../../../domain/governance/database-grants.ts';

/** As much of a connection as this needs. */
interface Connection {
  query(text: string, values: readonly unknown[]): Promise<unknown>;
}

/**
 * Makes a new connection go on as the first of these roles that its login is a member of: from then on it may what that role may, and no
 * more. Where the roles have no rights in this database, or the login is of none, it stays what it is; `mlops doctor` says so.
 *
 * @throws what PostgreSQL says when the role is there and cannot be taken
 */
export async function becomeRole(connection: Connection, roles: readonly DatabaseRole[]): Promise<void> {
  await connection.query(
    `SELECT set_config('role', rolname, false) FROM (
       SELECT r.rolname FROM pg_roles r JOIN unnest($1::text[]) WITH ORDINALITY AS wanted(name, place) ON wanted.name = r.rolname
       WHERE pg_has_role(session_user, r.oid, 'MEMBER')
         AND has_table_privilege(r.oid, to_regclass('public.database_grants')::oid, 'SELECT')
       ORDER BY wanted.place LIMIT 1
     ) AS found`,
    [roles],
  );
}
