// Records the histories that test/replay replays: `node test/support/record-histories.ts [NAME...]`. Takes some minutes; run
// it when a change of the workflow is meant to be incompatible with rollouts that are open, and say so in CHANGELOG.md.
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import { readHistory, saveHistory, type History } from './history.ts';
import { startArguments } from './rollouts.ts';
import { createProject, until, type TestProject } from './stack.ts';
import { startTraffic } from './traffic.ts';

// Below the range of ephemeral ports: a client that retries could otherwise connect to itself and hold the port.
const OFFSET = 15_400;
const FOLDER = join(import.meta.dirname, '../replay/histories');
const WORKFLOW_ID = 'rollout/dev/rag_api';
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 1
  bake_minutes: 0.03
  steps: [{ weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03 }]
profiles:
  gated:
    steps: [{ weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03, gate: true }]
  held:
    steps: [{ weight: 50, window_minutes: 0.03 }, { pause: manual }]
  long:
    steps: [{ weight: 20, window_minutes: 20 }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
health: { interval_seconds: 5, timeout_seconds: 2, failures: 3, out_of: 3 }
`;

type Recording = (project: TestProject, start: Start, stable: string) => Promise<void>;
type Start = (to: string, ...more: string[]) => Promise<void>;

const statusOf = async (project: TestProject) =>
  await project.json<{ phase: string; outcome: string | null; runId: string; waitingFor: { kind: string } | null }>([
    'rollout',
    'status',
    '--model',
    'rag_api',
  ]);

const RECORDINGS: Readonly<Record<string, Recording>> = {
  promoted: async (_, start) => await start('1.1.0'),
  'rolled-back': async (_, start) => await start('1.2.0'),
  'paused-and-approved': async (project, start) => {
    await start('1.1.0', '--profile', 'gated', '--detach');
    await until(
      async () => await statusOf(project),
      ({ phase }) => phase === 'awaiting-approval',
      60_000,
    );
    await project.mlops(['rollout', 'pause', '--model', 'rag_api']);
    await project.mlops(['rollout', 'resume', '--model', 'rag_api']);
    await project.mlops(['rollout', 'approve', '--model', 'rag_api']);
    await project.mlops(['rollout', 'watch', '--model', 'rag_api', '--timeout', '2m']);
  },
  'pause-step-resumed': async (project, start) => {
    await start('1.1.0', '--profile', 'held', '--detach');
    await until(
      async () => await statusOf(project),
      ({ waitingFor }) => waitingFor?.kind === 'pause-step',
      60_000,
    );
    await project.mlops(['rollout', 'resume', '--model', 'rag_api', '--reason', 'seen enough']);
    await project.mlops(['rollout', 'watch', '--model', 'rag_api', '--timeout', '2m']);
  },
  'a-a-completed': async (project, _, stable) => {
    const from = ['--from', '1.0.0', '--endpoint', `1.0.0=${stable}`];
    await project.mlops(['rollout', 'calibrate', '--model', 'rag_api', '--run', '--minutes', '0.15', ...from]);
  },
  'continued-as-new': async (project, start) => {
    await start('1.1.0', '--profile', 'long', '--detach');
    const { runId } = await statusOf(project);
    await until(
      async () => await statusOf(project),
      (status) => status.runId !== runId,
      1_200_000,
    );
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await project.mlops(['rollout', 'abort', '--model', 'rag_api']);
    await until(
      async () => await statusOf(project),
      ({ outcome }) => outcome !== null,
      30_000,
    );
  },
};

const asked = process.argv.slice(2);
for (const name of asked.length === 0 ? Object.keys(RECORDINGS) : asked) await record(name);

async function record(name: string): Promise<void> {
  const recording = RECORDINGS[name];
  if (recording === undefined)
    throw new Error(`no recording ${name}; wanted one of ${Object.keys(RECORDINGS).join(', ')}`);
  const project = await createProject(OFFSET, DEPLOYMENT);
  try {
    const up = await project.mlops(['up', '--detach']);
    if (up.code !== 0) throw new Error(up.stderr + up.stdout);
    const stable = await project.startService('1.0.0');
    const endpoints: Record<string, string> = {
      '1.0.0': stable,
      '1.1.0': await project.startService('1.1.0'),
      '1.2.0': await project.startService('1.2.0', 0.2),
    };
    const traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 150 });
    const timer = setTimeout(() => console.log(`${name}: still recording`), 60_000);
    const start: Start = async (to, ...more) => {
      await project.mlops(startArguments('rag_api', to, endpoints, '--from', '1.0.0', ...more));
    };
    await recording(project, start, stable);
    clearTimeout(timer);
    const { outcome } = await statusOf(project);
    await traffic.stop();
    const folder = join(FOLDER, name);
    await mkdir(join(folder, 'keys'), { recursive: true });
    const history: History = await readHistory(project.root, OFFSET, WORKFLOW_ID);
    await saveHistory(history, join(folder, 'history.bin.gz'));
    // The payloads are encrypted: this key opens nothing else.
    await copyFile(join(project.root, '.mlops/keys/payload.json'), join(folder, 'keys/payload.json'));
    console.log(`${name}: recorded, it ended ${outcome}`);
  } finally {
    await project.remove();
  }
}
