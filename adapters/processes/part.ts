import { spawn } from 'node:child_process';
import { mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, readLivePid, removePid, savePid } from './pid-file.ts';

/** How a part's process is started. */
export interface PartCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number | null;
  readonly gid?: number | null;
}

/** One process of the local stack. */
export interface Part {
  readonly name: string;
  readonly stopSignal: NodeJS.Signals;
  readonly graceMs: number;
  /** Prepares what it needs, and says how it is started. */
  command(): Promise<PartCommand>;
  /** Resolves when it answers; rejects with the reason when it does not yet. */
  probe(): Promise<void>;
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const POLL_MS = 100;

export function pidFileOf(stateDirectory: string, name: string): string {
  return join(stateDirectory, 'run', `${name}.json`);
}

export function logFileOf(stateDirectory: string, name: string): string {
  return join(stateDirectory, 'logs', `${name}.log`);
}

/** Starts a part as a process group of its own: it outlives whoever started it. Returns its pid. */
export async function startPart(part: Part, stateDirectory: string, workingDirectory: string): Promise<number> {
  const { file, args, env, uid, gid } = await part.command();
  const log = openLog(stateDirectory, part.name);
  const child = spawn(file, [...args], {
    cwd: workingDirectory,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
    ...(uid === null || uid === undefined ? {} : { uid }),
    ...(gid === null || gid === undefined ? {} : { gid }),
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
  const pid = child.pid ?? 0;
  await savePid(pidFileOf(stateDirectory, part.name), pid);
  return pid;
}

/** Stops a part by its pid file: its signal first, SIGKILL after the grace. Returns whether it ran. */
export async function stopPart(
  part: Pick<Part, 'name' | 'stopSignal' | 'graceMs'>,
  stateDirectory: string,
): Promise<boolean> {
  const file = pidFileOf(stateDirectory, part.name);
  const pid = await readLivePid(file);
  if (pid === null) return false;
  tryKill(pid, part.stopSignal);
  const deadline = Date.now() + part.graceMs;
  while (isAlive(pid) && Date.now() < deadline) await pause(POLL_MS);
  if (isAlive(pid)) tryKill(pid, 'SIGKILL');
  while (isAlive(pid)) await pause(POLL_MS);
  await removePid(file);
  return true;
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Appends to the part's log; a long one is kept once as `.1`. */
function openLog(stateDirectory: string, name: string): number {
  const file = logFileOf(stateDirectory, name);
  mkdirSync(join(stateDirectory, 'logs'), { recursive: true });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}
