import type { Approvals } from '../approvals/approvals-port.ts';
import type { Client } from '@temporalio/client';
import type { EmergencyRollback, EvidenceReader } from '../evidence-port.ts';
import type { ExportFiles } from '../export-port.ts';
import type { Examples } from '../examples-port.ts';
import type { Governance } from '../governance-port.ts';
import type { Recorder } from '../governance/recorder-port.ts';
import type { CurrentIdentity, Identities } from '../identity-port.ts';
import type { LedgerReader } from '../ledger-port.ts';
import type { Registry } from '../registry-port.ts';
import type { LocalStack } from '../stack-port.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import type { Rollouts } from '../rollouts/rollouts.ts';
import type { TakenOver } from '../../domain/registry/mlflow/version-source.ts';
import { onceOpened } from '../../domain/once-opened.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';

/** The long-running parts of the system that `mlops <part>` runs in the foreground. */
export type PartName = 'worker' | 'api' | 'gateway';

/**
 * What commands can ask for. The only place beside client/cli/main.ts that names adapters and workers; each is imported
 * when a command first asks for it, so that `mlops --help` loads none of them.
 */
export interface Composition {
  /** The local stack: Temporal, PostgreSQL, worker, API and gateway as processes on this machine. */
  stack(): Promise<LocalStack>;
  /** Runs one part in this process until it is told to stop (SIGTERM, SIGINT). */
  runPart(part: PartName): Promise<void>;
  /** Rollouts as workflows. @throws TEMPORAL_UNREACHABLE */
  rollouts(): Promise<Rollouts>;
  /** Approvals: who is asked, and what they decided. Temporal is asked when somebody decides. */
  approvals(): Promise<Approvals>;
  /** The recorded evidence. */
  evidence(): Promise<EvidenceReader>;
  /** The evidence ledger. */
  ledger(): Promise<LedgerReader>;
  /** Erasure, legal holds, and the keys of payloads. */
  governance(): Promise<Governance>;
  /** Who acts in this process. @throws IDENTITY_FILE_INVALID */
  identity(): Promise<CurrentIdentity>;
  /** The user of the operating system. */
  user(): Promise<string>;
  /** What principal ids mean, as far as it is known here. */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Principals with their roles and keys. */
  identities(): Promise<Identities>;
  /** Records what programs did elsewhere. */
  recorder(): Promise<Recorder>;
  /** The model registry. */
  registry(): Promise<Registry>;
  /** The same with the rights in the database that taking a whole registry in needs. */
  registryOfAdmin(): Promise<Pick<Registry, 'import' | 'models'>>;
  /** Takes versions over from an MLflow registry. @throws REGISTRY_SOURCE_FAILED */
  takeOver(url: string, token: string | null): Promise<TakenOver>;
  /** Exports of the ledger as files; needs no configuration. */
  exportFiles(): Promise<ExportFiles>;
  /** What the router reports; needs neither Temporal nor PostgreSQL. */
  router(): Promise<{ observe(model: string): Promise<LiveSplit | null> }>;
  /** Needs nothing but the router. */
  emergency(): Promise<EmergencyRollback>;
  /** Asks a service whether it is well, and takes no answer after a second for one. */
  quickProbe(): Promise<{ probe(endpoint: string, version: string): Promise<{ healthy: boolean; detail: string }> }>;
  /** Where the Temporal Web UI shows a workflow. */
  workflowUrl(workflowId: string, runId: string | null): Promise<string>;
  /** The programs that come with the project. */
  examples(workingDirectory: string): Promise<Examples>;
  /** Plays the demo while nobody else does on this stack. @throws DEMO_RUNNING */
  playAlone<T>(play: () => Promise<T>): Promise<T>;
  /** Closes every connection that was opened. */
  close(): Promise<void>;
}

/** A person in an emergency waits no longer for a warning. */
const QUICK_PROBE_MS = 1000;

