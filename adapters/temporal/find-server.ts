import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { buildServer } from './build-server.ts';
import { downloadServer } from './download-server.ts';

/** Version of the Temporal CLI (server inside) that is tested. */
export const SERVER_VERSION = '1.8.2';

/** A Temporal server program, and how it was found. */
export interface FoundServer {
  readonly binary: string;
  readonly how: 'PATH' | 'cache' | 'download' | 'build';
}

/** Folder of what was downloaded or built once. */
export function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'durable-mlops');
}

/** The server program when it is there already, without downloading or building; null when it is not. */
export function findInstalledServer(): FoundServer | null {
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'temporal'))
    .find((file) => existsSync(file) && isServer(file));
  if (onPath !== undefined) return { binary: onPath, how: 'PATH' };
  const cached = join(cacheDirectory(), `temporal-${SERVER_VERSION}`);
  return existsSync(cached) ? { binary: cached, how: 'cache' } : null;
}

/**
 * The server program: on PATH, in the cache, downloaded by the SDK, or built from Go modules (about five minutes), the
 * first that works.
 *
 * @throws TEMPORAL_SERVER_MISSING when nothing works
 */
export async function findServer(say: (line: string) => void): Promise<FoundServer> {
  const installed = findInstalledServer();
  if (installed !== null) return installed;
  const target = join(cacheDirectory(), `temporal-${SERVER_VERSION}`);
  say(`Temporal server ${SERVER_VERSION}: downloading`);
  if (await downloadServer(target, SERVER_VERSION, say)) return { binary: target, how: 'download' };
  await buildServer(target, say);
  return { binary: target, how: 'build' };
}

function isServer(file: string): boolean {
  return (
    spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 5000 }).stdout?.includes('temporal version') ?? false
  );
}
