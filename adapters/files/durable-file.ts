import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file so that after a crash it holds the old text or the new one, and never less: flushed, renamed, flushed. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await handle.close();
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
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await flushFolder(folder);
  if (made !== undefined) await flushFolder(dirname(made));
}

/** Makes a file of its owner (0600), whole under its name from the first: nobody finds a part of it. Refuses where there is one. */
export async function createWhole(file: string, text: string): Promise<void> {
  const part = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    const handle = await open(part, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Renaming would overwrite what is there.
    await link(part, file);
  } finally {
    await rm(part, { force: true });
  }
  await flushFolder(dirname(file));
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Adds to a file of its owner (0600), flushed to disk before it returns. */
export async function appendDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
