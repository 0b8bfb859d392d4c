import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MlopsError } from '../domain/errors.ts';
import { unwritable } from './unwritable.ts';

type Groups = AsyncIterable<readonly string[]>;

interface Written {
  readonly lines: number;
  readonly bytes: number;
}

/**
 * The file appears when it is whole: never half of it under its name, whoever else writes one. A link stays a link; what is no file (a
 * pipe, /dev/stdout) is written to as it is, for a file in its place would be something else.
 *
 * @throws OUTPUT_UNWRITABLE
 */
export async function writeFileWhole(workingDirectory: string, name: string, groups: Groups): Promise<Written> {
  const file = resolve(workingDirectory, name);
  // Before anything is written, or asked for: an export is an event.
  const there = await stat(file).catch(() => null);
  if (there?.isDirectory() === true)
    throw new MlopsError('OUTPUT_UNWRITABLE', { file: name, problem: 'it is a folder' });
  if (there !== null && !there.isFile())
    return await writeAndClose(await open(file, 'w').catch(unwritable(name)), name, groups);
  const target = there === null ? file : await realpath(file);
  const part = `${target}.${randomBytes(6).toString('hex')}.part`;
  const handle = await open(part, 'wx', 0o600).catch(unwritable(name));
  try {
    const written = await writeAndClose(handle, name, groups, async () => await handle.sync());
    await rename(part, target).catch(unwritable(name));
    return written;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** What the groups throw is theirs, and is thrown as it is. */
async function writeAndClose(
  handle: FileHandle,
  name: string,
  groups: Groups,
  finish: () => Promise<void> = async () => await Promise.resolve(),
): Promise<Written> {
  let [lines, bytes] = [0, 0];
  try {
    for await (const group of groups) {
      const text = group.join('');
      await handle.writeFile(text).catch(unwritable(name));
      lines += group.length;
      bytes += Buffer.byteLength(text);
    }
    await finish().catch(unwritable(name));
  } finally {
    await handle.close();
  }
  return { lines, bytes };
}
