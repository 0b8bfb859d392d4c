import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = join(import.meta.dirname, '../../bin/mlops');

/** Workers of one project that are killed and replaced. */
export interface WorkerCrew {
  /** SIGKILLs a worker that polls (waiting for one), and starts another. Resolves when the victim is dead, by signal. */
  killOne(): Promise<void>;
  /** Ends all of them. */
  dismiss(): void;
}

/** Starts `size` workers; resolves when all of them poll. */
export async function hireWorkers(root: string, portOffset: number, size: number): Promise<WorkerCrew> {
  const polling = new Set<ChildProcess>();
  let isOver = false;
  const hire = async (): Promise<void> => {
    const child = spawn(PROGRAM, ['worker'], {
      cwd: root,
      env: { ...process.env, MLOPS_PORT_OFFSET: String(portOffset) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await untilItSays(child, 'worker is ready');
    polling.add(child);
    if (isOver) child.kill('SIGKILL');
  };
  await Promise.all(Array.from({ length: size }, hire));
  return {
    killOne: async () => {
      while (polling.size === 0) await sleep(100);
      const all = [...polling];
      const victim = all[Math.floor(Math.random() * all.length)]!;
      polling.delete(victim);
      await killBySignal(victim);
      hire().catch((error: unknown) => console.error(error));
    },
    dismiss: () => {
      isOver = true;
      for (const child of polling) child.kill('SIGKILL');
    },
  };
}

async function untilItSays(child: ChildProcess, words: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      // Only the beginning is looked at; the rest is read so that the pipe does not fill.
      if (text.length < 20_000) text += chunk.toString();
      if (text.includes(words)) resolve();
    });
    child.once('exit', (code, signal) => {
      reject(new Error(`a worker ended before it polled (${code ?? signal}): ${text.slice(-2000)}`));
    });
  });
}

async function killBySignal(child: ChildProcess): Promise<void> {
  const died = new Promise<string | null>((resolve) =>
    child.once('exit', (_, signal) => {
      resolve(signal);
    }),
  );
  child.kill('SIGKILL');
  const signal = await died;
  if (signal !== 'SIGKILL') throw new Error(`a worker ended by ${signal ?? 'itself'}, not by the kill`);
}
