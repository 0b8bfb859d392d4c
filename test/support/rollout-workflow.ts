// The real rollout workflow on a real Temporal server, with activities that do what a test tells them: seconds per scenario,
// and no stack. For what the workflow decides; what activities do is tested on the real stack.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { AdmittedVersions } from '../../activities/ports.ts';
import type { PrepareInput } from '../../activities/preflight.ts';
import type { RestoreOrder, StageOrder } from '../../activities/versions.ts';
import type { Authorisation } from '../../activities/authorise.ts';
import type { ApplySplitInput } from '../../activities/traffic.ts';
import type { DecideInput } from '../../activities/approval.ts';
import type { CloseInput } from '../../activities/record.ts';
import type { LookResult, ObserveInput } from '../../activities/telemetry.ts';
import type { RolloutEventRecord } from '../../activities/ports.ts';
import { vi } from 'vitest';
import { devServerCommand } from '../../adapters/temporal/dev-server.ts';
import { findServer } from '../../adapters/temporal/find-server.ts';
import type { RolloutAsk } from '../../domain/rollout/approval-request.ts';
import type { AskedFor } from '../../domain/governance/statement.ts';
import { assemblePlan, type PlanSettings, type StepSettings } from '../../domain/rollout/plan.ts';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';
import { TASK_QUEUE, type RolloutResult, type RolloutStatus } from '../../workflows/messages.ts';
import { createApprovalBook, type ApprovalBook } from './approval-book.ts';
import { POLICY } from './judge.ts';
import { PLAN_SETTINGS } from './plan-settings.ts';
import { until } from './stack.ts';

// They wait more than they compute: more at once than of a stack.
vi.setConfig({ maxConcurrency: 5 });
/** Each look at a workflow replays its history. */
const POLL_MS = 500;

/** What the world answers; each may throw. A test changes it while its rollout runs. */
export interface World {
  /** In production people decide by requests. */
  readonly environment: string;
  /** @param isGoverned whether the registry has let its versions in */
  prepare(isGoverned?: boolean): Promise<void>;
  /** What a look says; complete telemetry that warrants promotion unless changed. */
  look(input: ObserveInput): Promise<Partial<LookResult>>;
  apply(input: ApplySplitInput): Promise<void>;
  record(event: RolloutEventRecord): Promise<void>;
  close(input: CloseInput): Promise<void>;
  canaryIsHealthy(): boolean;
  stableIsHealthy(): boolean;
  /** What the registry says of the versions. */
  versions(): Promise<AdmittedVersions>;
  /** Fails when the registry refuses the stage. */
  moveStage(): Promise<void>;
  /** After the stage has moved: fails when the answer is lost. */
  stageMoved(): Promise<void>;
  /** What who looks at a statement says. */
  authorise(): Promise<Authorisation>;
  /** Before the server's time is told. */
  clock(): Promise<void>;
}

/** One rollout under way, and what it did to the world. */
export interface Scene {
  readonly world: World;
  /** Weights in percent, as they were written. */
  readonly weights: readonly number[];
  /** What was written to the database. */
  readonly events: readonly RolloutEventRecord[];
  readonly closed: readonly CloseInput[];
  readonly looks: readonly ObserveInput[];
  /** What was asked of who looks at statements. */
  readonly asked: readonly AskedFor[];
  /** Which versions entered and left production in the registry. */
  readonly stages: readonly string[];
  /** Requests that people decide about, in production. */
  readonly book: ApprovalBook;
  /** Has the rollout told that one of them was decided. */
  signal(name: string): Promise<void>;
  status(): Promise<RolloutStatus>;
  until(holds: (status: RolloutStatus) => boolean, timeoutMs?: number): Promise<RolloutStatus>;
  /** Sends an update. @throws the words of a refusal */
  act(verb: string, input?: object): Promise<unknown>;
  cancel(): Promise<void>;
  /** Search attributes as the server lists them. */
  phaseAttribute(): Promise<unknown>;
  result(): Promise<RolloutResult>;
}

