import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runningPid } from './rollouts.ts';
import { until, type TestProject } from './stack.ts';

/** A keeper of workers that die at every moment of every activity, one after the other. */
export interface DyingWorkers {
  /** How each process ended: the signal, or its exit code. */
  readonly ends: readonly (NodeJS.Signals | number | null)[];
  /** Moments at which one died, in order. */
  deaths(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Takes the stack's supervisor and worker away, by SIGKILL, and keeps workers running in their place that die at those moments. */
export async function keepDyingWorkers(project: TestProject, offset: number, moments: RegExp): Promise<DyingWorkers> {
  for (const part of ['supervisor', 'worker']) process.kill(await runningPid(project, part), 'SIGKILL');
  const deathsFile = join(project.root, 'deaths');
  await writeFile(deathsFile, '');
  const ends: (NodeJS.Signals | number | null)[] = [];
  let child: ChildProcess | null = null;
  const over = new AbortController();
  const keep = (async () => {
    while (!over.signal.aborted) {
      child = startDyingWorker(project, offset, deathsFile, moments, 'SIGKILL');
      ends.push(await new Promise((resolve) => child?.once('exit', (code, signal) => resolve(signal ?? code))));
    }
  })();
  return {
    ends,
    deaths: async () => (await readFile(deathsFile, 'utf8')).split('\n').filter((line) => line !== ''),
    stop: async () => {
      over.abort();
      child?.kill('SIGKILL');
      await keep;
    },
  };
}

/** A worker that is stopped in the middle of an activity, and there to be woken as a zombie. */
export interface StoppedWorker {
  readonly identity: string;
  /** Resolves when it has been stopped at its moment. */
  stopped(): Promise<void>;
  wake(): void;
  /** Whether its process lives. */
  lives(): boolean;
  kill(): void;
}

/** Takes the stack's supervisor and worker away, by SIGKILL; a worker in their place stops itself once, at that moment. */
export async function startStoppingWorker(
  project: TestProject,
  offset: number,
  moment: RegExp,
): Promise<StoppedWorker> {
  for (const part of ['supervisor', 'worker']) process.kill(await runningPid(project, part), 'SIGKILL');
  const file = join(project.root, 'stops');
  await writeFile(file, '');
  const child = startDyingWorker(project, offset, file, moment, 'SIGSTOP');
  return {
    identity: `worker-${child.pid}@`,
    stopped: async () =>
      void (await until(
        async () => await readFile(file, 'utf8'),
        (text) => text !== '',
        30_000,
      )),
    wake: () => void child.kill('SIGCONT'),
    lives: () => child.exitCode === null && child.signalCode === null,
    kill: () => void child.kill('SIGKILL'),
  };
}

function startDyingWorker(
  project: TestProject,
  offset: number,
  file: string,
  moments: RegExp,
  signal: NodeJS.Signals,
): ChildProcess {
  const program = fileURLToPath(new URL('dying-worker.ts', import.meta.url));
  return spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, project.root, String(offset), file, moments.source, signal],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}
