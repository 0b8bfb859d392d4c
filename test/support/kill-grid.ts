import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runningPid } from './rollouts.ts';
import type { TestProject } from './stack.ts';

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
  const program = fileURLToPath(new URL('dying-worker.ts', import.meta.url));
  const keep = (async () => {
    while (!over.signal.aborted) {
      child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', program, project.root, String(offset), deathsFile, moments.source],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
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
