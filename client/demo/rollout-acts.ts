import type { RunningExample } from '../examples-port.ts';
import type { Act } from './act.ts';
import { lookUntil, pidOf, readStatus, type SeenStatus } from './look.ts';
import type { Stage } from './stage.ts';

/** The stage with releases that run and users that ask. */
export interface RolloutStage extends Stage {
  /** `VERSION=URL` of every release that runs. */
  readonly endpoints: readonly string[];
  readonly traffic: RunningExample;
}

const ACT_TIMEOUT = '4m';
const WAIT_MS = 60_000;

/** 1.0.0 → 1.1.0 under traffic; the worker is killed once in mid-ramp and the same run goes on. */
export const PROMOTE_THROUGH_CRASH: Act<RolloutStage> = {
  title: 'A better release is promoted, although the worker is killed in mid-ramp',
  about: [
    'Release 1.1.0 gets 5 % of the users, then more, while both versions are judged; at 15 % its worker gets kill -9.',
  ],
  async play(stage) {
    let killed: number | null = null;
    let startedRun = '';
    const args = startCommand(stage, '1.1.0', '--from', '1.0.0', '--timeout', ACT_TIMEOUT);
    const onLine = (line: string): void => {
      startedRun ||= /^Workflow .*\/([0-9a-f-]{36})$/.exec(line)?.[1] ?? '';
      if (killed !== null || !line.includes('weight 15 %')) return;
      killed = -1;
      void killWorker(stage).then((pid) => (killed = pid));
    };
    const run = await stage.mlops(args, { onLine });
    const status = await readStatus(stage);
    const worker = await pidOf(stage, 'worker');
    return [
      [`1.1.0 was promoted (exit ${run.code})`, run.code === 0 && status.outcome === 'promoted'],
      [`worker ${killed} was killed with SIGKILL at 15 %`, killed !== null && killed > 0],
      [`another worker, ${worker}, finished it`, worker !== null && worker !== killed],
      [`the run that was started went on: ${startedRun}`, status.runId === startedRun],
    ];
  },
};

async function killWorker(stage: Stage): Promise<number> {
  const pid = await pidOf(stage, 'worker');
  if (pid === null) return -1;
  stage.say(`  >>> kill -9 ${pid} (the worker)`);
  process.kill(pid, 'SIGKILL');
  return pid;
}

/** 1.2.2 answers fast and 200, but with query vectors of another space than the index: only quality shows it. */
export const ROLL_BACK_ON_QUALITY: Act<RolloutStage> = {
  title: 'A release that answers 200 but retrieves the wrong documents is rolled back',
  about: ['Release 1.2.2 has no errors and is fast: only what its users find shows that it is broken.'],
  async play(stage) {
    const run = await stage.mlops(startCommand(stage, '1.2.2', '--timeout', ACT_TIMEOUT));
    const status = await readStatus(stage);
    const reason = status.timeline.at(-1)?.detail ?? '';
    return [
      [`1.2.2 was rolled back (exit ${run.code})`, run.code === 3 && status.outcome === 'rolled-back'],
      [reason, reason.startsWith('scores')],
      [`the canary has ${status.intendedWeightPercent} % of the traffic`, status.intendedWeightPercent === 0],
    ];
  },
};

/** 1.1.1 waits before 15 % until a signal from Temporal's own program lets it pass. */
export const APPROVE_BY_SIGNAL: Act<RolloutStage> = {
  title: 'A manual gate is approved by a signal from the Temporal command line',
  about: ['Release 1.1.1 waits before 15 %; analysis goes on, and a person lets it pass.'],
  async play(stage) {
    await stage.mlops(startCommand(stage, '1.1.1', '--gate', '15', '--detach'));
    const waiting = await untilStatus(stage, ({ phase }) => phase === 'awaiting-approval', WAIT_MS);
    await stage.mlops(['rollout', 'explain', '--model', stage.model], { showsOutput: true });
    const signal = await signalApproval(stage);
    const passed = await untilStatus(stage, ({ intendedWeightPercent }) => intendedWeightPercent === 15, WAIT_MS);
    return [
      ['the rollout of 1.1.1 waited for an approval before 15 %', waiting !== null],
      [`the signal was accepted (exit ${signal.code})`, signal.code === 0],
      ['the weight went to 15 % after it', passed !== null],
    ];
  },
};

