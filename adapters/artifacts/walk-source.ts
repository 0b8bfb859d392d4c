import { constants } from 'node:fs';
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { BigIntStats, Stats } from 'node:fs';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { MOST_FILES, pathProblem } from '../../domain/registry/folder-manifest.ts';

/** A file to store. */
export interface SourceFile {
  readonly path: string;
  /** Within its folder, parts joined by "/"; empty for a file that is stored by itself. */
  readonly relative: string;
  /** As it was found; the file is asked again when it is opened. */
  readonly bytes: number;
}

/**
 * The files of a path that is to be stored: itself, or all that a folder holds.
 *
 * @throws ARTIFACT_SOURCE_REFUSED for what is neither file nor folder, also inside; for a folder without files
 */
export async function walkSource(
  path: string,
): Promise<{ readonly isFolder: boolean; readonly files: readonly SourceFile[] }> {
  const found = await lstat(path).catch((error: unknown) => refuse(path, messageOf(error)));
  if (!found.isDirectory()) {
    assertFile(path, found);
    return { isFolder: false, files: [{ path, relative: '', bytes: found.size }] };
  }
  const files: SourceFile[] = [];
  await collect(path, '', files);
  if (files.length === 0) refuse(path, 'the folder has no file');
  return { isFolder: true, files };
}

/** Opens a file that must still be a regular one, whatever has become of its path since. @throws ARTIFACT_SOURCE_REFUSED */
export async function openSource(path: string): Promise<{ readonly handle: FileHandle; readonly stat: BigIntStats }> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: unknown) => refuse(path, messageOf(error)));
  const stat = await handle.stat({ bigint: true });
  if (stat.isFile()) return { handle, stat };
  await handle.close();
  return refuse(path, 'it is not a regular file');
}

async function collect(folder: string, prefix: string, files: SourceFile[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' }).catch((error: unknown) =>
    refuse(folder, messageOf(error)),
  );
  for (const entry of entries) {
    const name = entry.name.toString('utf8');
    const path = join(folder, name);
    const relative = prefix === '' ? name : `${prefix}/${name}`;
    // A name that is no UTF-8 does not come back as it was.
    const problem = Buffer.from(name).equals(entry.name) ? pathProblem(relative) : 'its name is not valid Unicode';
    if (problem !== null) refuse(path, problem);
    if (entry.isDirectory()) {
      await collect(path, relative, files);
      continue;
    }
    assertFile(path, entry);
    const { size } = await lstat(path).catch((error: unknown) => refuse(path, messageOf(error)));
    files.push({ path, relative, bytes: size });
    if (files.length > MOST_FILES) refuse(folder, `it holds more than ${MOST_FILES} files`);
  }
}

function assertFile(path: string, found: Pick<Stats, 'isFile' | 'isSymbolicLink'>): void {
  if (found.isSymbolicLink()) refuse(path, 'it is a symbolic link, and what it leads to may be another thing tomorrow');
  if (!found.isFile()) refuse(path, 'it is not a regular file');
}

function refuse(path: string, problem: string): never {
  throw new MlopsError('ARTIFACT_SOURCE_REFUSED', { path, problem });
}
