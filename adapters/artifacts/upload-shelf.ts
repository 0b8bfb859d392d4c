import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { writeDurably } from '../files/durable-file.ts';
import { inStore } from './file-errors.ts';
import type { Sealing } from './object-record.ts';

/** What must be known to go on with an upload. It says nothing of the content. */
export interface UploadState extends Sealing {
  /** SHA-256 of the source's path: a hint where to go on. Whether the content is the same is proven chunk by chunk. */
  readonly source: string;
  readonly wrappingKey: string;
  /** Base64 */
  readonly wrapped: string;
}

/** An upload that this process has for itself until it is given back, or the process ends. */
export interface HeldUpload {
  readonly folder: string;
  /** Null when it is new. */
  readonly state: UploadState | null;
  readonly name: string;
  save(state: UploadState): Promise<void>;
  /** Gives it back; who comes later may go on with it. */
  release(): void;
  /** Removes the folder. */
  remove(): Promise<void>;
}

const STATE_FILE = 'state.json';
const NAME = /^[0-9a-f]{32}$/;

/** A name by chance for an upload or a run. */
export function newName(): string {
  return randomBytes(16).toString('hex');
}

/**
 * The unfinished uploads of a store, on this machine.
 *
 * Each is held under a lock of the operating system, which is gone with the process that had it, however that ended.
 */
export function createUploadShelf(root: string) {
  const shelf = join(root, 'uploads');
  return {
    /**
     * The unfinished upload of a source that nobody goes on with, or a new one.
     *
     * @throws ARTIFACT_DISK_FULL, ARTIFACT_STORE_UNUSABLE
     */
    take: async (source: string): Promise<HeldUpload> =>
      await inStore(root, async () => (await goOn(shelf, source)) ?? (await holdNew(shelf))),
    /** Those nobody goes on with that were begun, or gone on with, before a time (ms since 1970). They are held. */
    async *abandoned(before: number): AsyncGenerator<HeldUpload> {
      for (const name of await inStore(root, async () => await namesIn(shelf))) {
        if ((await lastUseOf(join(shelf, name))) >= before) continue;
        const held = await inStore(root, async () => await holdThere(shelf, name));
        if (held !== null) yield held;
      }
    },
  };
}

async function goOn(shelf: string, source: string): Promise<HeldUpload | null> {
  for (const name of await namesIn(shelf)) {
    if ((await readState(join(shelf, name)))?.source !== source) continue;
    const held = await holdThere(shelf, name);
    if (held !== null) return held;
  }
  return null;
}

/** Also those of which nothing but the lock is left. */
async function namesIn(shelf: string): Promise<string[]> {
  await mkdir(shelf, { recursive: true, mode: 0o700 });
  const names = (await readdir(shelf)).map((name) => name.replace(/\.lock$/, ''));
  return [...new Set(names)].filter((name) => NAME.test(name));
}

/** The lock comes first: nobody knows the name before the folder is there. */
async function holdNew(shelf: string): Promise<HeldUpload> {
  const name = newName();
  const lock = lockOf(shelf, name);
  if (lock === null) throw new Error(`upload ${name} is held by another`);
  const held = heldOf(shelf, { name, lock, state: null });
  try {
    await mkdir(join(shelf, name), { mode: 0o700 });
    return held;
  } catch (error) {
    await held.remove();
    throw error;
  }
}

/** Null when another process, or another call of this one, has it, or it is finished. */
async function holdThere(shelf: string, name: string): Promise<HeldUpload | null> {
  const lock = lockOf(shelf, name);
  if (lock === null) return null;
  // It may have been finished between the look into the folder and the lock.
  if ((await stat(join(shelf, name)).catch(() => null)) !== null)
    return heldOf(shelf, { name, lock, state: await readState(join(shelf, name)) });
  await rm(`${join(shelf, name)}.lock`, { force: true });
  lock.close();
  return null;
}

function lockOf(shelf: string, name: string): DatabaseSync | null {
  const lock = new DatabaseSync(`${join(shelf, name)}.lock`, { timeout: 0 });
  try {
    // Nothing is ever written, so no journal is needed, and none is left by who is killed.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch {
    lock.close();
    return null;
  }
}

function heldOf(
  shelf: string,
  { name, lock, state }: { readonly name: string; readonly lock: DatabaseSync; readonly state: UploadState | null },
): HeldUpload {
  const folder = join(shelf, name);
  return {
    folder,
    name,
    state,
    save: async (state) =>
      await inStore(
        dirname(shelf),
        async () => await writeDurably(join(folder, STATE_FILE), `${JSON.stringify(state)}\n`),
      ),
    release: () => lock.close(),
    // The lock goes last: until then nobody else looks at what is being removed.
    async remove() {
      await rm(folder, { recursive: true, force: true });
      await rm(`${folder}.lock`, { force: true });
      lock.close();
    },
  };
}

async function readState(folder: string): Promise<UploadState | null> {
  try {
    return JSON.parse(await readFile(join(folder, STATE_FILE), 'utf8')) as UploadState;
  } catch {
    // Killed before it was written: nothing can be gone on with.
    return null;
  }
}

async function lastUseOf(folder: string): Promise<number> {
  const times = await Promise.all(
    [folder, join(folder, STATE_FILE), join(folder, 'data')].map(async (file) => {
      const found = await stat(file).catch(() => null);
      return found?.mtimeMs ?? 0;
    }),
  );
  return Math.max(...times);
}
