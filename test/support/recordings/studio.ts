// A stack to record histories on, and what keeps them.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { connectTemporal } from '../../../adapters/temporal/connect.ts';
import { loadConfig } from '../../../config/load.ts';
import type { MlopsConfig } from '../../../config/schema.ts';
import { messageOf } from '../../../domain/errors.ts';
import { readHistory, saveHistory } from '../history.ts';
import { createProject, until, type Run, type TestProject } from '../stack.ts';
import { anonymise, WHOEVER_RECORDS } from './anonymise.ts';

/** Below the range of ephemeral ports: a client that retries could otherwise connect to itself and hold the port. */
export const OFFSET = 15_400;
/** Rollouts that end within seconds; `steps` go below it. */
export const BRISK_CANARY = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 1
  bake_minutes: 0.03`;
export const BRISK_JUDGE =
  'judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }';

const FOLDER = join(import.meta.dirname, '../../replay/histories');

/** What the stack is started with. */
interface Scene {
  readonly deployment: string;
  /** Content of more files, by their path in the project. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Studio {
  readonly project: TestProject;
  readonly config: MlopsConfig;
  readonly client: Client;
  /** Runs the command line as somebody; null: whoever the operating system says. @throws Error unless it says 0, or 6: others have to agree */
  readonly as: (name: string | null, ...args: readonly string[]) => Promise<Run>;
  /** Starts what a schedule starts, now; says its workflow when that has ended. */
  readonly trigger: (scheduleId: string) => Promise<string>;
  /** Ids of the workflows of a type that are known as yet, the oldest first. */
  readonly idsOf: (workflowType: string) => Promise<readonly string[]>;
  /** Keeps the history of a workflow when it has ended, of its newest run; one that is there stays. */
  readonly keep: (name: string, workflowId: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openStudio({ deployment, env = {}, files = {} }: Scene): Promise<Studio> {
  const project = await createProject(OFFSET, deployment);
  for (const [path, content] of Object.entries(files)) await writeFile(join(project.root, path), content);
  const as: Studio['as'] = async (name, ...args) => {
    const who = name === null ? {} : { MLOPS_IDENTITY: name };
    const run = await project.mlops(args, { env: { ...env, ...who } });
    if (run.code !== 0 && run.code !== 6) throw new Error(`mlops ${args.join(' ')}: ${run.stderr}${run.stdout}`);
    return run;
  };
  await as(null, 'up', '--detach');
  const { config } = loadConfig({ env, workingDirectory: project.root, portOffset: OFFSET });
  const client = await connectTemporal(config);
  /** Says how. */
  const ended = async (workflowId: string): Promise<string> =>
    await client.workflow
      .getHandle(workflowId)
      .result()
      .then(
        (result) => JSON.stringify(result ?? null).slice(0, 120),
        (error: unknown) => `failed: ${messageOf(error)}`,
      );
  return {
    project,
    config,
    client,
    as,
    trigger: async (scheduleId) => {
      const schedule = client.schedule.getHandle(scheduleId);
      const newest = async () =>
        (await schedule.describe()).info.recentActions.at(-1)?.action.workflow.workflowId ?? '';
      const before = await newest();
      await schedule.trigger();
      const workflowId = await until(newest, (id) => id !== before, 60_000);
      await ended(workflowId);
      return workflowId;
    },
    idsOf: async (workflowType) => {
      const found = [];
      for await (const { startTime, workflowId } of client.workflow.list({ query: `WorkflowType = '${workflowType}'` }))
        found.push({ startMs: startTime.getTime(), workflowId });
      return found.toSorted((one, other) => one.startMs - other.startMs).map(({ workflowId }) => workflowId);
    },
    keep: async (name, workflowId) => {
      const end = await ended(workflowId);
      const { root } = project;
      const folder = join(FOLDER, name);
      const file = join(folder, 'history.bin.gz');
      if (existsSync(file)) {
        console.log(`${name}: is there; remove it first if it is not to replay any more`);
        return;
      }
      const names = { ...WHOEVER_RECORDS, project: root };
      const history = await anonymise(await readHistory(root, OFFSET, workflowId), config.stateDirectory, names);
      await mkdir(join(folder, 'keys'), { recursive: true });
      await saveHistory(history, file);
      // The payloads are encrypted: this key opens nothing else.
      await copyFile(join(config.stateDirectory, 'keys/payload.json'), join(folder, 'keys/payload.json'));
      console.log(`${name}: recorded; it ended ${end}`);
    },
    close: async () => {
      await client.connection.close();
      await project.remove();
    },
  };
}
