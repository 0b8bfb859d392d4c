import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, verifyReceipt } from '../../client/index.ts';
import { findInstalledServer } from '../../adapters/temporal/find-server.ts';
import { isAlive } from '../../adapters/processes/pid-file.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createStatusReader, readWrites, runningPid, startArguments, type StatusReader } from '../support/rollouts.ts';
import { createProject, until, type TestProject } from '../support/stack.ts';
import { identitiesOf, readHistory, replayHistory } from '../support/history.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';

/** Short steps, so that a whole rollout takes some seconds; the judge is the real one. */
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.1
  bake_minutes: 0.04
  steps: [{ weight: 20, window_minutes: 0.04 }, { weight: 50, window_minutes: 0.04 }]
profiles:
  gated:
    steps: [{ weight: 20, window_minutes: 0.03 }, { weight: 50, window_minutes: 0.03, gate: true }]
  slow:
    steps: [{ weight: 20, window_minutes: 5 }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors] }
health: { interval_seconds: 2, timeout_seconds: 2, failures: 3, out_of: 3 }
`;

describe('a rollout on the real stack', () => {
  let project: TestProject;
  let traffic: Traffic;
  let statuses: StatusReader;
  const endpoints: Record<string, string> = {};

  beforeAll(async () => {
    project = await createProject(OFFSETS.crashes, DEPLOYMENT);
    statuses = createStatusReader(project, OFFSETS.crashes);
    const up = await project.mlops(['up', '--detach']);
    expect(up.stderr + up.stdout, 'the stack starts').toContain('Ready.');
    for (const [version, errorShare] of [
      ['1.0.0', 0],
      ['1.1.0', 0],
      ['1.2.0', 0.1],
    ] as const)
      endpoints[version] = await project.startService(version, errorShare);
    traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 150 });
  });

  afterAll(async () => {
    await traffic?.stop();
    await statuses?.close();
    await project?.remove();
  });

  const start = async (to: string, ...more: string[]) =>
    await project.mlops(startArguments('rag_api', to, endpoints, ...more));
  const status = async () => await statuses.of('rag_api');
  const writes = async () => await readWrites(project, OFFSETS.crashes, 'rag_api');

  it('is promoted although the worker is killed in mid-ramp, each weight written once and in order', async () => {
    const started = await start('1.1.0', '--from', '1.0.0', '--detach');
    expect(started.code, started.stderr).toBe(0);
    const before = await until(status, ({ intendedWeightPercent }) => intendedWeightPercent === 20, 20_000);
    const worker = await project.pidOf('worker');
    process.kill(worker, 'SIGKILL');
    await until(
      async () => await Promise.resolve(isAlive(worker)),
      (alive) => !alive,
      5000,
    );
    const watched = await project.mlops(['rollout', 'watch', '--model', 'rag_api', '--timeout', '90s']);
    expect(watched.code, watched.stderr).toBe(0);
    const after = await status();
    expect(after.outcome).toBe('promoted');
    expect(after.runId, 'the same run went on').toBe(before.runId);
    const history = await readHistory(project.root, OFFSETS.crashes, 'rollout/dev/rag_api');
    expect(identitiesOf(history), 'another worker finished it').toContainEqual(
      expect.not.stringContaining(`worker-${worker}@`),
    );
    const seen = await writes();
    expect(seen.map(({ split }) => split.canaryBasisPoints)).toEqual([0, 2000, 5000, 10_000, 0]);
    expect(seen.map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 5]);
    expect(seen.at(-1)?.split.stable.version).toBe('1.1.0');
    await expect(replayHistory(history, 'rollout/dev/rag_api', join(project.root, '.mlops'))).resolves.toBeUndefined();
  });

  it('is recomputed from its receipt, bit for bit, and an altered receipt is refused', async () => {
    const file = join(project.root, 'receipt.json');
    const html = join(project.root, 'receipt.html');
    expect(
      (await project.mlops(['rollout', 'receipt', '--model', 'rag_api', '--out', file, '--html', html])).code,
    ).toBe(0);
    const verified = await project.json<{ valid: boolean; exact: boolean; judgedTicks: number }>([
      'rollout',
      'receipt',
      '--verify',
      file,
    ]);
    expect(verified).toMatchObject({ valid: true, exact: true });
    expect(verified.judgedTicks).toBeGreaterThan(5);
    expect(await readFile(html, 'utf8')).toContain('<svg');
    const receipt = JSON.parse(await readFile(file, 'utf8')) as {
      ticks: { judged: boolean; input: { canary?: { errors: number; requests: number } } }[];
    };
    const tick = receipt.ticks.find(({ judged, input }) => judged && input.canary !== undefined);
    if (tick?.input.canary !== undefined) tick.input.canary.errors = tick.input.canary.requests;
    await writeFile(file, JSON.stringify(receipt));
    const refused = await project.mlops(['rollout', 'receipt', '--verify', file]);
    expect(refused.code).toBe(3);
    expect(refused.stdout).toContain('NOT valid');
  });

  it('is seen by a TypeScript program as by the command line', async () => {
    const mlops = connect({ workingDirectory: project.root, env: { MLOPS_PORT_OFFSET: String(OFFSETS.crashes) } });
    try {
      const { outcome, runId } = await status();
      expect(await mlops.rollouts.status('rag_api')).toMatchObject({ outcome, runId });
      expect((await mlops.rollouts.result('rag_api'))?.outcome).toBe('promoted');
      const [newest] = await mlops.rollouts.list('rag_api');
      const receipt = await mlops.rollouts.receipt('rag_api', newest?.rolloutKey);
      expect(receipt === null ? null : verifyReceipt(receipt)).toMatchObject({ valid: true, exact: true });
      const order = { model: 'rag_api', fromVersion: '1.1.0', toVersion: '9.9.9', profile: 'default', endpoints: {} };
      await expect(mlops.rollouts.start({ ...order, gates: [], actor: 'test', reason: '' })).rejects.toMatchObject({
        code: 'TARGET_UNKNOWN',
      });
    } finally {
      await mlops.close();
    }
  });

  it('finds a version that is live already and says so', async () => {
    const again = await start('1.1.0');
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('nothing to do');
  });

  it('rolls a version with 10 % errors back, with the evidence in the reason and exit code 3', async () => {
    const result = await start('1.2.0', '--timeout', '90s');
    expect(result.code, result.stderr).toBe(3);
    const { outcome, intendedWeightPercent } = await status();
    expect(outcome).toBe('rolled-back');
    expect(intendedWeightPercent).toBe(0);
    expect(result.stdout).toMatch(/evidence (of harm )?\S+ reached 20/);
    const last = (await writes()).at(-1);
    expect(last?.split).toMatchObject({ canaryBasisPoints: 0, stable: { version: '1.1.0' } });
  });

  it('refuses another version while one is in flight, attaches to the equal one, and ends it on request', async () => {
    expect((await start('1.0.0', '--profile', 'slow', '--detach')).code).toBe(0);
    const attached = await start('1.0.0', '--profile', 'slow', '--detach');
    expect(attached.stderr).toContain('Attached');
    const other = await start('1.2.0', '--profile', 'slow', '--detach');
    expect(other.code).toBe(3);
    expect(other.stderr).toContain('ROLLOUT_ALREADY_OPEN');
    await until(status, ({ intendedWeightPercent }) => intendedWeightPercent === 20, 20_000);
    expect(
      (await project.mlops(['rollout', 'approve', '--model', 'rag_api'])).code,
      'nothing waits for an approval',
    ).toBe(3);
    const refusals = await project.mlops(['audit', 'query', '--type', 'rollout.approve-refused']);
    expect(refusals.stdout, 'that somebody tried is evidence').toContain('rollout.approve-refused');
    expect((await project.mlops(['rollout', 'pause', '--model', 'rag_api', '--reason', 'lunch'])).code).toBe(0);
    expect((await project.mlops(['rollout', 'status', '--model', 'rag_api'])).code, 'waits for a person').toBe(6);
    expect((await project.mlops(['rollout', 'resume', '--model', 'rag_api'])).code).toBe(0);
    expect((await project.mlops(['rollout', 'abort', '--model', 'rag_api', '--reason', 'changed my mind'])).code).toBe(
      0,
    );
    const ended = await until(status, ({ outcome }) => outcome !== null, 20_000);
    expect(ended.outcome).toBe('aborted');
    expect((await writes()).at(-1)?.split.canaryBasisPoints).toBe(0);
  });

  it('waits at a manual gate and goes on after a signal from the Temporal program', async () => {
    expect((await start('1.0.0', '--profile', 'gated', '--detach')).code).toBe(0);
    await until(status, ({ phase }) => phase === 'awaiting-approval', 40_000);
    const server = findInstalledServer();
    const signal = spawnSync(
      server?.binary ?? 'temporal',
      [
        'workflow',
        'signal',
        '--address',
        `127.0.0.1:${7233 + OFFSETS.crashes}`,
        '--workflow-id',
        'rollout/dev/rag_api',
        '--name',
        'approve',
      ],
      { encoding: 'utf8' },
    );
    expect(signal.status, signal.stderr).toBe(0);
    const passed = await until(status, ({ intendedWeightPercent }) => intendedWeightPercent === 50, 20_000);
    expect(passed.timeline).toContainEqual(expect.objectContaining({ event: 'approved', actor: 'signal' }));
  });

  it('is overruled by an emergency rollback while Temporal and PostgreSQL are down, and yields when they are back', async () => {
    // The supervisor first, or it would start them again.
    for (const part of ['supervisor', 'temporal', 'postgres']) process.kill(await runningPid(project, part), 'SIGKILL');
    const rollback = await project.mlops(['rollback', 'rag_api', '--reason', 'customers see errors']);
    expect(rollback.code, rollback.stderr).toBe(0);
    expect((await writes()).at(-1)?.split.canaryBasisPoints).toBe(0);
    expect(await readFile(join(project.root, '.mlops/journal/emergency.jsonl'), 'utf8')).toContain(
      'customers see errors',
    );
    const up = await project.mlops(['up', '--detach']);
    expect(up.stdout, up.stderr).toContain('Ready.');
    const ended = await until(status, ({ outcome }) => outcome !== null, 60_000);
    expect(ended.outcome).toBe('rolled-back');
    expect((await writes()).at(-1)?.split.canaryBasisPoints).toBe(0);
  });

  it('lost no request of a user beyond what the bad version answered', () => {
    const failed = Object.entries(traffic.seen.status).filter(([code]) => Number(code) >= 502 || Number(code) === 0);
    expect(failed).toEqual([]);
  });
});
