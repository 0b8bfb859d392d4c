import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushFolder, writeDurably } from '../files/durable-file.ts';
import { isDigest } from '../../domain/registry/artifact.ts';
import { TAG_BYTES } from './chunk-cipher.ts';
import { openDirectFile, pageAligned, type DirectFile } from './direct-file.ts';
import { codeOf, inStore } from './file-errors.ts';
import type { ObjectPlace, SealedData, UploadData } from './object-place.ts';
import { chunkCountOf, renderRecord } from './object-record.ts';

/** With its tag it is whole pages on the disk. */
const CHUNK_BYTES = 8 * 1024 * 1024 - TAG_BYTES;
/** What was written is sent to the disk in the background as often as this, so that the last flush is a short one. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/**
 * Objects in a folder: `objects/<first two digits>/<digest>/` with `record.json` and `data`, which appear together by one rename;
 * `sizes/<bytes>` are hints.
 *
 * @param options.chunkBytes for tests
 */
export function createFilePlace(root: string, { chunkBytes = CHUNK_BYTES } = {}): ObjectPlace {
  const folderOf = (digest: string): string => join(root, 'objects', digest.slice(0, 2), digest);
  const recordOf = async (digest: string): ReturnType<ObjectPlace['record']> => {
    const text = await readOrNull(join(folderOf(digest), 'record.json'));
    return text === null ? null : { text, mark: text };
  };
  return {
    name: root,
    probe: async () =>
      await inStore(root, async () => {
        await mkdir(root, { recursive: true, mode: 0o700 });
        const file = join(root, `probe-${randomBytes(6).toString('hex')}`);
        await writeFile(file, 'written to see whether it can be', { mode: 0o600 });
        await rm(file);
      }),
    chunkBytesFor: () => chunkBytes,
    record: async (digest) => await inStore(root, async () => await recordOf(digest)),
    replaceRecord: async (digest, text, mark) =>
      await inStore(root, async () => {
        if ((await recordOf(digest))?.text !== mark) return false;
        await writeDurably(join(folderOf(digest), 'record.json'), text);
        return true;
      }),
    digests: () => listDigests(root),
    mayHaveSize: async (bytes) =>
      await inStore(root, async () => (await readOrNull(join(root, 'sizes', String(bytes)))) !== null),
    openData: async ({ digest }) =>
      await inStore(root, async () => await openData(root, join(folderOf(digest), 'data'))),
    upload: async (sealing, folder) =>
      await inStore(root, async () => {
        const file = await openDirectFile(join(folder, 'data'), constants.O_RDWR | constants.O_CREAT, 0o600);
        return createUpload({ root, folder, file, stride: sealing.chunkBytes + TAG_BYTES, folderOf });
      }),
    // It is in the folder.
    forget: async () => await Promise.resolve(),
  };
}

async function* listDigests(root: string): AsyncGenerator<string> {
  for (const first of await namesIn(join(root, 'objects')))
    for (const digest of await namesIn(join(root, 'objects', first))) if (isDigest(digest)) yield digest;
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
}

async function readOrNull(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
}

async function openData(root: string, file: string): Promise<SealedData | null> {
  const data = await openDirectFile(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (data === null) return null;
  const { size } = await data.handle.stat();
  return {
    bytes: size,
    read: async (at, into) => await inStore(root, async () => await data.read(at, into)),
    close: async () => await data.close(),
  };
}

interface UploadPlace {
  readonly root: string;
  readonly folder: string;
  readonly file: DirectFile;
  /** From the beginning of a chunk to that of the next */
  readonly stride: number;
  readonly folderOf: (digest: string) => string;
}

function createUpload({ root, folder, file, stride, folderOf }: UploadPlace): UploadData {
  const { handle } = file;
  let unflushed = 0;
  let flushing: Promise<void> = Promise.resolve();
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await flushing.catch(() => undefined);
    await file.close();
  };
  return {
    async holds(index, sealed) {
      const there = pageAligned(sealed.length);
      return (await file.read(index * stride, there)) === sealed.length && Buffer.compare(there, sealed) === 0;
    },
    async write(index, sealed) {
      await inStore(root, async () => await file.write(index * stride, sealed));
      unflushed += sealed.length;
      if (unflushed < FLUSH_BYTES) return;
      unflushed = 0;
      flushing = flushing.then(async () => await handle.datasync());
      // Whoever publishes is told.
      flushing.catch(() => undefined);
    },
    publish: async (record) =>
      await inStore(root, async () => {
        await flushing;
        // An earlier try may have written more than there is now.
        await handle.truncate(record.bytes + chunkCountOf(record) * TAG_BYTES);
        await handle.sync();
        await close();
        await writeDurably(join(folder, 'record.json'), renderRecord(record));
        await markSize(root, record.bytes);
        return await moveInto(folder, folderOf(record.digest));
      }),
    async discard() {
      await close();
      await rm(join(folder, 'data'), { force: true });
    },
    close,
  };
}

async function markSize(root: string, bytes: number): Promise<void> {
  await mkdir(join(root, 'sizes'), { recursive: true, mode: 0o700 });
  await writeFile(join(root, 'sizes', String(bytes)), '', { mode: 0o600 });
}

/** One rename, which fails where an object is already. */
async function moveInto(folder: string, target: string): Promise<boolean> {
  const parent = dirname(target);
  if ((await mkdir(parent, { recursive: true, mode: 0o700 })) !== undefined) await flushFolder(dirname(parent));
  await rm(join(folder, 'state.json'), { force: true });
  try {
    await rename(folder, target);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false;
    throw error;
  }
  await flushFolder(parent);
  return true;
}
