import { open, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MlopsError } from '../domain/errors.ts';
import { unwritable } from './unwritable.ts';

/** The file appears when it is whole: never half of it under its name. @throws OUTPUT_UNWRITABLE */
export async function writeFileWhole(
  workingDirectory: string,
  name: string,
  groups: AsyncIterable<readonly string[]>,
): Promise<{ readonly lines: number; readonly bytes: number }> {
  const file = resolve(workingDirectory, name);
  // Before anything is written, or asked for: an export is an event.
  if ((await stat(file).catch(() => null))?.isDirectory() === true)
    throw new MlopsError('OUTPUT_UNWRITABLE', { file: name, problem: 'it is a folder' });
  const handle = await open(`${file}.part`, 'w', 0o600).catch(unwritable(name));
  let lines = 0;
  let bytes = 0;
  try {
    for await (const group of groups) {
      const text = group.join('');
      await handle.writeFile(text);
      lines += group.length;
      bytes += Buffer.byteLength(text);
    }
    await handle.sync();
  } catch (error) {
    await rm(`${file}.part`, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(`${file}.part`, file);
  return { lines, bytes };
}
