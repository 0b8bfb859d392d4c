// A workflow step (no-op activity) as rollouts do it, beside a bare Temporal loop, in turn on one server: `node bench/step-overhead.ts --rounds 12`.
// Ours: encrypted payloads, coded errors, retries, summaries, the worker's limits. Bare: the SDK's defaults.
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { translateErrors } from '../activities/translate-errors.ts';
import { connectTemporal, connectionOptionsOf, loadDataConverter } from '../adapters/temporal/connect.ts';
import { loadConfig } from '../config/load.ts';
import { createProject } from '../test/support/stack.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';
import type { bareLoop, ourLoop } from './support/loop-workflows.ts';

const ROUNDS = wholeOption('rounds', 12);
const STEPS = wholeOption('steps', 100);
const OFFSET = 18_000;
/** About as long as a look's input. */
const PAYLOAD = 'x'.repeat(900);
const workflowsPath = fileURLToPath(new URL('support/loop-workflows.ts', import.meta.url));

const project = await createProject(OFFSET, null);
try {
  const up = await project.mlops(['up', '--detach']);
  if (up.code !== 0) throw new Error(up.stderr);
  const { config } = loadConfig({ env: {}, workingDirectory: project.root, portOffset: OFFSET });
  const dataConverter = await loadDataConverter(config.stateDirectory);
  const { connectionOptions, namespace } = connectionOptionsOf(config);
  const connection = await NativeConnection.connect(connectionOptions);
  const ours = await connectTemporal(config);
  const bare = new Client({ connection: ours.connection, namespace });
  const noOp = async (payload: string): Promise<string> => await Promise.resolve(payload.slice(0, 100));
  const common = { connection, namespace, workflowsPath };
  const workers = [
    await Worker.create({ ...common, taskQueue: 'bare', activities: { noOp } }),
    await Worker.create({
      ...common,
      taskQueue: 'ours',
      activities: translateErrors({ noOp }),
      dataConverter,
      maxConcurrentActivityTaskExecutions: 60,
      maxCachedWorkflows: 1000,
    }),
  ];
  const running = workers.map(async (worker) => await worker.run());
  const times = { bare: [] as number[], ours: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const one = await timeLoop(bare, 'bareLoop', 'bare', round);
    const other = await timeLoop(ours, 'ourLoop', 'ours', round);
    // The first warms caches on both sides.
    if (round === 0) continue;
    times.bare.push(one);
    times.ours.push(other);
  }
  for (const worker of workers) worker.shutdown();
  await Promise.all(running);
  await Promise.all([connection.close(), ours.connection.close()]);
  const ratios = times.ours.map((time, i) => time / (times.bare[i] ?? Number.NaN));
  const show = (values: readonly number[], digits: number): string[] =>
    [0.5, 0.1, 0.9].map((q) => quantileOf(values, q).toFixed(digits));
  printTable(
    `A workflow step, ${ROUNDS} rounds of ${STEPS} steps each, in turn`,
    ['', 'median', 'p10', 'p90', 'wanted'],
    [
      ['bare Temporal loop, ms', ...show(times.bare, 1), '-'],
      ['as rollouts do it, ms', ...show(times.ours, 1), '-'],
      ['ratio of neighbours', ...show(ratios, 2), '≤ 1.15'],
    ],
  );
} finally {
  await project.remove();
}

async function timeLoop(
  client: Client,
  name: 'bareLoop' | 'ourLoop',
  taskQueue: string,
  round: number,
): Promise<number> {
  const started = performance.now();
  await client.workflow.execute<typeof bareLoop | typeof ourLoop>(name, {
    taskQueue,
    workflowId: `${name}/${round}`,
    args: [STEPS, PAYLOAD],
  });
  return (performance.now() - started) / STEPS;
}
