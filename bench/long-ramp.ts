// A ramp of 30 days with a look a minute on the real server, by a worker whose timers do not wait: `node bench/long-ramp.ts --looks 43200`.
// Real: server, database, gateway, judge, telemetry, continue-as-new. Not real: that a minute passes between two looks.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connectTemporal } from '../adapters/temporal/connect.ts';
import { openPool } from '../adapters/postgres/pool.ts';
import { loadConfig } from '../config/load.ts';
import { createProject } from '../test/support/stack.ts';
import { readWrites, runningPid, startArguments } from '../test/support/rollouts.ts';
import { startTraffic } from '../test/support/traffic.ts';
import { printTable, wholeOption } from './support/report.ts';

const OFFSET = 15_000;
const LOOKS = wholeOption('looks', 43_200);
const WEIGHTS = [5, 10, 25, 50];
const minutes = Math.ceil(LOOKS / WEIGHTS.length);
const DEPLOYMENT = `
canary:
  tick_seconds: 60
  warm_up_seconds: 60
  minimum_requests: 20
  max_deployment_hours: ${Math.ceil(LOOKS / 30)}
  bake_minutes: 1
  steps: [${WEIGHTS.map((weight) => `{ weight: ${weight}, window_minutes: ${minutes} }`).join(', ')}]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
health: { interval_seconds: 3600, timeout_seconds: 2, failures: 3, out_of: 3 }
`;

const project = await createProject(OFFSET, DEPLOYMENT);
let worker: ReturnType<typeof spawn> | null = null;
try {
  const up = await project.mlops(['up', '--detach']);
  if (up.code !== 0) throw new Error(up.stderr);
  const endpoints = { '1.0.0': await project.startService('1.0.0'), '1.1.0': await project.startService('1.1.0') };
  for (const part of ['supervisor', 'worker']) process.kill(await runningPid(project, part), 'SIGKILL');
  const program = fileURLToPath(new URL('../test/support/hasty-worker.ts', import.meta.url));
  worker = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, project.root, String(OFFSET)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 200 });
  const started = performance.now();
  const run = await project.mlops(startArguments('rag_api', '1.1.0', endpoints, '--from', '1.0.0', '--timeout', '2h'));
  const seconds = (performance.now() - started) / 1000;
  await traffic.stop();
  if (run.code !== 0) console.error(run.stderr.slice(-2000), run.stdout.slice(-2000));
  const { config } = loadConfig({ env: {}, workingDirectory: project.root, portOffset: OFFSET });
  const pool = openPool(config);
  const { rows } = await pool.query<{ looks: string; megabytes: string }>(
    `select count(*) as looks, round(pg_total_relation_size('rollout_tick') / 1e6) as megabytes from rollout_tick`,
  );
  await pool.end();
  const runs = await historyLengths(config);
  const weights = (await readWrites(project, OFFSET, 'rag_api')).map(({ split }) => split.canaryBasisPoints / 100);
  printTable(
    `A ramp of ${LOOKS} looks, a minute each`,
    ['exit', 'weights', 'looks', 'minutes it took', 'looks a second', 'runs', 'longest history (events)', 'rows (MB)'],
    [
      [
        run.code,
        weights.join(' '),
        rows[0]?.looks ?? 0,
        (seconds / 60).toFixed(1),
        (Number(rows[0]?.looks ?? 0) / seconds).toFixed(0),
        runs.length,
        Math.max(...runs),
        rows[0]?.megabytes ?? 0,
      ].map(String),
    ],
  );
  process.exitCode = run.code;
} finally {
  worker?.kill('SIGKILL');
  await project.remove();
}

/** Events of each run that the rollout continued as. */
async function historyLengths(config: Parameters<typeof connectTemporal>[0]): Promise<number[]> {
  const client = await connectTemporal(config);
  try {
    const lengths: number[] = [];
    for await (const { historyLength } of client.workflow.list({ query: `WorkflowId = 'rollout/dev/rag_api'` }))
      lengths.push(historyLength ?? 0);
    return lengths;
  } finally {
    await client.connection.close();
  }
}
