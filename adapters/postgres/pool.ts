import { Pool, type ClientBase } from 'pg';
import type { MlopsConfig } from '../../config/schema.ts';
import { MlopsError } from '../../domain/errors.ts';
import type { DatabaseRole } from '../../domain/governance/database-grants.ts';
import { embeddedUrl } from './embedded.ts';
import { becomeRole } from './roles/become-role.ts';

const CONNECT_TIMEOUT_MS = 5000;

/** The database's URL: DATABASE_URL, or the own server's. @throws DATABASE_UNREACHABLE when it was never set up */
export function databaseUrlOf(config: Pick<MlopsConfig, 'databaseUrl' | 'stateDirectory' | 'ports'>): string {
  const url = config.databaseUrl ?? embeddedUrl(config.stateDirectory, config.ports.postgres);
  if (url === null)
    throw new MlopsError('DATABASE_UNREACHABLE', {
      reason: 'DATABASE_URL is not set and the local database was never set up',
    });
  return url;
}

/** Roles of commands: a login that may only read evidence goes on as an auditor. */
const COMMAND_ROLES: readonly DatabaseRole[] = ['mlops_cli', 'mlops_auditor', 'mlops_admin'];

/** Roles of what only admins write. Who is none goes on as in other commands: some of it may be read. */
export const ADMIN_ROLES: readonly DatabaseRole[] = ['mlops_admin', 'mlops_cli', 'mlops_auditor'];

/** Connections to the database, for a process of these roles; close them with `end()`. */
export function openPool(
  config: Pick<MlopsConfig, 'databaseUrl' | 'stateDirectory' | 'ports'>,
  max = 10,
  roles: readonly DatabaseRole[] = COMMAND_ROLES,
): Pool {
  return createPool(databaseUrlOf(config), max, roles);
}

/** Connections to the database at a URL, each with the rights of a role where there are roles; of no role, with those of the login. */
export function createPool(url: string, max = 10, roles: readonly DatabaseRole[] = []): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: 30_000,
    ...(roles.length === 0
      ? {}
      : {
          // The pool waits for it, though its type does not say so.
          // oxlint-disable-next-line typescript/no-misused-promises
          onConnect: async (client: ClientBase) => await becomeRole(client, roles),
        }),
  });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  // One that breaks between two statements of a transaction is nobody's but ours: the pool listens to idle ones alone. Its next statement says it.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}
