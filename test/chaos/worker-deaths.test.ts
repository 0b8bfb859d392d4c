import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTemporal } from '../../adapters/temporal/connect.ts';
import { findInstalledServer } from '../../adapters/temporal/find-server.ts';
import { loadConfig } from '../../config/load.ts';
import { acceptedUpdates, identitiesOf, readHistory } from '../support/history.ts';
import { keepDyingWorkers } from '../support/kill-grid.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createStatusReader, readWrites, runningPid, startArguments, type StatusReader } from '../support/rollouts.ts';
import { createProject, until, type TestProject } from '../support/stack.ts';
import { readStory, type Story } from '../support/story.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';

const OFFSET = OFFSETS.workerDeaths;
/** No incident is opened: whether a look sees requests enough for one before it rolls back is a matter of time. */
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.3
  bake_minutes: 0.03
  steps: [{ header_only: true, window_minutes: 0.01 }, { weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03 }]
profiles:
  gated:
    steps: [{ weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03, gate: true }]
  slow:
    steps: [{ weight: 20, window_minutes: 5 }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000, minimum_success_rate: 0.5 }
health: { interval_seconds: 5, timeout_seconds: 2, failures: 3, out_of: 3 }
`;
/** A server gives a workflow that it kept for a worker to any other after ten seconds. */
const LONGER_THAN_STICKY_MS = 11_000;
/**
 * Where a worker dies here: before anything was done, and between an effect and its report. bench/kill-grid.ts has
 * every moment there is.
 */
const MOMENTS =
  /(prepareRollout|smokeTest|applySplit|observeAndJudge|checkStable): start|after (smoke\.ask|router\.apply|rollouts\.(open|saveTick|recordEvent|close))/;

describe('rollouts whose workers die', () => {
  let project: TestProject;
  const traffic: Traffic[] = [];
  let statuses: StatusReader;
  const endpoints: Record<string, string> = {};
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    project = await createProject(OFFSET, DEPLOYMENT);
    statuses = createStatusReader(project, OFFSET);
    const up = await project.mlops(['up', '--detach']);
    expect(up.stderr + up.stdout, 'the stack starts').toContain('Ready.');
    endpoints['1.0.0'] = await project.startService('1.0.0');
    endpoints['1.1.0'] = await project.startService('1.1.0');
    endpoints['1.2.0'] = await project.startService('1.2.0', 0.3);
    for (const model of ['calm', 'killed', 'later'])
      traffic.push(startTraffic({ url: project.gateway, model, perSecond: 100 }));
  });

  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(traffic.map(async (one) => await one.stop()));
    await statuses?.close();
    await project?.remove();
  });

  const status = async () => await statuses.of('later');
  const weights = async (since: number) =>
    (await readWrites(project, OFFSET, 'later')).slice(since).map(({ split }) => split.canaryBasisPoints);
  const start = async (to: string, from: string, ...more: string[]) =>
    await project.mlops(startArguments('later', to, endpoints, '--from', from, '--detach', ...more));

  /** A worker of our own; `skewMs` moves its machine's clock. */
  const startWorker = (skewMs = 0): ChildProcess => {
    const clock = `const now = Date.now; Date.now = () => now() + ${skewMs};`;
    const child = spawn(join(import.meta.dirname, '../../bin/mlops'), ['worker'], {
      cwd: project.root,
      env: {
        ...process.env,
        MLOPS_PORT_OFFSET: String(OFFSET),
        ...(skewMs === 0 ? {} : { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}` }),
      },
      stdio: 'ignore',
    });
    running.push(child);
    return child;
  };
  const kill = async (child: ChildProcess): Promise<void> => {
    const gone = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('exit', (_code, signal) => resolve(signal)),
    );
    child.kill('SIGKILL');
    expect(await gone).toBe('SIGKILL');
  };

  /** A promotion, then a rollback on errors. */
  const both = async (model: string): Promise<Story[]> => {
    const first = await project.mlops(startArguments(model, '1.1.0', endpoints, '--from', '1.0.0', '--timeout', '9m'));
    expect(first.code, first.stderr).toBe(0);
    const promoted = await readStory(project, OFFSET, model);
    const second = await project.mlops(startArguments(model, '1.2.0', endpoints, '--timeout', '9m'));
    expect(second.code, second.stderr).toBe(3);
    const back = await readStory(project, OFFSET, model);
    expect([promoted.outcome, back.outcome], second.stderr).toEqual(['promoted', 'rolled-back']);
    return [promoted, back];
  };

  it(
    'end as they do when nothing dies, in the same run, with every weight and event once',
    { timeout: 600_000 },
    async () => {
      const calm = await both('calm');
      const workers = await keepDyingWorkers(project, OFFSET, MOMENTS);
      const killed = await both('killed');
      const deaths = await workers.deaths();
      const ends = workers.ends.slice();
      await workers.stop();
      expect(deaths.length, deaths.join(', ')).toBeGreaterThanOrEqual(10);
      expect(deaths).toEqual(
        expect.arrayContaining(['applySplit: after router.apply', 'smokeTest: after smoke.ask']) as string[],
      );
      expect(ends, 'every process died by the signal, at its moment').toEqual(deaths.map(() => 'SIGKILL'));
      for (const [i, story] of killed.entries()) {
        const { runId: _, ...told } = story;
        const { runId: __, ...wanted } = calm[i] as Story;
        expect(told).toEqual(wanted);
      }
      const history = await readHistory(project.root, OFFSET, 'rollout/dev/killed', killed[0]?.runId);
      expect(identitiesOf(history).length, 'several workers had the same run').toBeGreaterThan(5);
    },
  );

  it('are started once by two at once, and refuse the other version', { timeout: 120_000 }, async () => {
    const worker = startWorker();
    const equal = await Promise.all([
      start('1.1.0', '1.0.0', '--profile', 'slow'),
      start('1.1.0', '1.0.0', '--profile', 'slow'),
    ]);
    expect(equal.map(({ code }) => code)).toEqual([0, 0]);
    expect(equal.filter(({ stderr }) => stderr.includes('Attached'))).toHaveLength(1);
    const other = await start('1.2.0', '1.0.0');
    expect(other.code).toBe(3);
    await until(status, ({ intendedWeightPercent }) => intendedWeightPercent === 20, 60_000);
    expect(await weights(0)).toEqual([0, 2000]);
    await kill(worker);
  });

  it('take traffic back once when they are cancelled while no worker lives', { timeout: 120_000 }, async () => {
    const before = (await readWrites(project, OFFSET, 'later')).length;
    const cancelled = spawnSync(
      findInstalledServer()?.binary ?? 'temporal',
      ['workflow', 'cancel', '--address', `127.0.0.1:${7233 + OFFSET}`, '--workflow-id', 'rollout/dev/later'],
      { encoding: 'utf8' },
    );
    expect(cancelled.status, cancelled.stderr).toBe(0);
    const worker = startWorker();
    const ended = await until(status, ({ outcome }) => outcome !== null, 60_000);
    expect(ended.outcome).toBe('aborted');
    expect(await weights(before)).toEqual([0]);
    await kill(worker);
  });

  it('keep an approval that was given while no worker lived, and take it once', { timeout: 180_000 }, async () => {
    const worker = startWorker();
    expect((await start('1.1.0', '1.0.0', '--profile', 'gated')).code).toBe(0);
    await until(status, ({ phase }) => phase === 'awaiting-approval', 60_000);
    await kill(worker);
    const approving = project.mlops(['rollout', 'approve', '--model', 'later', '--reason', 'looks good']);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    startWorker();
    const approved = await approving;
    expect(approved.code, approved.stderr).toBe(0);
    const ended = await until(status, ({ outcome }) => outcome !== null, 90_000);
    expect(ended.outcome).toBe('promoted');
    expect(ended.timeline.filter(({ event }) => event === 'approved')).toHaveLength(1);
  });

  it('go by the clock of the server, not by that of a worker', { timeout: 120_000 }, async () => {
    for (const child of running) child.kill('SIGKILL');
    startWorker(24 * 3_600_000);
    expect((await start('1.0.0', '1.1.0', '--profile', 'slow')).code).toBe(0);
    await until(status, ({ intendedWeightPercent }) => intendedWeightPercent === 20, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const { outcome, intendedWeightPercent, timeline } = await status();
    expect({ outcome, intendedWeightPercent }, JSON.stringify(timeline)).toEqual({
      outcome: null,
      intendedWeightPercent: 20,
    });
    expect((await project.mlops(['rollout', 'abort', '--model', 'later', '--reason', 'done'])).code).toBe(0);
    await until(status, ({ outcome: end }) => end !== null, 60_000);
  });

  it(
    'take an approval once, though workers and server die before and after it is accepted',
    { timeout: 240_000 },
    async () => {
      expect((await start('1.0.0', '1.1.0', '--profile', 'gated')).code).toBe(0);
      await until(status, ({ phase }) => phase === 'awaiting-approval', 60_000);
      const before = running.splice(0);
      for (const child of before) child.kill('SIGKILL');
      const { config } = loadConfig({ env: {}, workingDirectory: project.root, portOffset: OFFSET });
      const client = await connectTemporal(config);
      try {
        const approve = async () =>
          await client.workflow.getHandle('rollout/dev/later').executeUpdate<unknown, [object]>('approve', {
            updateId: 'approval-1',
            args: [{ actor: 'ann', reason: 'tested' }],
          });
        const early = approve().catch(() => null);
        await sleep(2000);
        process.kill(await runningPid(project, 'temporal'), 'SIGKILL');
        await sleep(LONGER_THAN_STICKY_MS);
        expect((await project.mlops(['up', '--detach'])).stdout).toContain('Ready.');
        const accepted = await approve();
        expect(accepted).toMatchObject({ accepted: true });
        process.kill(await runningPid(project, 'worker'), 'SIGKILL');
        expect(await approve(), 'asked again, it is the same approval').toEqual(accepted);
        expect([accepted, null], 'what was sent first is no other').toContainEqual(await early);
      } finally {
        await client.connection.close();
      }
      const ended = await until(status, ({ outcome }) => outcome !== null, 90_000);
      expect(ended.outcome).toBe('promoted');
      expect(ended.timeline.filter(({ event }) => event === 'approve')).toHaveLength(1);
      const history = await readHistory(project.root, OFFSET, 'rollout/dev/later');
      expect(acceptedUpdates(history)).toEqual(['approval-1']);
      expect(identitiesOf(history).length, 'before, and twice after').toBeGreaterThanOrEqual(2);
      const metrics = await (await fetch(`http://127.0.0.1:${9464 + OFFSET}/metrics`)).text();
      expect(metrics, 'the history was replayed from its start').toMatch(
        /temporal_workflow_task_replay_latency\w*_count\{[^}]*\} [1-9]/,
      );
    },
  );
});
