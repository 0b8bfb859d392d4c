import type { FileHandle } from 'node:fs/promises';
import { MANIFEST_FIRST_LINE } from '../../domain/registry/folder-manifest.ts';
import { MlopsError } from '../../domain/errors.ts';
import { runKeyOf, TAG_BYTES, type ChunkPlace } from './chunk-cipher.ts';
import { createSlots, type ChunkSlot } from './chunk-slots.ts';
import type { ChunkWork } from './chunk-work.ts';
import type { UploadData } from './object-place.ts';
import { chunkCountOf, runOf, type Sealing } from './object-record.ts';
import { readFully } from './read-fully.ts';

/** What content comes from. */
export interface Source {
  /** For messages */
  readonly path: string;
  readonly bytes: number;
  /** The list of a folder, and no file that only looks like one. */
  readonly isManifest: boolean;
  read(at: number, into: Uint8Array): Promise<number>;
}

/** What one pass over content is told. */
export interface Pass {
  readonly work: ChunkWork;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (bytes: number) => void;
}

/** A file that is open. */
export function sourceOfFile(path: string, bytes: number, handle: FileHandle): Source {
  return { path, bytes, isManifest: false, read: async (at, into) => await readFully(handle, at, into) };
}

/** The list of a folder. */
export function sourceOfManifest(path: string, text: string): Source {
  const bytes = Buffer.from(text);
  return {
    path,
    bytes: bytes.length,
    isManifest: true,
    read: async (at, into) => {
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      return await Promise.resolve(part.length);
    },
  };
}

/** SHA-256 of content in one pass. @throws ARTIFACT_SOURCE_CHANGED */
export async function hashSource(source: Source, pass: Pass, chunkBytes: number): Promise<string> {
  await forEachChunk(
    source,
    { chunkBytes, pass },
    async ({ plain }) => await Promise.resolve({ rest: pass.work.hash(plain) }),
  );
  return await pass.work.digest();
}

/**
 * Seals content into an upload in one pass, and hashes it on the way. Chunks that an earlier try has written stay as long as
 * they are what this content gives; from the first other one on there is a new run, which `restart` names.
 *
 * @param dataKey of the upload
 * @returns digest, and the runs as they are now
 * @throws ARTIFACT_SOURCE_CHANGED, ARTIFACT_SOURCE_REFUSED
 */
export async function sealSource(
  source: Source,
  order: {
    readonly sealing: Sealing;
    readonly dataKey: Uint8Array;
    readonly data: UploadData;
    readonly isResumed: boolean;
    /** Writes down that chunks from one on are sealed under a new run, before any is. */
    readonly restart: (from: number) => Promise<Sealing>;
  },
  pass: Pass,
): Promise<{ readonly digest: string; readonly sealing: Sealing }> {
  const { data, dataKey } = order;
  const { work } = pass;
  let { sealing, isResumed } = order;
  const chunks = chunkCountOf(sealing);
  const jobOf = (index: number, plain: Uint8Array, slot: ChunkSlot) => {
    const run = runOf(sealing, index).id;
    const place: ChunkPlace = { upload: sealing.upload, run, index, isLast: index === chunks - 1 };
    const sealed = slot.sealed.subarray(0, plain.length + TAG_BYTES);
    return { key: runKeyOf(dataKey, sealing.upload, run), place, plain, sealed };
  };
  await forEachChunk(source, { chunkBytes: sealing.chunkBytes, pass }, async ({ plain, index, slot }) => {
    if (index === 0) refuseManifest(source, plain);
    const hashed = work.hash(plain);
    // Whoever waits for the chunk is told.
    hashed.catch(() => undefined);
    if (isResumed) {
      const job = jobOf(index, plain, slot);
      await work.seal(job);
      if (await data.holds(index, job.sealed)) return { rest: hashed };
      isResumed = false;
      sealing = await order.restart(index);
    }
    const job = jobOf(index, plain, slot);
    const rest = work.seal(job).then(async () => await Promise.all([hashed, data.write(index, job.sealed)]));
    return { rest };
  });
  return { digest: await work.digest(), sealing };
}

interface ReadChunk {
  readonly plain: Uint8Array;
  readonly index: number;
  readonly slot: ChunkSlot;
}

/** Called in order; the next chunk is read while the `rest` of this one is done, and its buffers are not used until then. */
type OnChunk = (chunk: ReadChunk) => Promise<{ readonly rest: Promise<unknown> }>;

/** Reads content chunk by chunk. */
async function forEachChunk(
  source: Source,
  { chunkBytes, pass }: { readonly chunkBytes: number; readonly pass: Pass },
  onChunk: OnChunk,
): Promise<void> {
  const { bytes, path } = source;
  const chunks = chunkCountOf({ bytes, chunkBytes });
  const slots = createSlots(Math.min(chunkBytes, bytes), chunks);
  try {
    for (let index = 0; index < chunks; index += 1) {
      const slot = await slots.take();
      pass.signal?.throwIfAborted();
      const at = index * chunkBytes;
      const plain = slot.plain.subarray(0, Math.min(chunkBytes, bytes - at));
      if ((await source.read(at, plain)) !== plain.length) throw new MlopsError('ARTIFACT_SOURCE_CHANGED', { path });
      const { rest } = await onChunk({ plain, index, slot });
      slots.run(slot, async () => {
        await rest;
        pass.onBytes(plain.length);
      });
    }
    await slots.finish();
    pass.signal?.throwIfAborted();
  } finally {
    // Nobody uses the buffers or the source once this is over.
    await slots.settle();
  }
}

/** A file with a manifest's text would have the digest of a folder. */
function refuseManifest({ path, isManifest }: Source, first: Uint8Array): void {
  if (isManifest) return;
  if (Buffer.from(first.subarray(0, MANIFEST_FIRST_LINE.length)).toString('latin1') !== MANIFEST_FIRST_LINE) return;
  throw new MlopsError('ARTIFACT_SOURCE_REFUSED', {
    path,
    problem: 'it begins as the list of a stored folder does, so it could be taken for one',
  });
}
