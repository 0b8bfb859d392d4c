import { connect, type Mlops } from '../../client/index.ts';
import type { RolloutStatus } from '../../workflows/messages.ts';
import { readWrites, startArguments, type GatewayWrite } from './rollouts.ts';
import { createProject, until, type Run, type TestProject } from './stack.ts';
import { startTraffic, type Traffic } from './traffic.ts';

/** A model with a stable and a canary service of its own, and users. */
export interface StagedModel {
  readonly name: string;
  readonly stable: string;
  readonly canary: string;
  /** Of its users now; they come with a start, and go when its rollout has ended. */
  readonly traffic: Traffic;
  /** Starts 1.0.0 → 1.1.0 with more arguments; --detach unless `wait`. */
  start(more?: readonly string[], options?: { readonly wait?: boolean }): Promise<Run>;
  act(verb: string, ...more: string[]): Promise<Run>;
  status(): Promise<RolloutStatus>;
  until(holds: (status: RolloutStatus) => boolean, timeoutMs?: number): Promise<RolloutStatus>;
  ended(timeoutMs?: number): Promise<RolloutStatus>;
  writes(): Promise<readonly GatewayWrite[]>;
  /** Weights in percent as the gateway saw them. */
  weights(): Promise<readonly number[]>;
}

export interface Stage {
  readonly project: TestProject;
  /** A new model; its users send `perSecond` requests while it is rolled out. */
  model(name: string, perSecond?: number): Promise<StagedModel>;
  close(): Promise<void>;
}

/** Brings a project's whole stack up, for tests that each have a model of their own. */
export async function openStage(portOffset: number, deployment: string, program?: string): Promise<Stage> {
  const project = await createProject(portOffset, deployment, program);
  const models: StagedModel[] = [];
  const up = await project.mlops(['up', '--detach']);
  if (up.code !== 0) throw new Error(up.stderr + up.stdout);
  const client = connect({ workingDirectory: project.root, env: { MLOPS_PORT_OFFSET: String(portOffset) } });
  return {
    project,
    model: async (name, perSecond = 150) => {
      const model = await stageModel(project, client, portOffset, name, perSecond);
      models.push(model);
      return model;
    },
    close: async () => {
      await Promise.all(models.map(async ({ traffic }) => await traffic.stop()));
      await client.close();
      await project.remove();
    },
  };
}

async function stageModel(
  project: TestProject,
  client: Mlops,
  portOffset: number,
  name: string,
  perSecond: number,
): Promise<StagedModel> {
  const endpoints = { '1.0.0': await project.startService('1.0.0'), '1.1.0': await project.startService('1.1.0') };
  // A process for each look would cost more than the rollout that is looked at.
  const status = async (): Promise<RolloutStatus> => await client.rollouts.status(name);
  const come = (): Traffic => startTraffic({ url: project.gateway, model: name, perSecond });
  let traffic = come();
  let areGone = false;
  const untilStatus: StagedModel['until'] = async (holds, timeoutMs = 30_000) => await until(status, holds, timeoutMs);
  const writes = async () => await readWrites(project, portOffset, name);
  return {
    name,
    stable: endpoints['1.0.0'],
    canary: endpoints['1.1.0'],
    get traffic() {
      return traffic;
    },
    start: async (more = [], { wait = false } = {}) => {
      if (areGone) traffic = come();
      areGone = false;
      const options = ['--from', '1.0.0', ...(wait ? [] : ['--detach']), ...more];
      return await project.mlops(startArguments(name, '1.1.0', endpoints, ...options));
    },
    act: async (verb, ...more) => await project.mlops(['rollout', verb, '--model', name, ...more]),
    status,
    until: untilStatus,
    ended: async (timeoutMs = 40_000) => {
      const ended = await untilStatus(({ outcome }) => outcome !== null, timeoutMs);
      areGone = true;
      await traffic.stop();
      return ended;
    },
    writes,
    weights: async () => (await writes()).map(({ split }) => split.canaryBasisPoints / 100),
  };
}
