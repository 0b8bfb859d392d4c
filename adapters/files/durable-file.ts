import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file so that after a crash it holds the old text or the new one, and never less: flushed, renamed, flushed. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  try {
    await writeFlushed(temporary, 'w', text);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await rename(temporary, file);
  await flushFolder(dirname(file));
}

/**
 * Makes a file of its owner (0600), and its folder where that is not there. It is on disk, under its name, before this returns: what
 * is done with it may be on disk a moment later. Refuses where there is one.
 */
export async function createDurably(file: string, text: string): Promise<void> {
  const folder = dirname(file);
  const made = await mkdir(folder, { recursive: true });
  await writeFlushed(file, 'wx', text);
  await flushFolder(folder);
  if (made !== undefined) await flushFolder(dirname(made));
}

/** Makes a file of its owner (0600), whole under its name from the first: nobody finds a part of it. Refuses where there is one. */
export async function createWhole(file: string, text: string): Promise<void> {
  const part = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await writeFlushed(part, 'wx', text);
    // Renaming would overwrite what is there.
    await link(part, file);
  } finally {
    await rm(part, { force: true });
  }
  await flushFolder(dirname(file));
}

/** Adds to a file of its owner (0600), flushed to disk before it returns. */
export async function appendDurably(file: string, text: string): Promise<void> {
  await writeFlushed(file, 'a', text);
}

/** What a folder names is on the disk when it is flushed itself. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeFlushed(file: string, flags: 'w' | 'wx' | 'a', text: string): Promise<void> {
  const handle = await open(file, flags, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
