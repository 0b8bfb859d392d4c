// How long until users are safe: from the look that shows the breach to weight 0 verified; and the emergency rollback
// while Temporal is down, as a person runs it. `--runs N`.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createProject } from '../test/support/stack.ts';
import { startTraffic } from '../test/support/traffic.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';
import { pidFromFile, startArguments } from '../test/support/rollouts.ts';
import { SHORT_STEPS } from './support/rollouts.ts';

const RUNS = wholeOption('runs', 10);
const OFFSET = 17_000;

interface Receipt {
  readonly ticks: readonly { readonly at: string; readonly verdict: { readonly verdict: string } }[];
  readonly writes: readonly { readonly appliedAt: string | null; readonly split: { canaryBasisPoints: number } }[];
}

const project = await createProject(OFFSET, SHORT_STEPS);
try {
  await project.mlops(['up', '--detach']);
  const endpoints = { '1.0.0': await project.startService('1.0.0'), '1.1.0': await project.startService('1.1.0', 0.2) };
  const traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 200 });
  const breaches = await measureBreaches(endpoints);
  const emergencies = await measureEmergencies(endpoints);
  await traffic.stop();
  printTable(
    'Until all traffic is on the stable version, verified',
    ['from', 'runs', 'median', 'p95', 'wanted'],
    [
      ['the look that shows the breach (looks 1 s apart)', ...summary(breaches), '≤ 2 s plus one look'],
      ['`mlops rollback`, Temporal killed, start of the program included', ...summary(emergencies), '≤ 1 s'],
    ],
  );
} finally {
  await project.remove();
}

function summary(times: readonly number[]): string[] {
  return [String(times.length), `${quantileOf(times, 0.5).toFixed(0)} ms`, `${quantileOf(times, 0.95).toFixed(0)} ms`];
}

async function measureBreaches(targets: Record<string, string>): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const started = await project.mlops(
      startArguments('rag_api', '1.1.0', targets, ...(run === 0 ? ['--from', '1.0.0'] : []), '--timeout', '2m'),
    );
    if (started.code !== 3) throw new Error(`wanted a rollback, exit ${started.code}: ${started.stderr}`);
    const receipt = await project.json<Receipt>(['rollout', 'receipt', '--model', 'rag_api']);
    const breach = receipt.ticks.findLast(({ verdict }) => verdict.verdict === 'fail');
    const zero = receipt.writes.findLast(({ split }) => split.canaryBasisPoints === 0);
    times.push(Date.parse(zero?.appliedAt ?? '') - Date.parse(breach?.at ?? ''));
  }
  return times;
}

async function measureEmergencies(targets: Record<string, string>): Promise<number[]> {
  await project.mlops(startArguments('rag_api', '1.1.0', targets, '--detach'));
  for (const part of ['supervisor', 'temporal']) {
    const pid = await pidFromFile(project, part);
    if (pid !== null) process.kill(pid, 'SIGKILL');
  }
  const times: number[] = [];
  for (let run = 0; run < 2 * RUNS; run += 1) {
    const started = performance.now();
    const { code, stderr } = await project.mlops(['rollback', 'rag_api', '--reason', 'bench']);
    times.push(performance.now() - started);
    if (code !== 0) throw new Error(`the rollback failed: ${stderr}`);
  }
  const journal = await readFile(join(project.root, '.mlops/journal/emergency.jsonl'), 'utf8');
  if (journal.trim().split('\n').length < RUNS) throw new Error('the journal is incomplete');
  return times;
}