export interface RolloutTheatre {
  /** Starts a rollout in a world where everything is well. */
  start(
    steps: readonly StepSettings[],
    settings?: Partial<PlanSettings>,
    world?: Partial<World>,
    /** More of the workflow's input. */
    more?: object,
  ): Promise<Scene>;
  close(): Promise<void>;
}

/** A look at which nothing is known. */
export const BLIND: Partial<LookResult> = {
  decision: 'inconclusive',
  verdict: 'inconclusive',
  telemetry: 'missing',
  canaryRequests: 0,
  problems: ['metrics source answered 500'],
};

interface Stage {
  readonly world: World;
  readonly weights: number[];
  readonly events: RolloutEventRecord[];
  readonly closed: CloseInput[];
  readonly looks: ObserveInput[];
  readonly asked: AskedFor[];
  readonly stages: string[];
  /** Orders that were carried out to take one out again. */
  readonly restored: Set<string>;
  readonly book: ApprovalBook;
  generation: number;
}

/** Starts a Temporal server and a worker. @param suggestContinueAsNewAfter events of a history */
export async function openTheatre(suggestContinueAsNewAfter = 5000): Promise<RolloutTheatre> {
  const stages = new Map<string, Stage>();
  const { client, close } = await openHouse(actFor(stages), suggestContinueAsNewAfter);
  return {
    start: async (steps, settings = {}, world = {}, more = {}) => {
      const model = `m${stages.size}`;
      const stage = setStage(model, world);
      const { environment } = stage.world;
      stages.set(model, stage);
      const handle = await client.workflow.start('rollout', {
        workflowId: `rollout/${environment}/${model}`,
        taskQueue: TASK_QUEUE,
        args: [{ request: requestOf(model, steps, settings, environment), ...more }],
      });
      const newest = client.workflow.getHandle(handle.workflowId);
      const status = async () => await newest.query<RolloutStatus>('status');
      return {
        ...stage,
        status,
        until: async (holds, timeoutMs = 30_000) => await until(status, holds, timeoutMs, POLL_MS),
        act: async (verb, input = {}) => {
          const args: [object] = [{ actor: 'ann', reason: 'because', ...input }];
          return await newest.executeUpdate<unknown, [object]>(verb, { args }).catch((error: unknown) => {
            throw new Error(String((error as Error).cause ?? error), { cause: error });
          });
        },
        signal: async (name) => await newest.signal(name),
        cancel: async () => void (await newest.cancel()),
        phaseAttribute: async () => (await newest.describe()).searchAttributes['MlopsPhase']?.[0],
        result: async () => (await handle.result()) as RolloutResult,
      };
    },
    close,
  };
}

