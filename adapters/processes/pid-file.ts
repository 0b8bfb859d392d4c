import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

interface SavedPid {
  readonly pid: number;
  /** Start time in clock ticks since boot: tells the process from a later one with the same number. */
  readonly startTicks: string;
}

/** Writes down which process a part is. */
export async function savePid(file: string, pid: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify({ pid, startTicks: startTicksOf(pid) } satisfies SavedPid));
}

/** The process of a part when it is alive, else null. */
export async function readLivePid(file: string): Promise<number | null> {
  try {
    const saved = JSON.parse(await readFile(file, 'utf8')) as SavedPid;
    return isSame(saved) ? saved.pid : null;
  } catch {
    return null;
  }
}

export async function removePid(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Whether a process is there and not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return statOf(pid)?.state !== 'Z';
}

function isSame({ pid, startTicks }: SavedPid): boolean {
  return isAlive(pid) && startTicksOf(pid) === startTicks;
}

function startTicksOf(pid: number): string {
  return statOf(pid)?.startTicks ?? '';
}

/** Fields 3 and 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. */
function statOf(pid: number): { state: string; startTicks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
  } catch {
    return null;
  }
}
