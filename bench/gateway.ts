// Latency that the gateway adds, side by side with the service itself, and requests lost over 100 changes of weight and
// one restart. `--seconds N` per measurement.
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { createProject } from '../test/support/stack.ts';
import { startTraffic } from '../test/support/traffic.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';
import { pidFromFile, startArguments } from '../test/support/rollouts.ts';
import { SHORT_STEPS } from './support/rollouts.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SECONDS = wholeOption('seconds', 15);
const OFFSET = 18_000;
const PER_SECOND = 200;
const CHANGES = 100;

const project = await createProject(OFFSET, SHORT_STEPS);
try {
  await project.mlops(['up', '--detach']);
  const endpoints = { '1.0.0': await project.startService('1.0.0'), '1.1.0': await project.startService('1.1.0') };
  await prepareSplit(endpoints);
  const [direct, through] = await measureSideBySide(endpoints['1.0.0'], project.gateway);
  printTable(
    `Latency at ${PER_SECOND} requests a second each, in turn, ${direct.length} requests each`,
    ['', 'p50', 'p95', 'p99'],
    [
      ['direct', ...quantiles(direct)],
      ['through the gateway', ...quantiles(through)],
      ['added', ...[0.5, 0.95, 0.99].map((q) => `${(quantileOf(through, q) - quantileOf(direct, q)).toFixed(2)} ms`)],
      ['wanted', '≤ 1 ms', '-', '≤ 5 ms'],
    ],
  );
  await measureLosses(endpoints);
} finally {
  await project.remove();
}

/** A rollout that is aborted leaves a split. */
async function prepareSplit(targets: Record<string, string>): Promise<void> {
  const traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 50 });
  await project.mlops(startArguments('rag_api', '1.1.0', targets, '--from', '1.0.0', '--detach'));
  await sleep(3000);
  await project.mlops(['rollout', 'abort', '--model', 'rag_api']);
  await sleep(3000);
  await traffic.stop();
}

async function measureSideBySide(direct: string, gateway: string): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  const started = performance.now();
  const pending: Promise<void>[] = [];
  // Both kinds alternate, so that the machine's mood hits both.
  for (let sent = 0; sent < 2 * PER_SECOND * SECONDS; sent += 1) {
    const due = started + (sent * 1000) / (2 * PER_SECOND);
    if (due > performance.now()) await sleep(due - performance.now());
    const side = (sent % 2) as 0 | 1;
    pending.push(ask(side === 0 ? direct : gateway, sent).then((ms) => void times[side].push(ms)));
  }
  await Promise.all(pending);
  return times;
}

async function ask(url: string, number: number): Promise<number> {
  const started = performance.now();
  const { body } = await request(`${url}/query`, {
    headers: { 'x-mlops-model': 'rag_api', 'x-user-id': `user-${number}` },
  });
  await body.dump();
  return performance.now() - started;
}

function quantiles(times: readonly number[]): string[] {
  return [0.5, 0.95, 0.99].map((q) => `${quantileOf(times, q).toFixed(2)} ms`);
}

async function measureLosses(targets: Record<string, string>): Promise<void> {
  const traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: PER_SECOND });
  await sleep(1000);
  await changeWeights(targets);
  const lost = { ...traffic.seen.status };
  const pid = await pidFromFile(project, 'gateway');
  if (pid !== null) process.kill(pid, 'SIGKILL');
  const killedAt = performance.now();
  await untilAnswers();
  const awayMs = performance.now() - killedAt;
  await sleep(1000);
  const before = failures(traffic.seen.status);
  await sleep(3000);
  await traffic.stop();
  const after = failures(traffic.seen.status);
  printTable(
    `Requests lost, ${PER_SECOND} a second`,
    ['over', 'failed', 'wanted'],
    [
      [`${CHANGES} changes of weight`, String(failures(lost)), '0'],
      [
        `a SIGKILL of the gateway (away ${awayMs.toFixed(0)} ms)`,
        String(before - failures(lost)),
        'those of the restart',
      ],
      ['3 s after it', String(after - before), '0'],
    ],
  );
}

function failures(status: Readonly<Record<number, number>>): number {
  return Object.entries(status)
    .filter(([code]) => Number(code) === 0 || Number(code) >= 500)
    .reduce((sum, [, count]) => sum + count, 0);
}

async function changeWeights(targets: Record<string, string>): Promise<void> {
  const token = (await readFile(join(project.root, '.mlops/gateway/token'), 'utf8')).trim();
  const url = `http://127.0.0.1:${8081 + OFFSET}/v1/splits/rag_api`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const { generation } = (await (await fetch(url, { headers })).json()) as { generation: number };
  for (let change = 1; change <= CHANGES; change += 1) {
    const write = {
      split: {
        model: 'rag_api',
        stable: { version: '1.0.0', endpoint: targets['1.0.0'] },
        canary: { version: '1.1.0', endpoint: targets['1.1.0'] },
        canaryBasisPoints: (change * 997) % 10_000,
        mirrorBasisPoints: 0,
      },
      generation: generation + change,
      expectedGeneration: null,
      idempotencyKey: `bench/${change}`,
      actor: 'bench',
      reason: 'bench',
    };
    const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(write) });
    if (!answer.ok) throw new Error(`the gateway refused a write: ${await answer.text()}`);
    await sleep(50);
  }
}

async function untilAnswers(): Promise<void> {
  for (;;) {
    try {
      await ask(project.gateway, 0);
      return;
    } catch {
      await sleep(20);
    }
  }
}