async function signalApproval(stage: Stage): Promise<{ readonly code: number }> {
  const { temporalAddress, namespace, environment, model } = stage;
  const args = [
    'workflow',
    'signal',
    '--address',
    temporalAddress,
    '--namespace',
    namespace,
    '--workflow-id',
    `rollout/${environment}/${model}`,
    '--name',
    'approve',
  ];
  stage.say(`  $ temporal ${args.join(' ')}`);
  return await stage.examples.runTemporal(args);
}

/** The rollout of the act before is at 15 % when Temporal dies: the emergency rollback needs nothing but the gateway. */
export const ROLL_BACK_WITHOUT_TEMPORAL: Act<RolloutStage> = {
  title: 'An emergency rollback works while Temporal is down, and the ramp yields to it',
  about: ['The supervisor and Temporal get kill -9 while 1.1.1 has 15 % of the users; then somebody rolls back.'],
  async play(stage) {
    await stopSupervision(stage);
    const run = await stage.mlops(['rollback', stage.model, '--reason', 'demo: users see errors'], {
      showsOutput: true,
    });
    const up = await stage.mlops(['up', '--detach']);
    const ended = await untilStatus(stage, ({ outcome }) => outcome !== null, 2 * WAIT_MS);
    return [
      [`all traffic went to the stable version (exit ${run.code})`, run.code === 0 && run.stdout.includes('→ 0 %')],
      ['the stack came back', up.code === 0],
      [`the rollout ended as ${ended?.outcome ?? 'still open'}`, ended?.outcome === 'rolled-back'],
    ];
  },
};

/** The supervisor first, or it would start Temporal again at once. */
async function stopSupervision(stage: Stage): Promise<void> {
  const temporal = await pidOf(stage, 'temporal');
  const supervisor = await stage.supervisorPid();
  stage.say(`  >>> kill -9 ${supervisor} (the supervisor, which would start Temporal again)`);
  process.kill(supervisor, 'SIGKILL');
  if (temporal === null) throw new Error('Temporal has no process on this machine');
  stage.say(`  >>> kill -9 ${temporal} (Temporal)`);
  process.kill(temporal, 'SIGKILL');
}

/** Users may see what a bad release answered, but never a gateway without an answer. */
export const LOSE_NO_REQUEST: Act<RolloutStage> = {
  title: 'No request of a user was lost',
  about: ['The users go home; what they got is counted.'],
  async play({ traffic }) {
    const seen = (await traffic.stop()) as Seen | null;
    const status = seen?.status ?? {};
    const broken = Object.entries(status).filter(([code]) => Number(code) >= 500);
    const unrouted = status['404'] ?? 0;
    return [
      [`${seen?.requests ?? 0} requests were sent, ${seen?.lost ?? 0} were lost`, seen?.lost === 0],
      [`answers by status: ${JSON.stringify(status)} (404: before the first rollout)`, broken.length === 0],
      [`${unrouted} came before there was a split`, unrouted < (seen?.requests ?? 0) / 4],
    ];
  },
};

interface Seen {
  readonly requests: number;
  readonly lost: number;
  readonly status: Readonly<Record<string, number>>;
}

/** The command that starts a rollout of the demo; it needs to be told where the two versions answer. */
function startCommand({ endpoints, model }: RolloutStage, to: string, ...more: string[]): string[] {
  const versions = [to, ...(more.includes('--from') ? [more[more.indexOf('--from') + 1]] : [])];
  const addresses = endpoints
    .filter((endpoint) => versions.includes(endpoint.split('=')[0]))
    .flatMap((endpoint) => ['--endpoint', endpoint]);
  return ['rollout', 'start', '--model', model, '--to', to, '--profile', 'fast', ...more, ...addresses];
}

async function untilStatus(
  stage: Stage,
  holds: (status: SeenStatus) => boolean,
  timeoutMs: number,
): Promise<SeenStatus | null> {
  return await lookUntil(async () => await readStatus(stage), holds, timeoutMs);
}
