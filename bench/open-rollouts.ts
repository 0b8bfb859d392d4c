// Many rollouts open at once on one worker: `node bench/open-rollouts.ts --rollouts 500 --minutes 6`. Memory, and how late looks are.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../client/index.ts';
import { openPool } from '../adapters/postgres/pool.ts';
import { createProject } from '../test/support/stack.ts';
import { runningPid } from '../test/support/rollouts.ts';
import { startTraffic } from '../test/support/traffic.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const ROLLOUTS = wholeOption('rollouts', 500);
const MINUTES = wholeOption('minutes', 6);
const OFFSET = 17_500;
const TICK_SECONDS = 60;
/** The shipped policy and cadence: a look a minute, a probe of both arms every 30 seconds. */
const DEPLOYMENT = `
canary:
  tick_seconds: ${TICK_SECONDS}
  max_deployment_hours: 24
  steps: [{ weight: 20, window_minutes: 600 }]
`;

const project = await createProject(OFFSET, DEPLOYMENT);
try {
  const up = await project.mlops(['up', '--detach']);
  if (up.code !== 0) throw new Error(up.stderr);
  const endpoints = { '1.0.0': await project.startService('1.0.0'), '1.1.0': await project.startService('1.1.0') };
  const parts = ['worker', 'temporal', 'postgres', 'gateway'] as const;
  const pids = await Promise.all(parts.map(async (part) => await runningPid(project, part)));
  const idle = pids.map(megabytesOf);
  const mlops = connect({ workingDirectory: project.root, env: { MLOPS_PORT_OFFSET: String(OFFSET) } });
  const pool = openPool(mlops.config);
  // When each look was written, by the clock of the database: the program itself keeps the rollout's time only.
  await pool.query('ALTER TABLE rollout_tick ADD COLUMN written_at timestamptz NOT NULL DEFAULT clock_timestamp()');
  const started = performance.now();
  for (let i = 0; i < ROLLOUTS; i += 1) {
    const order = { model: `model_${i}`, fromVersion: '1.0.0', toVersion: '1.1.0', profile: 'default', endpoints };
    await mlops.rollouts.start({ ...order, gates: [], actor: 'bench', reason: 'bench' });
  }
  const startSeconds = (performance.now() - started) / 1000;
  const traffic = Array.from({ length: 20 }, (_, i) =>
    startTraffic({ url: project.gateway, model: `model_${i}`, perSecond: 5 }),
  );
  await sleep(MINUTES * 60_000);
  const busy = pids.map(megabytesOf);
  await Promise.all(traffic.map(async (one) => await one.stop()));
  const { rows } = await pool.query<{ gap: string | null }>(
    `SELECT extract(epoch FROM written_at - lag(written_at) OVER (PARTITION BY rollout_key ORDER BY tick)) AS gap
     FROM rollout_tick`,
  );
  const open = await pool.query<{ count: string }>(`SELECT count(DISTINCT rollout_key) FROM rollout_tick`);
  await pool.end();
  await mlops.close();
  const late = rows.filter(({ gap }) => gap !== null).map(({ gap }) => Number(gap) - TICK_SECONDS);
  const seconds = (q: number): string => `${quantileOf(late, q).toFixed(1)} s`;
  printTable(
    `${ROLLOUTS} rollouts open on one worker, a look a minute and a probe every 30 s each`,
    ['looked at', 'looks', 'start of one', 'late by: median', 'p95', 'p99', 'most'],
    [
      [
        open.rows[0]?.count ?? '0',
        String(late.length),
        `${((1000 * startSeconds) / ROLLOUTS).toFixed(0)} ms`,
        ...[0.5, 0.95, 0.99, 1].map(seconds),
      ],
    ],
  );
  printTable(
    'Memory (RSS)',
    ['part', 'idle', 'with them open'],
    parts.map((part, i) => [part, `${idle[i]} MiB`, `${busy[i]} MiB`]),
  );
} finally {
  await project.remove();
}

function megabytesOf(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