/** A Temporal server with a worker that runs every workflow, and these activities. */
export async function openHouse(
  activities: object,
  suggestContinueAsNewAfter = 5000,
): Promise<{ readonly client: Client; readonly close: () => Promise<void> }> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const directory = await mkdtemp(join(tmpdir(), 'mlops-theatre-'));
  const [port, uiPort] = [await freePort(), await freePort()];
  const server = await startServer(directory, port, uiPort, suggestContinueAsNewAfter);
  const address = `127.0.0.1:${port}`;
  const connection = await until(
    async () => await NativeConnection.connect({ address }).catch(() => null),
    (found) => found !== null,
    30_000,
  );
  if (connection === null) throw new Error('no connection');
  const clientConnection = await Connection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: await loadWorkflowBundle(tmpdir()) },
    activities,
    // Every task replays the history from its start: what is not deterministic fails here.
    maxCachedWorkflows: 0,
  });
  const running = worker.run();
  return {
    client: new Client({ connection: clientConnection }),
    close: async () => {
      worker.shutdown();
      await running;
      await clientConnection.close();
      await connection.close();
      server.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startServer(
  stateDirectory: string,
  port: number,
  uiPort: number,
  events: number,
): Promise<ChildProcess> {
  const { binary } = await findServer(() => undefined);
  const command = devServerCommand({ binary, stateDirectory, port, uiPort, namespace: 'default', codecEndpoint: null });
  // In memory: nothing outlives the test.
  const args = command.args.filter((arg) => !arg.startsWith('--db-filename') && !arg.startsWith('--sqlite-pragma'));
  const early = ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${events}`];
  return spawn(command.file, [...args, '--headless', ...early], { stdio: 'ignore' });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function setStage(model: string, world: Partial<World>): Stage {
  const well: World = {
    environment: 'dev',
    prepare: async () => undefined,
    look: async () => await Promise.resolve({}),
    apply: async () => undefined,
    record: async () => undefined,
    close: async () => undefined,
    canaryIsHealthy: () => true,
    stableIsHealthy: () => true,
    versions: async () => await Promise.resolve({ isGoverned: false, approvalId: null, production: null }),
    moveStage: async () => undefined,
    stageMoved: async () => undefined,
    authorise: async () => await Promise.resolve({ allowed: true }),
    clock: async () => undefined,
  };
  return {
    world: { ...well, ...world },
    weights: [],
    events: [],
    closed: [],
    looks: [],
    asked: [],
    stages: [],
    restored: new Set(),
    book: createApprovalBook(model),
    generation: 1,
  };
}

function actFor(stages: ReadonlyMap<string, Stage>) {
  const stageOf = (model: string): Stage => {
    const stage = stages.get(model);
    if (stage === undefined) throw new Error(`no stage for ${model}`);
    return stage;
  };
  const byKey = new Map<string, Stage>();
  return {
    prepareRollout: async ({ isGoverned, request, rolloutKey }: PrepareInput) => {
      const stage = stageOf(request.model);
      byKey.set(rolloutKey, stage);
      await stage.world.prepare(isGoverned);
      return { generation: 1, slowBoundMs: 100, note: 'ready', nowMs: Date.now() };
    },
    openRefused: async ({ request, rolloutKey }: { request: RolloutRequest; rolloutKey: string }) =>
      await Promise.resolve(void byKey.set(rolloutKey, stageOf(request.model))),
    smokeTest: async () => await Promise.resolve('it answers'),
    applySplit: async (input: ApplySplitInput) => {
      const stage = stageOf(input.split.model);
      await stage.world.apply(input);
      stage.weights.push(input.split.canaryBasisPoints / 100);
      const observedBasisPoints = input.split.canaryBasisPoints;
      stage.generation += 1;
      const { generation } = stage;
      return { status: 'applied', generation, observedBasisPoints, replaced: null, nowMs: Date.now() };
    },
    observeAndJudge: async (input: ObserveInput): Promise<LookResult> => {
      const stage = stageOf(input.model);
      const nowMs = Date.now();
      const seen = await stage.world.look(input);
      stage.looks.push(input);
      return { ...allIsWell(input), nowMs, ...seen };
    },
    probeArms: async ({ model }: { model: string }) => {
      const { world } = stageOf(model);
      const healthy = world.canaryIsHealthy();
      const stable = { healthy: world.stableIsHealthy(), detail: 'ok' };
      return await Promise.resolve({
        nowMs: Date.now(),
        stable,
        canary: { healthy, detail: 'ok' },
        resourceAlerts: [],
      });
    },
    checkStable: async () => await Promise.resolve({ healthy: true, detail: 'ok' }),
    recordEvent: async (event: RolloutEventRecord) => {
      const stage = byKey.get(event.rolloutKey);
      await stage?.world.record(event);
      if (stage?.events.every(({ idempotencyKey }) => idempotencyKey !== event.idempotencyKey) === true)
        stage.book.use(event);
      // Once per key, as the database does.
      if (stage?.events.every(({ idempotencyKey }) => idempotencyKey !== event.idempotencyKey) === true)
        stage.events.push(event);
    },
    closeRollout: async (input: CloseInput) => {
      const stage = stageOf(input.model);
      await stage.world.close(input);
      stage.closed.push(input);
    },
    authorise: async ({ asked }: { asked: AskedFor }) => {
      const stage = stageOf(asked.resource.split('/')[2] ?? '');
      stage.asked.push(asked);
      return await stage.world.authorise();
    },
    examineVersions: async ({ request }: { request: RolloutRequest }) => await stageOf(request.model).world.versions(),
    promoteVersion: async (order: StageOrder) => {
      const stage = stageOf(order.model);
      await stage.world.moveStage();
      // As the registry does, once the end is recorded.
      if (stage.closed.length > 0) throw ApplicationFailure.nonRetryable('the rollout has ended', 'PROMOTION_LATE');
      if (stage.stages.at(-1) !== `${order.version} in`) stage.stages.push(`${order.version} in`);
      await stage.world.stageMoved();
      return 'staging → production';
    },
    restoreVersion: async ({ key = '', model, version }: RestoreOrder) => {
      const { restored, stages: moved } = stageOf(model);
      // Each order is carried out once, and answered as often as it is given, as the registry does.
      if (!restored.has(key) && moved.at(-1) === `${version} in`) {
        restored.add(key);
        moved.push(`${version} out`);
      }
      return await Promise.resolve(restored.has(key) ? 'out' : null);
    },
    askForApproval: async (order: RolloutAsk) => await stageOf(order.model).book.ask(order),
    withdrawRequest: async ({ approvalId }: { approvalId: string }) =>
      await stageOf(modelOf(approvalId)).book.withdraw(approvalId),
    readApproval: async ({ approvalId }: { approvalId: string }) =>
      await stageOf(modelOf(approvalId)).book.read(approvalId),
    decideApproval: async (input: DecideInput) => await stageOf(modelOf(input.approvalId)).book.take(input),
    readClock: async () => {
      const { workflowId } = activityInfo().workflowExecution ?? { workflowId: '' };
      await stageOf(workflowId.split('/')[2] ?? '').world.clock();
      return Date.now();
    },
  };
}

/** A book names its requests after its rollout. */
function modelOf(approvalId: string): string {
  return approvalId.split('-')[1] ?? '';
}

function allIsWell({ canaryBasisPoints, waived }: ObserveInput): Omit<LookResult, 'nowMs'> {
  return {
    decision: 'promote',
    metric: null,
    verdict: 'pass',
    reasons: ['evidence of safety is enough'],
    wealth: 0.9,
    telemetry: 'complete',
    metrics: [],
    canaryRequests: 500,
    problems: [],
    observedBasisPoints: canaryBasisPoints,
    waived,
    overruledBy: null,
  };
}

function requestOf(
  model: string,
  steps: readonly StepSettings[],
  settings: Partial<PlanSettings>,
  environment: string,
): Partial<RolloutRequest> {
  const quick = { tickSeconds: 1, warmUpSeconds: 0, minimumRequests: 0, bakeMinutes: 0.03, maxDeploymentHours: 1 };
  return {
    model,
    environment,
    stable: { version: '1', endpoint: 'http://a.invalid' },
    canary: { version: '2', endpoint: 'http://b.invalid' },
    plan: assemblePlan({ ...PLAN_SETTINGS, ...quick, steps, ...settings }, 'default'),
    policy: POLICY as unknown as Record<string, unknown>,
    minimumSuccessRate: 0.95,
    // Those in production are many at once, and about people.
    health: { intervalSeconds: environment === 'production' ? 20 : 2, failures: 2, outOf: 3 },
    resourceAlertPercent: 80,
    startedBy: environment === 'production' ? STARTER : 'me',
    reason: '',
    ...(environment === 'production' ? { statement: statementOf(model, 'start', STARTER) } : {}),
  };
}

export const STARTER = 'principal:00000000000000aa';

/** A statement of the right form; whether it is genuine is for somebody else to say. */
export function statementOf(model: string, action: string, principal: string, environment = 'production') {
  return {
    statement: {
      format: 'durable-mlops/statement@1',
      action: `rollout.${action}`,
      resource: `rollout/${environment}/${model}`,
      content: 'a'.repeat(64),
      principal,
      key: '0'.repeat(16),
      at: '2026-11-27T10:00:00.000Z',
      nonce: '0'.repeat(32),
    },
    signature: `${'A'.repeat(86)}==`,
  } as const;
}

/** Long enough for a look, a probe and whatever follows. */
export async function someTicks(): Promise<void> {
  await sleep(3500);
}
