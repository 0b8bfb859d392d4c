import { relative } from 'node:path';
import { mergeValues, isRecord, type Layer } from './layers.ts';
import type { MlopsConfig } from './schema.ts';
import { lineOf } from './where.ts';

/** One setting with where its value comes from. */
export interface ConfigOrigin {
  readonly path: string;
  readonly value: unknown;
  /** 'defaults', 'config/deployment.yaml:12', 'environment', ... */
  readonly origin: string;
}

/** The port offset, and who said it. */
export interface PortOffset {
  readonly value: number;
  readonly origin: 'command line' | 'environment' | 'stack.json' | 'defaults';
}

/** Every setting of one of the files. */
export function originsOfSection(section: string, layers: readonly Layer[]): ConfigOrigin[] {
  const merged = layers.reduce<unknown>((value, layer) => mergeValues(value, layer.value), {});
  return leavesOf(merged, '').map(({ path, value }) => ({
    path: `${section}.${path}`,
    value,
    origin: lineOf(path, layers) ?? 'defaults',
  }));
}

/** Settings that environment variables make, with what they are without one. */
export function originsOfEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  config: Pick<
    MlopsConfig,
    'environment' | 'root' | 'stateDirectory' | 'temporal' | 'modelRegistryUrl' | 'monitoringEndpoint'
  >,
  portOffset: PortOffset,
): ConfigOrigin[] {
  const values = {
    MLOPS_ENV: config.environment,
    MLOPS_PORT_OFFSET: portOffset.value,
    MLOPS_STATE_DIRECTORY: config.stateDirectory,
    DATABASE_URL: env['DATABASE_URL'] === undefined ? null : '(hidden)',
    TEMPORAL_ADDRESS: config.temporal.address,
    TEMPORAL_NAMESPACE: config.temporal.namespace,
    MODEL_REGISTRY_URL: config.modelRegistryUrl,
    MONITORING_ENDPOINT: config.monitoringEndpoint,
  };
  const remembered = `${relative(config.root, config.stateDirectory)}/stack.json`;
  return Object.entries(values).map(([path, value]) => {
    if (path === 'MLOPS_PORT_OFFSET')
      return { path, value, origin: portOffset.origin === 'stack.json' ? remembered : portOffset.origin };
    return { path, value, origin: env[path] === undefined ? 'defaults' : 'environment' };
  });
}

function leavesOf(value: unknown, path: string): { path: string; value: unknown }[] {
  if (!isRecord(value) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === '' ? key : `${path}.${key}`));
}
