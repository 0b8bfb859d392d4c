import {
  DATABASE_ROLE_NAMES,
  GOVERNED_TABLES,
  GRANTED_FUNCTIONS,
  isGranted,
  SET_SEQUENCES,
  TABLE_VERBS,
  updatedColumns,
  type DatabaseRole,
  type GovernedTable,
} from '../../../domain/governance/database-grants.ts';
import { EVENT_GRANTS, EVENT_PATTERNS } from '../../../domain/governance/event-grants.ts';
import { REGISTRY_TABLES } from '../../../domain/registry/export-format.ts';
import { NAME_TABLES, WORD_TABLES } from '../ledger/blank-words.ts';

const ROLES = DATABASE_ROLE_NAMES.join(', ');

/** Statements that give the roles what the table of grants says, and take away everything else. For the owner of the tables. */
export function grantStatements(): string[] {
  return [
    `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${ROLES}`,
    `REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM ${ROLES}`,
    `GRANT USAGE ON SCHEMA public TO ${ROLES}`,
    ...Object.entries(GRANTED_FUNCTIONS).flatMap(([name, roles]) => [
      `REVOKE ALL ON FUNCTION ${name} FROM ${ROLES}`,
      `GRANT EXECUTE ON FUNCTION ${name} TO ${roles.join(', ')}`,
    ]),
    ...DATABASE_ROLE_NAMES.flatMap((role) => GOVERNED_TABLES.flatMap((table) => grantsOf(role, table))),
    ...SET_SEQUENCES.map(([table, column]) => `GRANT UPDATE ON SEQUENCE ${table}_${column}_seq TO mlops_admin`),
    ...VACUUMED.map((table) => maintenanceGrant(table, 'mlops_worker, mlops_admin')),
    ...REGISTRY_TABLES.map((table) => maintenanceGrant(table, 'mlops_admin')),
    'DELETE FROM event_grant',
    `INSERT INTO event_grant (pattern, role) VALUES ${EVENT_PATTERNS.flatMap((pattern) => eventGrants(pattern)).join(', ')}`,
  ];
}

function eventGrants(pattern: string): string[] {
  return (EVENT_GRANTS[pattern] ?? []).map((role) => `('${pattern}', '${role}')`);
}

/** Tables that an erasure tidies up, so that nothing of what is erased stays in their files. */
const VACUUMED = ['ledger_key', ...NAME_TABLES, ...WORD_TABLES];

/** The right to VACUUM and ANALYZE without owning a table is new in PostgreSQL 17; before, the owner does it in time. */
function maintenanceGrant(table: string, roles: string): string {
  return `DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN GRANT MAINTAIN ON ${table} TO ${roles}; END IF;
  END $$`;
}

function grantsOf(role: DatabaseRole, table: GovernedTable): string[] {
  const columns = updatedColumns(role, table);
  const verbs = TABLE_VERBS.filter((verb) => isGranted(role, table, verb)).map((verb) =>
    verb === 'update' && columns !== null ? `UPDATE (${columns.join(', ')})` : verb.toUpperCase(),
  );
  return verbs.length === 0 ? [] : [`GRANT ${verbs.join(', ')} ON ${table} TO ${role}`];
}
