import { flushCompileCache } from 'node:module';
import { hostname } from 'node:os';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Connection, Client } from '@temporalio/client';
import { pino, type Logger } from 'pino';
import { createPrimitives } from '../adapters/crypto/primitives.ts';
import { readJournal, journalFileOf } from '../adapters/gateway/emergency-journal.ts';
import { createGatewayMetrics } from '../adapters/gateway/metrics-source.ts';
import { createGatewayRouter } from '../adapters/gateway/router.ts';
import { addressesFor, createWebhookNotifier } from '../adapters/notify/webhook.ts';
import { createEmergencyJournal } from '../adapters/postgres/emergency-ingest.ts';
import { createOwnKeys } from '../adapters/postgres/identity/own-key.ts';
import { openPool } from '../adapters/postgres/pool.ts';
import { createApprovalStore } from '../adapters/postgres/registry/approval-store.ts';
import { createHandOvers } from '../adapters/postgres/registry/hand-overs.ts';
import { createIdentityDirectory } from '../adapters/postgres/registry/identity-directory.ts';
import { createDueDeliveries } from '../adapters/postgres/registry/webhooks/due.ts';
import { createRolloutReader } from '../adapters/postgres/rollout-reader.ts';
import { createRolloutStore, type EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { createTrafficStore } from '../adapters/postgres/traffic-store.ts';
import { createNoiseAssessor } from '../adapters/processes/noise-assessor.ts';
import { findFreePort } from '../adapters/processes/ports.ts';
import { createHealthProbe } from '../adapters/services/health-probe.ts';
import { createSmokeTest } from '../adapters/services/smoke-test.ts';
import { connectionOptionsOf, loadDataConverter } from '../adapters/temporal/connect.ts';
import { createOutbox } from '../adapters/temporal/outbox.ts';
import { createRolloutLookup } from '../adapters/temporal/rollout-lookup.ts';
import { ensureSchedules } from '../adapters/temporal/schedules.ts';
import { createWebhookOutbox } from '../adapters/temporal/webhook-outbox.ts';
import { createActivities, type ActivityPorts, type RolloutActivities } from '../activities/index.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';
import { rememberSourcesOfOrders } from './act-source.ts';
import { rememberRuns } from './request-id.ts';
import { composeAccessWatch } from './access-watch.ts';
import { composeAuthority } from './authority.ts';
import { composeCarriers } from './carriers.ts';
import { engineVersion } from './engine-version.ts';
import { composeErasureCarriers } from './erasure-approvals.ts';
import { composeForgetOutside } from './forget-outside.ts';
import { admitFirstAdmin } from './identity.ts';
import { composeLedger } from './ledger.ts';
import { composeRecordedCarriers } from './recorder.ts';
import { composeRegistryCarriers } from './registry-approvals.ts';
import { composeRegistrySource } from './registry-source.ts';
import { openRegistry } from './registry.ts';
import { composeRolloutApprovals } from './rollout-approvals.ts';
import { composeRolloutVersions } from './rollout-versions.ts';
import { composeWebhooks, createWebhookMail, followRegistry } from './webhooks.ts';
import { createWorkerLogger } from './worker-logger.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';

/** Activities that may run at once; all of them are short and mostly wait. */
const ACTIVITIES_AT_ONCE = 60;
const CACHED_WORKFLOWS = 1000;

/** What tests and benches put in place of the shipped parts. */
export interface WorkerParts {
  /** Makes the activities of the ports: some die at chosen moments. */
  readonly assemble?: (ports: ActivityPorts) => RolloutActivities;
  /** File with the code of the workflows: some have timers that do not wait. */
  readonly bundle?: string;
}

/** `mlops worker`: polls the queue until it is told to stop, then finishes what it has begun. */
export async function runWorker(config: MlopsConfig, parts: WorkerParts = {}): Promise<void> {
  const { assemble = createActivities } = parts;
  const log = pino({ base: { part: 'worker', pid: process.pid } }, process.stderr);
  const metricsPort = await findFreePort(config.ports.workerMetrics);
  Runtime.install({
    logger: createWorkerLogger(log),
    shutdownSignals: ['SIGTERM', 'SIGINT'],
    telemetryOptions: { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } },
  });
  const { connectionOptions, namespace } = connectionOptionsOf(config);
  const dataConverter = await loadDataConverter(config.stateDirectory, countingPayloads(config));
  const pool = openPool(config, 20, ['mlops_worker']);
  const native = await NativeConnection.connect(connectionOptions);
  const connection = await Connection.connect(connectionOptions);
  const client = new Client({ connection, namespace, dataConverter });
  const evidence = await composeLedger(config, pool, log);
  await letFirstAdminIn(config, evidence, log);
  const registryPorts = await composeRegistryPorts(config, evidence, client);
  await ensureSchedules(client, {
    environment: config.environment,
    taskQueue: TASK_QUEUE,
    hasRegistrySource: registryPorts.registrySource !== null,
  });
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue: TASK_QUEUE,
    identity: `worker-${process.pid}@${hostname()}`,
    workflowBundle: { codePath: parts.bundle ?? (await loadWorkflowBundle(config.stateDirectory)) },
    activities: assemble(composePorts(config, evidence, client, registryPorts)),
    dataConverter,
    interceptors: { activity: [rememberSourcesOfOrders, rememberRuns] },
    maxConcurrentActivityTaskExecutions: ACTIVITIES_AT_ONCE,
    maxCachedWorkflows: CACHED_WORKFLOWS,
    shutdownGraceTime: '10s',
  });
  log.info({ queue: TASK_QUEUE, namespace, metricsPort }, 'worker is ready');
  // Node writes it at the end of a process, which one that is killed does not reach.
  flushCompileCache();
  const due = createDueDeliveries(pool, config.environment);
  const follower = followRegistry(due, createWebhookOutbox(client, TASK_QUEUE), log);
  try {
    await worker.run();
  } finally {
    await follower.close();
    await evidence.close();
    await Promise.allSettled([pool.end(), native.close(), connection.close()]);
  }
}

