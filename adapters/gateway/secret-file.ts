import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../files/durable-file.ts';

/** A secret kept in a file that only its owner reads; made by `create` when it is not there. */
export async function loadSecret(folder: string, name: string, create: () => string): Promise<string> {
  const file = join(folder, name);
  await mkdir(folder, { recursive: true });
  if (!existsSync(file)) await writeDurably(file, create());
  return (await readFile(file, 'utf8')).trim();
}
