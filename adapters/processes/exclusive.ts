import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pause } from './part.ts';

const POLL_MS = 100;
const SQLITE_BUSY = 5;

/**
 * Does work while no other process does any under the same file; the others wait their turn.
 *
 * SQLite's lock is one of the operating system: it is gone with the process that held it, however that ended.
 *
 * @param onWait called once when another process has the turn
 */
export async function runExclusively<T>(file: string, work: () => Promise<T>, onWait: () => void): Promise<T> {
  let waits = 0;
  return await runAlone(file, work, async () => {
    if (waits === 0) onWait();
    waits += 1;
    await pause(POLL_MS);
  });
}

/** The same where whoever comes second may do something else than wait: `onTaken` is called until it throws or the turn is there. */
export async function runAlone<T>(file: string, work: () => Promise<T>, onTaken: () => Promise<void>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    while (!tryLock(lock)) await onTaken();
    return await work();
  } finally {
    lock.close();
  }
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
