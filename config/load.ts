import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { MlopsError } from '../domain/errors.ts';
import { BASE_PORTS, DEFAULTS } from './defaults.ts';
import { describeIssue } from './describe-issue.ts';
import { validateEnvironment } from './environment.ts';
import { DEPLOYMENT_FILE, MONITORING_FILE } from './file-schema.ts';
import { findProjectFile, isRecord, mergeValues, readLayer, type Layer } from './layers.ts';
import { resolveDeployment, resolveGateway, resolveMonitoring } from './resolve.ts';
import { validateRules } from './rules.ts';
import type { MlopsConfig } from './schema.ts';

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** From the command line; it wins over MLOPS_PORT_OFFSET. */
  readonly portOffset?: number;
}

/** One setting with where its value comes from. */
export interface ConfigOrigin {
  readonly path: string;
  readonly value: unknown;
  /** 'defaults', 'config/deployment.yaml:12', 'environment MLOPS_ENV', ... */
  readonly origin: string;
}

export interface LoadedConfig {
  readonly config: MlopsConfig;
  readonly origins: readonly ConfigOrigin[];
}

/** The two files: their name, schema, and what they come to. */
type Section = 'deployment' | 'monitoring';
const SECTIONS = { deployment: DEPLOYMENT_FILE, monitoring: MONITORING_FILE } as const;

/**
 * Loads configuration: flag over environment over `mlops.yaml` (found upward) over `config/*.yaml` over defaults.
 *
 * @throws CONFIG_INVALID naming every problem at once, with file and line
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { env, workingDirectory } = options;
  const project = findProjectFile(workingDirectory);
  const root = project === null ? workingDirectory : resolve(project, '..');
  const problems: string[] = [...validateEnvironment(env)];
  const layers = readLayers(root, project, problems);
  const deployment = checkSection('deployment', layers.deployment, problems);
  const monitoring = checkSection('monitoring', layers.monitoring, problems);
  if (deployment === null || monitoring === null || problems.length > 0) throw invalid(problems);
  const resolved = resolveDeployment(deployment);
  problems.push(...validateRules(resolved));
  if (problems.length > 0) throw invalid(problems);
  const stateDirectory = resolve(root, env['MLOPS_STATE_DIRECTORY'] ?? '.mlops');
  const offset = options.portOffset ?? Number(env['MLOPS_PORT_OFFSET'] ?? savedPortOffset(stateDirectory));
  const ports = portsFrom(offset);
  const gateway = resolveGateway(resolved, { root, stateDirectory, ports });
  const config: MlopsConfig = {
    environment: env['MLOPS_ENV'] ?? 'dev',
    root,
    stateDirectory,
    auditDirectory: resolve(root, env['AUDIT_STORAGE_PATH'] ?? join(stateDirectory, 'audit')),
    ports,
    databaseUrl: env['DATABASE_URL'] ?? null,
    temporal: {
      address: env['TEMPORAL_ADDRESS'] ?? null,
      namespace: env['TEMPORAL_NAMESPACE'] ?? 'default',
      retentionDays: 30,
    },
    gateway,
    monitoringEndpoint: env['MONITORING_ENDPOINT'] ?? new URL('/metrics', gateway.url).href,
    monitoring: resolveMonitoring(monitoring),
    deployment: resolved,
  };
  return { config, origins: [...originsOf(layers), ...environmentOrigins(env)] };
}

/** Ports of the local stack. */
export function portsFrom(offset: number): MlopsConfig['ports'] {
  return Object.fromEntries(
    Object.entries(BASE_PORTS).map(([name, port]) => [name, port + offset]),
  ) as unknown as MlopsConfig['ports'];
}

/** `mlops up --port-offset N` is remembered, so that later commands find the stack. */
function savedPortOffset(stateDirectory: string): number {
  const file = join(stateDirectory, 'stack.json');
  if (!existsSync(file)) return 0;
  try {
    const saved: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isRecord(saved) && typeof saved['portOffset'] === 'number' ? saved['portOffset'] : 0;
  } catch {
    return 0;
  }
}

function readLayers(root: string, project: string | null, problems: string[]): Record<Section, Layer[]> {
  const read = (file: string): Layer[] => {
    const layer = readLayer(file, root);
    if (layer === null) return [];
    if (!('problem' in layer)) return [layer];
    problems.push(layer.problem);
    return [];
  };
  const own = project === null ? [] : read(project);
  for (const layer of own) {
    for (const key of Object.keys(layer.value)) {
      if (!Object.hasOwn(SECTIONS, key))
        problems.push(
          `${layer.name}:${layer.lines.get(key) ?? 1}: unknown key ${key}, wanted deployment or monitoring`,
        );
    }
  }
  const layersOf = (section: Section): Layer[] => [
    { name: 'defaults', value: DEFAULTS[section], lines: new Map() },
    ...read(join(root, 'config', `${section}.yaml`)),
    ...own.flatMap((layer) => sectionOf(layer, section)),
  ];
  return { deployment: layersOf('deployment'), monitoring: layersOf('monitoring') };
}

function sectionOf(layer: Layer, section: Section): Layer[] {
  const value = layer.value[section];
  if (!isRecord(value)) return [];
  const lines = [...layer.lines]
    .filter(([path]) => path.startsWith(`${section}.`))
    .map(([path, line]) => [path.slice(section.length + 1), line] as const);
  return [{ name: layer.name, value, lines: new Map(lines) }];
}

function checkSection<Name extends Section>(
  name: Name,
  layers: readonly Layer[],
  problems: string[],
): z.infer<(typeof SECTIONS)[Name]> | null {
  const merged = layers.reduce<unknown>((value, layer) => mergeValues(value, layer.value), {});
  const result = SECTIONS[name].safeParse(merged);
  if (result.success) return result.data as z.infer<(typeof SECTIONS)[Name]>;
  for (const issue of result.error.issues) problems.push(...describeIssue(issue, merged, DEFAULTS[name], layers));
  return null;
}

function originsOf(layers: Record<Section, Layer[]>): ConfigOrigin[] {
  return (Object.keys(layers) as Section[]).flatMap((section) => {
    const merged = layers[section].reduce<unknown>((value, layer) => mergeValues(value, layer.value), {});
    return leavesOf(merged, '').map(({ path, value }) => {
      const layer = layers[section].findLast(({ lines }) => lines.has(path));
      return {
        path: `${section}.${path}`,
        value,
        origin: layer === undefined ? 'defaults' : `${layer.name}:${layer.lines.get(path)}`,
      };
    });
  });
}

function leavesOf(value: unknown, path: string): { path: string; value: unknown }[] {
  if (!isRecord(value) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === '' ? key : `${path}.${key}`));
}

function environmentOrigins(env: LoadOptions['env']): ConfigOrigin[] {
  const shown = [
    'MLOPS_ENV',
    'MLOPS_PORT_OFFSET',
    'MLOPS_STATE_DIRECTORY',
    'DATABASE_URL',
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
    'MODEL_REGISTRY_URL',
    'MONITORING_ENDPOINT',
  ];
  return shown.map((name) => ({
    path: name,
    value: name === 'DATABASE_URL' && env[name] !== undefined ? '(hidden)' : (env[name] ?? null),
    origin: env[name] === undefined ? 'defaults' : 'environment',
  }));
}

function invalid(problems: readonly string[]): MlopsError {
  return new MlopsError('CONFIG_INVALID', {
    problems: problems.length === 1 ? problems[0] : problems.map((problem) => `\n  - ${problem}`).join(''),
  });
}
