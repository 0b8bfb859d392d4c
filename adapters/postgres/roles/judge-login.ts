import { Client } from 'pg';
import {
  DATABASE_ROLE_NAMES,
  GOVERNED_TABLES,
  isGranted,
  TABLE_VERBS,
  type DatabaseRole,
} from '../../../domain/governance/database-grants.ts';
import { digestOfGrants, grantedDigest, missingRoles } from './database-roles.ts';

/** How the login of a process stands to the roles. */
export interface LoginStanding {
  readonly login: string;
  /** Roles that the server does not have. */
  readonly missing: readonly string[];
  /** The rights of the roles are those that the program says. */
  readonly isCurrent: boolean;
  /** Roles that it is a member of. */
  readonly memberOf: readonly DatabaseRole[];
  /** What it may beyond those roles before it becomes one: `insert into ledger_event`; the owner may everything. */
  readonly beyond: readonly string[];
  readonly isOwner: boolean;
}

/** Looks what the login of a URL may. @throws what connecting throws */
export async function judgeLogin(url: string): Promise<LoginStanding> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  await client.connect();
  try {
    const missing = await missingRoles(client);
    const { rows } = await client.query<{ login: string; is_owner: boolean; member_of: DatabaseRole[] | null }>(
      `SELECT session_user AS login,
         pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'public.ledger_event'::regclass), 'MEMBER') AS is_owner,
         (SELECT array_agg(rolname::text ORDER BY rolname) FROM pg_roles
          WHERE rolname = ANY ($1) AND pg_has_role(session_user, oid, 'MEMBER')) AS member_of`,
      [DATABASE_ROLE_NAMES],
    );
    const [{ is_owner: isOwner, login, member_of }] = rows as [(typeof rows)[number]];
    const memberOf = member_of ?? [];
    return {
      login,
      missing,
      isCurrent: missing.length === 0 && (await isCurrent(client, isOwner || memberOf.length > 0)),
      memberOf,
      beyond: isOwner ? [] : await readBeyond(client, memberOf),
      isOwner,
    };
  } finally {
    await client.end();
  }
}

/** A login that may not look is not told by that. */
async function isCurrent(client: Client, mayLook: boolean): Promise<boolean> {
  return !mayLook || (await grantedDigest(client)) === digestOfGrants();
}

async function readBeyond(client: Client, memberOf: readonly DatabaseRole[]): Promise<string[]> {
  const { rows } = await client.query<{ table: string; verb: string }>(
    `SELECT t AS table, v AS verb FROM unnest($1::text[]) AS t CROSS JOIN unnest($2::text[]) AS v
     WHERE has_table_privilege(session_user, 'public.' || t, v)`,
    [GOVERNED_TABLES, TABLE_VERBS],
  );
  return rows
    .filter(({ table, verb }) => {
      const [known, asked] = [GOVERNED_TABLES.find((one) => one === table), TABLE_VERBS.find((one) => one === verb)];
      return known !== undefined && asked !== undefined && !memberOf.some((role) => isGranted(role, known, asked));
    })
    .map(({ table, verb }) => `${verb} on ${table}`);
}
