// Start of the command line, and of the warm local stack with its memory. `--runs N`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createProject } from '../test/support/stack.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const RUNS = wholeOption('runs', 20);
const OFFSET = 16_000;

function time(file: string, args: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(file, [...args], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}`);
  return performance.now() - started;
}

time('bin/mlops', ['--help']);
const help: number[] = [];
const node: number[] = [];
for (let run = 0; run < RUNS; run += 1) {
  help.push(time('bin/mlops', ['--help']));
  node.push(time(process.execPath, ['-e', '0']));
}
printTable(
  'Start of the command line',
  ['', 'median', 'p95', 'wanted'],
  [
    ['mlops --help', ...[0.5, 0.95].map((q) => `${quantileOf(help, q).toFixed(0)} ms`), '≤ 150 ms'],
    ['node -e 0 (baseline)', ...[0.5, 0.95].map((q) => `${quantileOf(node, q).toFixed(0)} ms`), '-'],
  ],
);

const project = await createProject(OFFSET, null);
try {
  await project.mlops(['up', '--detach']);
  await project.mlops(['down']);
  const started = performance.now();
  await project.mlops(['up', '--detach']);
  const upMs = performance.now() - started;
  const { parts } = await project.json<{ parts: { name: string; pid: number | null }[] }>(['status']);
  const rows = parts.flatMap(({ name, pid }) =>
    pid === null ? [] : [[name, `${(rssOf(pid) / 1024).toFixed(0)} MiB`]],
  );
  printTable(
    `mlops up, warm, to ready: ${(upMs / 1000).toFixed(1)} s (wanted ≤ 15 s); memory when idle`,
    ['part', 'RSS'],
    rows,
  );
} finally {
  await project.remove();
}

/** Resident memory of a process, KiB. */
function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}