async function letFirstAdminIn({ stateDirectory }: MlopsConfig, evidence: EvidenceParts, log: Logger): Promise<void> {
  const admission = await admitFirstAdmin(stateDirectory, evidence);
  if (admission.state === 'admitted') log.info('the first admin was let in');
  if (admission.state === 'set-aside')
    log.warn(
      { file: admission.file },
      'the database has an admin already: the key that setup made for another was set aside',
    );
}

/** In production an order comes from who has a key, not from whoever reaches the engine. */
function countingPayloads({ environment }: MlopsConfig): 'all' | 'sealed' {
  return environment === 'production' ? 'sealed' : 'all';
}

type RegistryPorts = Pick<
  ActivityPorts,
  'boundContent' | 'carryOut' | 'registrySource' | 'rolloutApprovals' | 'versions' | 'webhooks'
>;

/** What activities need of the registry and of approvals. */
async function composeRegistryPorts(
  config: MlopsConfig,
  evidence: EvidenceParts,
  client: Client,
): Promise<RegistryPorts> {
  const { parts, registry } = await openRegistry(config, evidence);
  const asking = composeRolloutApprovals({ client, evidence, environment: config.environment, registry: parts });
  const carriers = composeCarriers({
    ...asking.carriers,
    ...composeRegistryCarriers(registry, parts),
    ...composeRecordedCarriers(evidence),
    ...composeErasureCarriers(evidence, composeForgetOutside(config, evidence)),
  });
  return {
    ...carriers,
    versions: composeRolloutVersions(registry, parts),
    rolloutApprovals: asking.approvals,
    webhooks: createWebhookMail(await composeWebhooks(config, evidence)),
    registrySource: composeRegistrySource(config, parts, process.env['MLFLOW_TRACKING_TOKEN'] ?? null),
  };
}

function composePorts(
  config: MlopsConfig,
  evidence: EvidenceParts,
  client: Client,
  registry: RegistryPorts,
): ActivityPorts {
  const { deployment } = config;
  const authority = composeAuthority(config, evidence);
  const identities = createIdentityDirectory(evidence.pool, config.governance.developmentRoles);
  return {
    environment: config.environment,
    authority,
    router: createGatewayRouter(config),
    metrics: createGatewayMetrics(config),
    health: createHealthProbe({
      allowedHosts: deployment.endpointAllowList,
      path: deployment.health.path,
      expect: deployment.health.expect,
      timeoutMs: deployment.health.timeoutSeconds * 1000,
    }),
    smoke: createSmokeTest({
      gatewayAddress: config.gateway.url,
      overrideHeader: deployment.gateway.overrideHeader,
      path: deployment.health.path,
      timeoutMs: deployment.health.timeoutSeconds * 1000,
    }),
    traffic: createTrafficStore(evidence),
    rollouts: createRolloutStore(evidence),
    history: createRolloutReader(evidence.pool),
    noise: createNoiseAssessor(),
    lookup: createRolloutLookup(client),
    journal: createEmergencyJournal(
      { ...evidence, authority },
      config.environment,
      async () => await readJournal(journalFileOf(config.stateDirectory)),
    ),
    notifier: createWebhookNotifier(deployment.webhooks),
    outbox: createOutbox(client, {
      taskQueue: TASK_QUEUE,
      receiversFor: (event) => addressesFor(deployment.webhooks, event),
    }),
    engine: engineVersion(),
    accessWatch: composeAccessWatch(config, evidence),
    ownKeys: createOwnKeys({ ...evidence, authority, primitives: createPrimitives() }),
    handOvers: createHandOvers({ ...evidence, authority, identities }),
    approvals: createApprovalStore(evidence),
    approvalPolicy: config.governance.approvalPolicy,
    identities,
    ...registry,
  };
}