/** Composes the parts over a configuration that is loaded on first use. */
export function createComposition(loadConfig: () => Promise<MlopsConfig>): Composition {
  const closers: (() => Promise<void>)[] = [];
  // Whoever asks again shares the connections of who asked first.
  const once = <T>(compose: (config: MlopsConfig, closers: (() => Promise<void>)[]) => Promise<T>) =>
    onceOpened(async () => await compose(await loadConfig(), closers));
  return {
    stack: async () => {
      const { createLocalStack } = await import('../../workers/stack.ts');
      return createLocalStack(await loadConfig());
    },
    runPart: async (part) => {
      const config = await loadConfig();
      if (part === 'worker') return await (await import('../../workers/worker.ts')).runWorker(config);
      if (part === 'api') return await (await import('../../workers/api.ts')).runApi(config);
      return await (await import('../../workers/gateway.ts')).runGateway(config);
    },
    rollouts: once(composeRollouts),
    evidence: once(composeEvidence),
    approvals: once(composeApprovals),
    recorder: once(composeRecorder),
    ledger: once(composeLedger),
    governance: once(composeGovernance),
    identity: async () => await composeIdentity(await loadConfig()),
    user: async () => (await import('../../adapters/identity/own-identity.ts')).currentUser(),
    names: async (ids) => await lookUpNames(await loadConfig(), closers, ids),
    identities: once(composeIdentities),
    registry: once(composeRegistry),
    registryOfAdmin: async () => await composeRegistry(await loadConfig(), closers, { isAdmin: true }),
    takeOver: async (url, token) => await (await composeTakeOver(await loadConfig(), closers))(url, token),
    exportFiles: composeExportFiles,
    router: async () => (await import('../../adapters/gateway/router.ts')).createGatewayRouter(await loadConfig()),
    emergency: async () => await composeEmergency(await loadConfig()),
    quickProbe: async () => await composeQuickProbe(await loadConfig()),
    workflowUrl: async (workflowId, runId) => {
      const { ports, temporal } = await loadConfig();
      const run = runId === null ? '' : `/${runId}`;
      return `http://127.0.0.1:${ports.temporalUi}/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(workflowId)}${run}`;
    },
    examples: async (workingDirectory) => {
      const { createExamples } = await import('../../adapters/processes/examples.ts');
      return createExamples(workingDirectory, (await loadConfig()).stateDirectory);
    },
    playAlone: async (play) => {
      const { playAlone } = await import('../../workers/demo-turn.ts');
      return await playAlone(await loadConfig(), play);
    },
    close: async () => {
      await Promise.allSettled(closers.map(async (close) => await close()));
    },
  };
}

async function composeEmergency(config: MlopsConfig): Promise<EmergencyRollback> {
  const [{ createEmergencyRollback }, { sourceOfCommand }] = await Promise.all([
    import('../../adapters/gateway/emergency.ts'),
    import('../../workers/act-source.ts'),
  ]);
  return createEmergencyRollback(config, sourceOfCommand());
}

async function composeQuickProbe({ deployment }: MlopsConfig): ReturnType<Composition['quickProbe']> {
  const { createHealthProbe } = await import('../../adapters/services/health-probe.ts');
  const { expect, path, timeoutSeconds } = deployment.health;
  const timeoutMs = Math.min(QUICK_PROBE_MS, timeoutSeconds * 1000);
  return createHealthProbe({ allowedHosts: deployment.endpointAllowList, expect, path, timeoutMs });
}

async function composeRollouts(config: MlopsConfig, closers: (() => Promise<void>)[]): Promise<Rollouts> {
  const [{ connectTemporal }, { createRollouts }, { sourceOfCommand }] = await Promise.all([
    import('../../adapters/temporal/connect.ts'),
    import('../rollouts/rollouts.ts'),
    import('../../workers/act-source.ts'),
  ]);
  const client = await connectTemporal(config);
  closers.push(async () => await client.connection.close());
  const identity = await composeIdentity(config);
  return createRollouts(client, config.environment, { identity, source: sourceOfCommand() });
}

async function composeEvidence(config: MlopsConfig, closers: (() => Promise<void>)[]): Promise<EvidenceReader> {
  const [{ openPool }, { composeRolloutEvidence }] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../workers/rollout-evidence.ts'),
  ]);
  const pool = openPool(config);
  closers.push(async () => await pool.end());
  return composeRolloutEvidence(config, pool);
}

async function composeLedger(config: MlopsConfig, closers: (() => Promise<void>)[]): Promise<LedgerReader> {
  const [{ openPool }, { composeLedgerReader }] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../workers/ledger-reader.ts'),
  ]);
  const pool = openPool(config);
  const signingPool = openPool(config, 1, ['mlops_worker']);
  closers.push(async () => void (await Promise.all([pool.end(), signingPool.end()])));
  return await composeLedgerReader(config, pool, signingPool);
}

