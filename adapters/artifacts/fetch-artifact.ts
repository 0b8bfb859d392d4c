import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isMlopsError, MlopsError, messageOf } from '../../domain/errors.ts';
import { isDigest } from '../../domain/registry/artifact.ts';
import type { ManifestFile } from '../../domain/registry/folder-manifest.ts';
import { checkObject, readContents } from './check-artifact.ts';
import type { StoreParts } from './create-store.ts';
import { codeOf, isDiskFull } from './file-errors.ts';
import type { Sink } from './open-object.ts';
import { writeFully } from './read-fully.ts';
import type { WorkCrew } from './work-crew.ts';

/** Writes an artifact beside its target, and moves it there when all of it was found right. @throws as `ArtifactStore.fetch` */
export async function fetchArtifact(
  { digest, toPath }: { readonly digest: string; readonly toPath: string },
  parts: StoreParts,
  crew: WorkCrew,
): Promise<void> {
  const target = resolve(toPath);
  if (!isDigest(digest) || (await parts.place.record(digest)) === null)
    throw new MlopsError('ARTIFACT_UNKNOWN', { digest });
  await assertFree(target);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.part`);
  try {
    const found = await writeObject(temporary, async (sink) => await readContents(digest, parts, crew, sink));
    if ('problem' in found) throw new MlopsError('ARTIFACT_DAMAGED', { digest, problem: found.problem });
    if (found.contents.kind === 'file') return await placeFile(temporary, target);
    await rm(temporary);
    await writeFolder(temporary, { digest, files: found.contents.files }, parts, crew);
    await rename(temporary, target);
  } catch (error) {
    throw targetError(target, error);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function writeFolder(
  folder: string,
  { digest, files }: { readonly digest: string; readonly files: readonly ManifestFile[] },
  parts: StoreParts,
  crew: WorkCrew,
): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await crew.forEach(files, async ({ path, bytes, sha256 }) => {
    const file = join(folder, ...path.split('/'));
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const found = await writeObject(file, async (sink) => await checkObject(sha256, parts, crew, sink));
    const problem = found.problem ?? (found.bytes === bytes ? null : `it has ${found.bytes} bytes, wanted ${bytes}`);
    if (problem !== null) throw new MlopsError('ARTIFACT_DAMAGED', { digest, problem: `file ${path}: ${problem}` });
  });
}

/** Writes what `read` gives to a new file of its owner, flushed. */
async function writeObject<T>(file: string, read: (sink: Sink) => Promise<T>): Promise<T> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const answer = await read(async (plain, at) => await writeFully(handle, at, plain));
    await handle.sync();
    return answer;
  } finally {
    await handle.close();
  }
}

/** A rename would take the place of a file that has appeared meanwhile; a link does not. */
async function placeFile(temporary: string, target: string): Promise<void> {
  await link(temporary, target);
  await unlink(temporary);
}

async function assertFree(target: string): Promise<void> {
  const problem = await lstat(target).then(
    () => 'something is there already',
    (error: unknown) => (codeOf(error) === 'ENOENT' ? null : messageOf(error)),
  );
  if (problem !== null) throw new MlopsError('ARTIFACT_TARGET_REFUSED', { path: target, problem });
}

function targetError(target: string, error: unknown): unknown {
  if (isMlopsError(error) || codeOf(error) === '') return error;
  if (isDiskFull(error)) return new MlopsError('ARTIFACT_DISK_FULL', { path: target }, { cause: error });
  const isTaken = ['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(codeOf(error));
  const problem = isTaken ? 'something is there already' : messageOf(error);
  return new MlopsError('ARTIFACT_TARGET_REFUSED', { path: target, problem }, { cause: error });
}
