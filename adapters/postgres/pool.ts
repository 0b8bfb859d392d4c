import { Pool } from 'pg';
import type { MlopsConfig } from '../../config/schema.ts';
import { MlopsError } from '../../domain/errors.ts';
import { embeddedUrl } from './embedded.ts';

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

/** Connections to the database; close them with `end()`. */
export function openPool(config: Pick<MlopsConfig, 'databaseUrl' | 'stateDirectory' | 'ports'>, max = 10): Pool {
  return createPool(databaseUrlOf(config), max);
}

/** Connections to the database at a URL. */
export function createPool(url: string, max = 10): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: 30_000,
  });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
}
