import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes a file so that after a crash it holds the old text or the new one, and never less: flushed, renamed, flushed. */
export async function writeDurably(file: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', mode);
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
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A secret kept in a file that only its owner reads; made by `create` when it is not there. */
export async function loadSecret(folder: string, name: string, create: () => string): Promise<string> {
  const file = join(folder, name);
  await mkdir(folder, { recursive: true });
  if (!existsSync(file)) await writeDurably(file, create());
  return (await readFile(file, 'utf8')).trim();
}
