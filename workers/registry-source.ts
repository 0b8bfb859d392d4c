import { createVersionSource } from '../adapters/mlflow/version-source.ts';
import { openPool } from '../adapters/postgres/pool.ts';
import { readStanding } from '../adapters/postgres/registry/mlflow/source-conflicts.ts';
import { takeOver } from '../adapters/postgres/registry/mlflow/take-over.ts';
import type { RegistrySource } from '../activities/ports.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { hostOf, isLoopbackHost } from '../domain/url-host.ts';
import type { openRegistry } from './registry.ts';

type Parts = Awaited<ReturnType<typeof openRegistry>>['parts'];

/** Who takes over: the worker, as whoever configured it wants it to. */
const ACTOR = 'registry-source';

/** The registry elsewhere that MODEL_REGISTRY_URL names; null where it names none, or the API of this stack. */
export function composeRegistrySource(
  config: Pick<MlopsConfig, 'modelRegistryUrl' | 'ports'>,
  parts: Parts,
  token: string | null,
): RegistrySource | null {
  const url = config.modelRegistryUrl;
  if (url === null || isOwnApi(url, config)) return null;
  return {
    read: async () =>
      await takeOver(parts, {
        source: createVersionSource(url, token),
        actor: await parts.principals.actor(ACTOR),
      }),
  };
}

/** Where it is that versions come from; null where they come from nowhere else. */
export function sourceUrlOf(config: Pick<MlopsConfig, 'modelRegistryUrl' | 'ports'>): string | null {
  const given = config.modelRegistryUrl;
  return given === null || isOwnApi(given, config) ? null : createVersionSource(given, null).url;
}

/** How taking versions over from there goes. @throws DATABASE_UNREACHABLE */
export async function examineSource(
  config: Pick<MlopsConfig, 'databaseUrl' | 'ports' | 'stateDirectory'>,
  url: string,
): Promise<{ readonly readUntil: string | null; readonly conflicts: number }> {
  const pool = openPool(config, 1);
  try {
    return await readStanding(pool, url);
  } finally {
    await pool.end();
  }
}

/** Whoever it answers can tell by any address; in production it answers nobody without a token, and a run would fail every minute. */
function isOwnApi(url: string, { ports }: Pick<MlopsConfig, 'ports'>): boolean {
  return isLoopbackHost(hostOf(url)) && new URL(url).port === String(ports.api);
}
