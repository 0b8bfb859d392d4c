import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { loadConfig } from '../../config/load.ts';
import { isAlive } from '../../adapters/processes/pid-file.ts';
import { attemptsOf, readHistory } from '../support/history.ts';
import { startStoppingWorker } from '../support/kill-grid.ts';
import { OFFSETS } from '../support/offsets.ts';
import {
  createStatusReader,
  type GatewayWrite,
  readWrites,
  runningPid,
  startArguments,
  type StatusReader,
} from '../support/rollouts.ts';
import { createProject, until, type TestProject } from '../support/stack.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';

const OFFSET = OFFSETS.faults;
const ADMIN = `http://127.0.0.1:${8081 + OFFSET}`;
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.2
  bake_minutes: 0.03
  steps: [{ weight: 20, window_minutes: 0.1 }, { weight: 50, window_minutes: 0.03 }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
health: { interval_seconds: 5, timeout_seconds: 2, failures: 3, out_of: 3 }
`;

describe('a rollout goes on where it stopped', () => {
  let project: TestProject;
  let traffic: Traffic;
  let statuses: StatusReader;
  let live = '1.0.0';
  const endpoints: Record<string, string> = {};

  beforeAll(async () => {
    project = await createProject(OFFSET, DEPLOYMENT);
    statuses = createStatusReader(project, OFFSET);
    const up = await project.mlops(['up', '--detach']);
    expect(up.stderr + up.stdout, 'the stack starts').toContain('Ready.');
    for (const version of ['1.0.0', '1.1.0']) endpoints[version] = await project.startService(version);
    traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 150 });
  });

  afterAll(async () => {
    await traffic?.stop();
    await statuses?.close();
    await project?.remove();
  });

  const status = async () => await statuses.of('rag_api');
  const writes = async () => await readWrites(project, OFFSET, 'rag_api');
  const pidOf = async (part: string): Promise<number> => await runningPid(project, part);

  /** Starts a rollout of the version that is not live. */
  async function order(): Promise<{ readonly to: string; readonly before: number; readonly runId: string }> {
    const to = live === '1.0.0' ? '1.1.0' : '1.0.0';
    const before = (await writes()).length;
    const args = startArguments('rag_api', to, endpoints, '--from', live, '--detach');
    const { runId } = await project.json<{ runId: string }>(args);
    return { to, before, runId };
  }

  /** The same, and waits until it is at 20 %. */
  async function begin(): Promise<Awaited<ReturnType<typeof order>>> {
    const rollout = await order();
    await until(status, ({ intendedWeightPercent }) => intendedWeightPercent === 20, 30_000);
    return rollout;
  }

  /** Watches it to its end, which must be the one without the fault: every weight once, in order. */
  async function finish(
    { to, before, runId }: Awaited<ReturnType<typeof begin>>,
    plan = [2000, 5000, 10_000, 0],
  ): Promise<void> {
    const watched = await project.mlops(['rollout', 'watch', '--model', 'rag_api', '--timeout', '2m']);
    expect(watched.code, watched.stderr + watched.stdout).toBe(0);
    live = to;
    const ended = await status();
    expect(ended.outcome).toBe('promoted');
    expect(ended.runId).toBe(runId);
    const own = (await writes()).slice(before);
    const weights = own.map(({ split }) => split.canaryBasisPoints).filter((weight, i) => i > 0 || weight > 0);
    expect(weights).toEqual(plan);
    const generations = own.map(({ generation }) => generation);
    expect(new Set(generations).size).toBe(generations.length);
    expect(generations).toEqual(generations.toSorted((a, b) => a - b));
  }

  it.each(['postgres', 'temporal', 'gateway'])('when %s is killed', { timeout: 240_000 }, async (part) => {
    const rollout = await begin();
    const pid = await pidOf(part);
    process.kill(pid, 'SIGKILL');
    await until(
      async () => await Promise.resolve(isAlive(pid)),
      (alive) => !alive,
      5000,
    );
    await finish(rollout);
    expect(await pidOf(part), 'another process has taken over').not.toBe(pid);
  });

  it('when somebody edits the split by hand in mid-ramp', { timeout: 120_000 }, async () => {
    const rollout = await begin();
    const live = await callGateway(project, `splits/rag_api`);
    const split = { ...(live['split'] as object), canaryBasisPoints: 3000 };
    const edit = { split, generation: Number(live['generation']) + 1, expectedGeneration: null };
    await callGateway(project, 'splits/rag_api', { ...edit, idempotencyKey: 'by-hand', actor: 'eve', reason: 'try' });
    await until(status, ({ timeline }) => timeline.some(({ event }) => event === 'foreign-edit'), 20_000);
    const { timeline } = await status();
    expect(timeline.find(({ event }) => event === 'foreign-edit')?.detail).toContain('eve had set 30 %');
    await finish(rollout, [2000, 3000, 2000, 5000, 10_000, 0]);
  });

  it('when the disk of the gateway is full for longer than a step', { timeout: 120_000 }, async () => {
    const rollout = await begin();
    const next = join(project.root, '.mlops/gateway/splits.json.new');
    // Writes to it end with ENOSPC; the gateway removes what it could not write, so it is put back at once.
    const full = setInterval(() => void symlink('/dev/full', next).catch(() => undefined), 2);
    try {
      await until(async () => await Promise.resolve(existsSync(next)), Boolean, 5000);
      const live = await callGateway(project, 'splits/rag_api');
      const write = { split: live['split'], generation: Number(live['generation']) + 1, expectedGeneration: null };
      const refused = await callGateway(project, 'splits/rag_api', {
        ...write,
        idempotencyKey: 'x',
        actor: 'x',
        reason: '',
      });
      expect(refused).toMatchObject({ error: { code: 'GATEWAY_STATE_UNWRITABLE' } });
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      expect(await status()).toMatchObject({ outcome: null, intendedWeightPercent: 20 });
      expect(await callGateway(project, 'splits/rag_api'), 'what is live is what was').toEqual(live);
    } finally {
      clearInterval(full);
      await rm(next, { force: true });
    }
    await finish(rollout);
  });

  it(
    'when its worker is stopped in the middle of a write, one elsewhere takes over, and it wakes up as a zombie',
    { timeout: 240_000 },
    async () => {
      const zombie = await startStoppingWorker(project, OFFSET, /^applySplit: after router\.apply/);
      const elsewhere = await prepareElsewhere(project);
      const options = { cwd: elsewhere.root, env: { ...process.env, ...elsewhere.env } };
      const rollout = await order();
      await zombie.stopped();
      const second = spawn(join(import.meta.dirname, '../../bin/mlops'), ['worker'], { ...options, stdio: 'ignore' });
      try {
        // Not asked by a query: those still go to the worker that is stopped.
        await until(writes, (list) => list.slice(rollout.before).some(isAtHalf), 120_000);
        const seenThere = spawnSync(join(import.meta.dirname, '../../bin/mlops'), ['status'], {
          ...options,
          encoding: 'utf8',
        });
        expect(seenThere.stdout, seenThere.stderr).toContain(project.gateway);
        zombie.wake();
        await finish(rollout);
        expect(zombie.lives(), 'it woke up, and what it had to say came too late').toBe(true);
        const [first] = attemptsOf(await readHistory(project.root, OFFSET, 'rollout/dev/rag_api'), 'applySplit');
        expect(first?.attempt).toBeGreaterThan(1);
        expect(first?.identity).not.toContain(zombie.identity);
      } finally {
        zombie.kill();
        second.kill('SIGTERM');
        await project.mlops(['up', '--detach']);
      }
    },
  );

  it('when the metrics source answers 500 for several ticks', { timeout: 180_000 }, async () => {
    const source = await startFaultyAdmin();
    const elsewhere = await prepareElsewhere(project, source.url);
    for (const part of ['supervisor', 'worker']) process.kill(await pidOf(part), 'SIGKILL');
    const worker = spawn(join(import.meta.dirname, '../../bin/mlops'), ['worker'], {
      cwd: elsewhere.root,
      env: { ...process.env, ...elsewhere.env },
      stdio: 'ignore',
    });
    try {
      const rollout = await begin();
      // Late enough that nothing but telemetry can hold the step.
      await until(status, ({ step }) => step.requests >= step.minimumRequests, 20_000);
      source.breakSnapshots(true);
      await until(status, ({ lastVerdict }) => lastVerdict?.verdict === 'inconclusive', 20_000);
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      expect(source.refused(), 'several ticks').toBeGreaterThan(4);
      const blind = await status();
      expect(blind, 'neither promotes nor rolls back').toMatchObject({ outcome: null, intendedWeightPercent: 20 });
      expect(blind.lastVerdict?.reasons.join(' ')).toContain('500');
      expect(blind.step.requests, 'the minimum is met').toBeGreaterThanOrEqual(blind.step.minimumRequests);
      expect(blind.missing, 'nothing else is missing').toEqual([expect.stringContaining('500')]);
      source.breakSnapshots(false);
      await finish(rollout);
    } finally {
      worker.kill('SIGTERM');
      source.close();
    }
  });
});

/** A folder as on another machine: all it knows of the stack is addresses, the gateway's token and the keys of workers. */
async function prepareElsewhere(
  project: TestProject,
  adminUrl = ADMIN,
): Promise<{ readonly root: string; readonly env: Record<string, string> }> {
  const root = await mkdtemp(join(tmpdir(), 'mlops-elsewhere-'));
  await mkdir(join(root, 'config'));
  await mkdir(join(root, '.mlops/keys'), { recursive: true });
  for (const file of ['.mlops/keys/payload.json', '.mlops/keys/ledger-wrapping.json'])
    await copyFile(join(project.root, file), join(root, file));
  await copyFile(join(project.root, '.mlops/gateway/token'), join(root, 'gateway-token'));
  const there = `gateway: { url: "${project.gateway}", admin_url: "${adminUrl}", token_file: gateway-token }`;
  await writeFile(join(root, 'config/deployment.yaml'), `${DEPLOYMENT}${there}\n`);
  const { config } = loadConfig({ env: {}, workingDirectory: project.root, portOffset: OFFSET });
  return { root, env: { DATABASE_URL: databaseUrlOf(config), TEMPORAL_ADDRESS: `127.0.0.1:${7233 + OFFSET}` } };
}

/** One call to the gateway's admin API; refusals come back as their body. */
async function callGateway(project: TestProject, path: string, put?: unknown): Promise<Record<string, unknown>> {
  const token = (await readFile(join(project.root, '.mlops/gateway/token'), 'utf8')).trim();
  const response = await fetch(`${ADMIN}/v1/${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(put === undefined ? {} : { method: 'PUT', body: JSON.stringify(put) }),
  });
  return (await response.json()) as Record<string, unknown>;
}

/** The gateway's admin API behind a server that can be made to answer 500 for readings. */
async function startFaultyAdmin() {
  let broken = false;
  let refusedReadings = 0;
  const server = createServer((request, response) => {
    if (broken && request.url?.startsWith('/v1/snapshot') === true) {
      refusedReadings += 1;
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"broken on purpose"}}');
      return;
    }
    const { method = 'GET', headers } = request;
    const onward = forward(`${ADMIN}${request.url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakSnapshots: (value: boolean) => void (broken = value),
    refused: () => refusedReadings,
    close: () => void server.close(),
  };
}

function isAtHalf({ split }: GatewayWrite): boolean {
  return split.canaryBasisPoints === 5000;
}
