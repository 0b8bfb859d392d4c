import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { MlopsError } from '../../domain/errors.ts';
import { newDataKey } from '../crypto/envelope.ts';
import { checkObject } from './check-artifact.ts';
import type { Progress, StoreParts } from './create-store.ts';
import { isDiskFull } from './file-errors.ts';
import { subjectOf, type Sealing } from './object-record.ts';
import { KEY_ORIGIN } from './open-object.ts';
import { hashSource, sealSource, sourceOfFile, sourceOfManifest, type Pass, type Source } from './seal-source.ts';
import { newName, type HeldUpload, type UploadState } from './upload-shelf.ts';
import { openSource, type SourceFile } from './walk-source.ts';

/** Parts of a store, and the digests that this call has found right. */
export type PutParts = StoreParts & { readonly right: Set<string> };

/** Stores one file. @throws ARTIFACT_SOURCE_CHANGED when it is not the same before and after; and as `ArtifactStore.put` */
export async function putFile(
  { path, bytes }: Pick<SourceFile, 'path' | 'bytes'>,
  parts: PutParts,
  progress: Progress,
): Promise<{ readonly digest: string; readonly bytes: number }> {
  const { handle, stat } = await openSource(path);
  try {
    // Who works on it was chosen by its size.
    if (Number(stat.size) !== bytes) throw new MlopsError('ARTIFACT_SOURCE_CHANGED', { path });
    const source = sourceOfFile(path, Number(stat.size), handle);
    const assertUnchanged = async (): Promise<void> => {
      const { size, mtimeNs } = await handle.stat({ bigint: true });
      if (size !== stat.size || mtimeNs !== stat.mtimeNs) throw new MlopsError('ARTIFACT_SOURCE_CHANGED', { path });
    };
    const hint = await realpath(path);
    return { digest: await putContent({ source, hint, assertUnchanged }, parts, progress), bytes: source.bytes };
  } finally {
    await handle.close();
  }
}

/** Stores the list of a folder. */
export async function putManifest(path: string, text: string, parts: PutParts, progress: Progress): Promise<string> {
  const source = sourceOfManifest(path, text);
  const hint = `${await realpath(path)}/`;
  const quiet = { ...progress, onBytes: () => undefined };
  return await putContent({ source, hint, assertUnchanged: async () => await Promise.resolve() }, parts, quiet);
}

interface Content {
  readonly source: Source;
  /** Where an earlier try may have begun */
  readonly hint: string;
  readonly assertUnchanged: () => Promise<void>;
}

async function putContent(content: Content, parts: PutParts, progress: Progress): Promise<string> {
  const { source, assertUnchanged } = content;
  // Threads start while the store is asked.
  const pass = { work: progress.crew.workFor(source.bytes), signal: progress.signal };
  // One pass is enough for what is new; what may be there already is hashed first, and not written again.
  if (await parts.place.mayHaveSize(source.bytes)) {
    const quiet = { ...pass, onBytes: () => undefined };
    const digest = await hashSource(source, quiet, parts.place.chunkBytesFor(source.bytes));
    if ((await parts.place.record(digest)) !== null) {
      await assertUnchanged();
      await assertRight(digest, parts, progress);
      progress.onBytes(source.bytes);
      return digest;
    }
  }
  return await upload(content, parts, progress, { ...pass, onBytes: progress.onBytes });
}

async function upload(content: Content, parts: PutParts, progress: Progress, pass: Pass): Promise<string> {
  const held = await parts.shelf.take(sourceHintOf(content));
  let isOver = false;
  try {
    const { digest, isNew } = await sealInto(held, content, parts, pass);
    isOver = true;
    if (isNew) parts.right.add(digest);
    else await assertRight(digest, parts, progress);
    return digest;
  } catch (error) {
    // What was written stays for a later try, unless there is no room for it.
    isOver ||= isFull(error);
    throw error;
  } finally {
    if (isOver) await held.remove();
    else held.release();
  }
}

async function sealInto(
  held: HeldUpload,
  content: Content,
  parts: PutParts,
  pass: Pass,
): Promise<{ readonly digest: string; readonly isNew: boolean }> {
  const { dataKey, isResumed, restart, state } = await beginOrGoOn(held, content, parts);
  const data = await parts.place.upload(state, held.folder);
  try {
    const { digest, sealing } = await sealSource(
      content.source,
      { sealing: state, dataKey, data, isResumed, restart },
      pass,
    );
    await content.assertUnchanged();
    const subject = subjectOf({ ...sealing, digest });
    const wrapped = await parts.keys.wrap({ origin: KEY_ORIGIN, subject, key: dataKey });
    const { bytes, chunkBytes, upload, runs } = sealing;
    const isNew = await data.publish({ digest, bytes, chunkBytes, upload, runs, ...wrapped });
    if (!isNew) await data.discard();
    return { digest, isNew };
  } catch (error) {
    if (isFull(error)) await data.discard().catch(() => undefined);
    throw error;
  } finally {
    await data.close();
  }
}

/** Goes on with the upload that is held when its key opens and its cut is the same, else begins. */
async function beginOrGoOn(held: HeldUpload, content: Content, { keys, place }: PutParts) {
  const { bytes } = content.source;
  const chunkBytes = place.chunkBytesFor(bytes);
  const order = { origin: KEY_ORIGIN, subject: `upload|${held.name}` };
  const earlier = held.state?.chunkBytes === chunkBytes ? held.state : null;
  const known = earlier === null ? null : await keys.unwrap({ ...order, ...keyOf(earlier) }).catch(() => null);
  const dataKey = known ?? newDataKey();
  const { wrappingKey, wrapped } =
    earlier === null || known === null ? await keys.wrap({ ...order, key: dataKey }) : keyOf(earlier);
  const isResumed = earlier !== null && known !== null;
  let state: UploadState = {
    bytes,
    chunkBytes,
    upload: held.name,
    runs: isResumed ? earlier.runs : [{ from: 0, id: newName() }],
    source: sourceHintOf(content),
    wrappingKey,
    wrapped: wrapped.toString('base64'),
  };
  await held.save(state);
  const restart = async (from: number): Promise<Sealing> => {
    const kept = state.runs.filter((run) => run.from < from);
    state = { ...state, runs: [...kept, { from, id: newName() }] };
    await held.save(state);
    return state;
  };
  return { state, dataKey, isResumed, restart };
}

function sourceHintOf({ hint }: Content): string {
  return createHash('sha256').update(hint).digest('hex');
}

function keyOf({ wrappingKey, wrapped }: UploadState): { readonly wrappingKey: string; readonly wrapped: Buffer } {
  return { wrappingKey, wrapped: Buffer.from(wrapped, 'base64') };
}

/** @throws ARTIFACT_DAMAGED */
async function assertRight(digest: string, parts: PutParts, progress: Progress): Promise<void> {
  if (parts.right.has(digest)) return;
  const { problem } = await checkObject(digest, parts, progress.crew, async () => await Promise.resolve());
  if (problem !== null) throw new MlopsError('ARTIFACT_DAMAGED', { digest, problem });
  parts.right.add(digest);
}

function isFull(error: unknown): boolean {
  return isDiskFull(error) || (error instanceof MlopsError && error.code === 'ARTIFACT_DISK_FULL');
}
