// Every way a rollout can go, with users who send requests meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { startArguments } from '../rollouts.ts';
import { until } from '../stack.ts';
import { startTraffic } from '../traffic.ts';
import { BRISK_CANARY, BRISK_JUDGE, openStudio, type Studio } from './studio.ts';

const DEPLOYMENT = `${BRISK_CANARY}
  steps: [{ weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03 }]
profiles:
  gated:
    steps: [{ weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03, gate: true }]
  held:
    steps: [{ weight: 50, window_minutes: 0.03 }, { pause: manual }]
  long:
    steps: [{ weight: 20, window_minutes: 20 }]
${BRISK_JUDGE}
health: { interval_seconds: 5, timeout_seconds: 2, failures: 3, out_of: 3 }
`;

type Play = (studio: Studio, start: Start, stable: string) => Promise<void>;
type Start = (to: string, ...more: string[]) => Promise<void>;

const statusOf = async ({ project }: Studio) =>
  await project.json<{ phase: string; outcome: string | null; runId: string; waitingFor: { kind: string } | null }>([
    'rollout',
    'status',
    '--model',
    'rag_api',
  ]);

const PLAYS: Readonly<Record<string, Play>> = {
  promoted: async (_, start) => await start('1.1.0'),
  'rolled-back': async (_, start) => await start('1.2.0'),
  'paused-and-approved': async (studio, start) => {
    await start('1.1.0', '--profile', 'gated', '--detach');
    await until(
      async () => await statusOf(studio),
      ({ phase }) => phase === 'awaiting-approval',
      60_000,
    );
    await studio.project.mlops(['rollout', 'pause', '--model', 'rag_api']);
    await studio.project.mlops(['rollout', 'resume', '--model', 'rag_api']);
    await studio.project.mlops(['rollout', 'approve', '--model', 'rag_api']);
  },
  'pause-step-resumed': async (studio, start) => {
    await start('1.1.0', '--profile', 'held', '--detach');
    await until(
      async () => await statusOf(studio),
      ({ waitingFor }) => waitingFor?.kind === 'pause-step',
      60_000,
    );
    await studio.project.mlops(['rollout', 'resume', '--model', 'rag_api', '--reason', 'seen enough']);
  },
  'a-a-completed': async ({ project }, _, stable) => {
    const from = ['--from', '1.0.0', '--endpoint', `1.0.0=${stable}`];
    await project.mlops(['rollout', 'calibrate', '--model', 'rag_api', '--run', '--minutes', '0.15', ...from]);
  },
  'continued-as-new': async (studio, start) => {
    await start('1.1.0', '--profile', 'long', '--detach');
    const { runId } = await statusOf(studio);
    await until(
      async () => await statusOf(studio),
      (status) => status.runId !== runId,
      1_200_000,
    );
    await sleep(5000);
    await studio.project.mlops(['rollout', 'abort', '--model', 'rag_api']);
  },
};

export const ROLLOUTS = Object.fromEntries(
  Object.entries(PLAYS).map(([name, play]) => [name, async () => await record(name, play)]),
);

async function record(name: string, play: Play): Promise<void> {
  const studio = await openStudio({ deployment: DEPLOYMENT });
  const { project } = studio;
  try {
    const stable = await project.startService('1.0.0');
    const endpoints: Record<string, string> = {
      '1.0.0': stable,
      '1.1.0': await project.startService('1.1.0'),
      '1.2.0': await project.startService('1.2.0', 0.2),
    };
    const traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 150 });
    const start: Start = async (to, ...more) => {
      await project.mlops(startArguments('rag_api', to, endpoints, '--from', '1.0.0', ...more));
    };
    await play(studio, start, stable);
    await studio.keep(name, 'rollout/dev/rag_api');
    await traffic.stop();
  } finally {
    await studio.close();
  }
}
