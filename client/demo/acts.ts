import { concludeAct, lookUntil, pidOf, readStatus, startCommand, type ActResult, type Stage } from './stage.ts';

const ACT_TIMEOUT = '4m';
const WAIT_MS = 60_000;

/** 1.0.0 → 1.1.0 under traffic; the worker is killed once in mid-ramp and the same run goes on. */
export async function promoteThroughCrash(stage: Stage): Promise<ActResult> {
  let killed: number | null = null;
  let startedRun = '';
  const args = startCommand(stage, '1.1.0', '--from', '1.0.0', '--timeout', ACT_TIMEOUT);
  const run = await stage.mlops(args, (line) => {
    startedRun ||= /^Workflow .*\/([0-9a-f-]{36})$/.exec(line)?.[1] ?? '';
    if (killed !== null || !line.includes('weight 15 %')) return;
    killed = -1;
    void killWorker(stage).then((pid) => (killed = pid));
  });
  const status = await readStatus(stage);
  const worker = await pidOf(stage, 'worker');
  return concludeAct('A better release is promoted, although the worker is killed in mid-ramp', [
    [`1.1.0 was promoted (exit ${run.code})`, run.code === 0 && status.outcome === 'promoted'],
    [`worker ${killed} was killed with SIGKILL at 15 %`, killed !== null && killed > 0],
    [`another worker, ${worker}, finished it`, worker !== null && worker !== killed],
    [`the run that was started went on: ${startedRun}`, status.runId === startedRun],
  ]);
}

async function killWorker(stage: Stage): Promise<number> {
  const pid = await pidOf(stage, 'worker');
  if (pid === null) return -1;
  stage.say(`  >>> kill -9 ${pid} (the worker)`);
  process.kill(pid, 'SIGKILL');
  return pid;
}

/** 1.2.2 answers fast and 200, but with query vectors of another space than the index: only quality shows it. */
export async function rollBackOnQuality(stage: Stage): Promise<ActResult> {
  const run = await stage.mlops(startCommand(stage, '1.2.2', '--timeout', ACT_TIMEOUT));
  const status = await readStatus(stage);
  const reason = status.timeline.at(-1)?.detail ?? '';
  return concludeAct('A release that answers 200 but retrieves the wrong documents is rolled back', [
    [`1.2.2 was rolled back (exit ${run.code})`, run.code === 3 && status.outcome === 'rolled-back'],
    [reason, reason.startsWith('scores')],
    [`the canary has ${status.intendedWeightPercent} % of the traffic`, status.intendedWeightPercent === 0],
  ]);
}

/** 1.1.1 waits before 15 % until a signal from Temporal's own program lets it pass. */
export async function approveBySignal(stage: Stage): Promise<ActResult> {
  await stage.mlops(startCommand(stage, '1.1.1', '--gate', '15', '--detach'));
  const waiting = await lookUntil(stage, ({ phase }) => phase === 'awaiting-approval', WAIT_MS);
  const shown = await stage.mlops(['rollout', 'explain', '--model', stage.model]);
  for (const line of shown.stdout.trim().split('\n')) stage.say(`    ${line}`);
  const signal = await signalApproval(stage);
  const passed = await lookUntil(stage, ({ intendedWeightPercent }) => intendedWeightPercent === 15, WAIT_MS);
  return concludeAct('A manual gate is approved by a signal from the Temporal command line', [
    ['the rollout of 1.1.1 waited for an approval before 15 %', waiting !== null],
    [`the signal was accepted (exit ${signal.code})`, signal.code === 0],
    ['the weight went to 15 % after it', passed !== null],
  ]);
}

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
export async function rollBackWithoutTemporal(stage: Stage): Promise<ActResult> {
  await stopSupervision(stage);
  const run = await stage.mlops(['rollback', stage.model, '--reason', 'demo: users see errors']);
  stage.say(`    ${run.stdout.trim()}`);
  const up = await stage.mlops(['up', '--detach']);
  const ended = await lookUntil(stage, ({ outcome }) => outcome !== null, 2 * WAIT_MS);
  return concludeAct('An emergency rollback works while Temporal is down, and the ramp yields to it', [
    [`all traffic went to the stable version (exit ${run.code})`, run.code === 0 && run.stdout.includes('→ 0 %')],
    ['the stack came back', up.code === 0],
    [`the rollout ended as ${ended?.outcome ?? 'still open'}`, ended?.outcome === 'rolled-back'],
  ]);
}

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
