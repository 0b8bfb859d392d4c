import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MlopsError } from '../domain/errors.ts';
import { checkSection } from './check-section.ts';
import { parseFrameworks } from '../domain/governance/recorded-event.ts';
import { hideCredentials } from '../domain/url-credentials.ts';
import { BASE_PORTS } from './defaults.ts';
import { usableEnvironment, validateEnvironment } from './environment.ts';
import { DEPLOYMENT_FILE, GOVERNANCE_FILE, MONITORING_FILE } from './file-schema.ts';
import { findProjectFile, isRecord, type Layer } from './layers.ts';
import { originsOfEnvironment, originsOfSection, type ConfigOrigin, type PortOffset } from './origins.ts';
import { readLayers } from './read-layers.ts';
import { resolveDeployment, resolveGateway, resolveGovernance, resolveMonitoring } from './resolve.ts';
import { resolveAccessWatch } from './resolve-access-watch.ts';
import { resolveArtifacts, resolveKeys } from './resolve-storage.ts';
import { validateRules, type RuleProblem } from './rules.ts';
import type { MlopsConfig } from './schema.ts';
import { findMissingSignerFiles } from './signer-files.ts';
import { whereIs } from './where.ts';

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** From the command line; it wins over MLOPS_PORT_OFFSET. */
  readonly portOffset?: number;
}

export interface LoadedConfig {
  readonly config: MlopsConfig;
  readonly origins: readonly ConfigOrigin[];
}

/**
 * Loads configuration: flag over environment over `mlops.yaml` (found upward) over `config/*.yaml` over defaults.
 *
 * @throws CONFIG_INVALID naming every problem at once, with file and line
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { problems, ...loaded } = loadWhatIsValid(options);
  if (problems.length > 0) throw invalid(problems);
  return loaded;
}

/** The same where it must go on whatever is wrong: what is not valid is left out, as if nobody had set it, and named. */
export function loadWhatIsValid(options: LoadOptions): LoadedConfig & { readonly problems: readonly string[] } {
  const { workingDirectory } = options;
  const env = usableEnvironment(options.env);
  const project = findProjectFile(workingDirectory);
  const root = project === null ? workingDirectory : resolve(project, '..');
  const { layers, problems: unread, isComplete } = readLayers(root, project);
  const deployment = checkSection(DEPLOYMENT_FILE, layers.deployment);
  const monitoring = checkSection(MONITORING_FILE, layers.monitoring);
  const governance = checkSection(GOVERNANCE_FILE, layers.governance);
  const resolved = resolveDeployment(deployment.value);
  const broken = isComplete ? validateRules(deployment.value, resolved, deployment.isUsable) : [];
  const problems = [
    ...validateEnvironment(options.env),
    ...unread,
    ...deployment.problems,
    ...monitoring.problems,
    ...governance.problems,
    ...broken.map((problem) => describeProblem(problem, layers.deployment)),
    ...findMissingSignerFiles(governance.value.artifacts, root).map((problem) => {
      return describeProblem(problem, layers.governance);
    }),
  ];
  const stateDirectory = resolve(root, env['MLOPS_STATE_DIRECTORY'] ?? '.mlops');
  const offset = findPortOffset({ ...options, env }, stateDirectory);
  const ports = portsFrom(offset.value);
  const gateway = resolveGateway(resolved, { root, stateDirectory, ports });
  const environment = env['MLOPS_ENV'] ?? 'dev';
  const config: MlopsConfig = {
    environment,
    root,
    stateDirectory,
    complianceFrameworks: parseFrameworks(env['COMPLIANCE_FRAMEWORKS'] ?? '') ?? [],
    auditDirectory: resolve(root, env['AUDIT_STORAGE_PATH'] ?? join(stateDirectory, 'audit')),
    ports,
    identity: env['MLOPS_IDENTITY'] ?? null,
    databaseUrl: env['DATABASE_URL'] ?? null,
    temporal: {
      address: env['TEMPORAL_ADDRESS'] ?? null,
      namespace: env['TEMPORAL_NAMESPACE'] ?? 'default',
      retentionDays: 30,
    },
    gateway,
    monitoringEndpoint: env['MONITORING_ENDPOINT'] ?? new URL('/metrics', gateway.url).href,
    modelRegistryUrl: env['MODEL_REGISTRY_URL'] ?? null,
    monitoring: resolveMonitoring(monitoring.value),
    deployment: resolved,
    governance: resolveGovernance(governance.value, environment),
    trustedProxies: governance.value.identity.trusted_proxies,
    accessWatch: resolveAccessWatch(governance.value.access_watch),
    keys: resolveKeys(governance.value.keys, root),
    artifacts: resolveArtifacts(governance.value.artifacts, root),
  };
  const origins = [
    ...originsOfSection('deployment', layers.deployment),
    ...originsOfSection('monitoring', layers.monitoring),
    ...originsOfSection('governance', layers.governance),
    ...originsOfEnvironment(env, config, offset),
  ];
  // What is wrong is shown with its value.
  return { config, problems: problems.map(hideCredentials), origins };
}

/** Ports of the local stack. */
export function portsFrom(offset: number): MlopsConfig['ports'] {
  return Object.fromEntries(
    Object.entries(BASE_PORTS).map(([name, port]) => [name, port + offset]),
  ) as unknown as MlopsConfig['ports'];
}

function findPortOffset({ portOffset, env }: LoadOptions, stateDirectory: string): PortOffset {
  if (portOffset !== undefined) return { value: portOffset, origin: 'command line' };
  const given = env['MLOPS_PORT_OFFSET'];
  if (given !== undefined) return { value: Number(given), origin: 'environment' };
  const saved = savedStack(stateDirectory).portOffset;
  return saved === undefined ? { value: 0, origin: 'defaults' } : { value: saved, origin: 'stack.json' };
}

/** Where it is remembered how the stack was started that was started last. */
export function stackFile(stateDirectory: string): string {
  return join(stateDirectory, 'stack.json');
}

/** `mlops up --port-offset N` is remembered, so that later commands find the stack; empty when none was started. */
export function savedStack(stateDirectory: string): { readonly portOffset?: number; readonly environment?: string } {
  try {
    const saved: unknown = JSON.parse(readFileSync(stackFile(stateDirectory), 'utf8'));
    if (!isRecord(saved)) return {};
    const { environment, portOffset } = saved;
    return {
      ...(typeof portOffset === 'number' ? { portOffset } : {}),
      ...(typeof environment === 'string' ? { environment } : {}),
    };
  } catch {
    return {};
  }
}

function describeProblem({ path, value, wanted }: RuleProblem, layers: readonly Layer[]): string {
  return `${whereIs(path, layers)}: ${path}: ${value}, wanted ${wanted}`;
}

function invalid(problems: readonly string[]): MlopsError {
  return new MlopsError('CONFIG_INVALID', {
    problems: problems.length === 1 ? problems[0] : problems.map((problem) => `\n  - ${problem}`).join(''),
  });
}