async function composeGovernance(config: MlopsConfig, closers: (() => Promise<void>)[]): Promise<Governance> {
  const [{ ADMIN_ROLES, openPool }, custody] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../workers/custody.ts'),
  ]);
  const pool = openPool(config, 10, ADMIN_ROLES);
  closers.push(async () => await pool.end());
  const ask = await import('../../workers/erasure-approvals.ts');
  return await custody.composeGovernance(config, pool, (evidence) =>
    ask.composeAskToErase(config, { evidence, connect: connector(config, closers) }),
  );
}

async function lookUpNames(
  config: MlopsConfig,
  closers: (() => Promise<void>)[],
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const [{ openPool }, { namesOf }] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../adapters/postgres/ledger/principals.ts'),
  ]);
  const pool = openPool(config, 1);
  closers.push(async () => await pool.end());
  return await namesOf(pool, ids);
}

async function composeIdentity(config: MlopsConfig): Promise<CurrentIdentity> {
  const { currentIdentity } = await import('../../adapters/identity/own-identity.ts');
  return await currentIdentity(config);
}

async function composeIdentities(config: MlopsConfig, closers: (() => Promise<void>)[]): Promise<Identities> {
  const [{ ADMIN_ROLES, openPool }, identity, { composeSendOwnKey }] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../workers/identity.ts'),
    import('../../workers/own-key.ts'),
  ]);
  const pool = openPool(config, 10, ADMIN_ROLES);
  closers.push(async () => await pool.end());
  const send = composeSendOwnKey(config.environment, connector(config, closers));
  return await identity.composeIdentities(config, pool, send);
}

async function composeRegistry(
  config: MlopsConfig,
  closers: (() => Promise<void>)[],
  { isAdmin = false } = {},
): Promise<Registry> {
  const [{ ADMIN_ROLES, openPool }, registry] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../workers/registry.ts'),
  ]);
  const pool = isAdmin ? openPool(config, 10, ADMIN_ROLES) : openPool(config);
  closers.push(async () => await pool.end());
  return await registry.composeRegistry(config, pool, connector(config, closers));
}

async function composeTakeOver(
  config: MlopsConfig,
  closers: (() => Promise<void>)[],
): Promise<(url: string, token: string | null) => Promise<TakenOver>> {
  const [{ openPool }, taking] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../workers/take-over.ts'),
  ]);
  const pool = openPool(config);
  closers.push(async () => await pool.end());
  return await taking.composeTakeOver(config, pool);
}

/** Connects to the engine when it is first needed. */
function connector(config: MlopsConfig, closers: (() => Promise<void>)[]): () => Promise<Client> {
  return async () => {
    const { connectTemporal } = await import('../../adapters/temporal/connect.ts');
    const client = await connectTemporal(config);
    closers.push(async () => await client.connection.close());
    return client;
  };
}

async function composeApprovals(config: MlopsConfig, closers: (() => Promise<void>)[]): Promise<Approvals> {
  const [{ openPool }, { composeEvidence }, approvals] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../workers/ledger.ts'),
    import('../../workers/approvals.ts'),
  ]);
  const pool = openPool(config);
  closers.push(async () => await pool.end());
  return approvals.composeApprovals(config, {
    connect: connector(config, closers),
    evidence: await composeEvidence(config, pool),
  });
}

async function composeRecorder(config: MlopsConfig, closers: (() => Promise<void>)[]): Promise<Recorder> {
  const [{ openPool }, { composeEvidence }, recorder] = await Promise.all([
    import('../../adapters/postgres/pool.ts'),
    import('../../workers/ledger.ts'),
    import('../../workers/recorder.ts'),
  ]);
  const pool = openPool(config);
  closers.push(async () => await pool.end());
  const evidence = await composeEvidence(config, pool);
  return recorder.composeRecorder(config, { evidence, connect: connector(config, closers) });
}

async function composeExportFiles(): Promise<ExportFiles> {
  const [{ createPrimitives }, { readExport, readBeginning, readText }] = await Promise.all([
    import('../../adapters/crypto/primitives.ts'),
    import('../../adapters/ledger/export-files.ts'),
  ]);
  return { primitives: createPrimitives(), lines: readExport, beginning: readBeginning, text: readText };
}
