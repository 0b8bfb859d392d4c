// Sizes and places beyond 2^32 bytes, through the code that counts them: of five gibibytes only what lies behind the fourth is really read,
// written and compared, in a file with a hole before it. What passes through is neither hashed nor ciphered here: that is tested elsewhere.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TAG_BYTES } from '../../../../adapters/artifacts/chunk-cipher.ts';
import type { ChunkWork } from '../../../../adapters/artifacts/chunk-work.ts';
import { createFilePlace } from '../../../../adapters/artifacts/file-place.ts';
import type { ObjectPlace, UploadData } from '../../../../adapters/artifacts/object-place.ts';
import {
  chunkCountOf,
  parseRecord,
  type ObjectRecord,
  type Sealing,
} from '../../../../adapters/artifacts/object-record.ts';
import { readObject } from '../../../../adapters/artifacts/open-object.ts';
import { sealSource, type Source } from '../../../../adapters/artifacts/seal-source.ts';
import { assembleManifest, parseManifest } from '../../../../domain/registry/folder-manifest.ts';
import { newFolder } from '../../../support/artifacts.ts';

const CHUNK = 8 * 1024 * 1024;
const BYTES = 2 ** 32 + 5 * CHUNK + 123;
/** From this chunk on everything is real; it begins at 2^32. */
const FIRST_REAL = 2 ** 32 / CHUNK;
/** What an earlier try has written last. */
const KEPT = FIRST_REAL + 1;
const DIGEST = 'd'.repeat(64);

/** What stands at a place of the content. */
const valueAt = (at: number): number => Math.floor(at / CHUNK) % 251;

const source: Source = {
  path: 'large',
  bytes: BYTES,
  isManifest: false,
  read: async (at, into) => {
    if (at >= 2 ** 32) into.fill(valueAt(at));
    return await Promise.resolve(into.length);
  },
};

/** Seals by copying, and marks whose chunk it is. */
const work: ChunkWork = {
  hash: async () => await Promise.resolve(),
  digest: async () => await Promise.resolve(DIGEST),
  seal: async ({ place, plain, sealed }) => {
    if (place.index < FIRST_REAL) return await Promise.resolve();
    sealed.set(plain);
    sealed.fill(place.index % 256, plain.length);
    return await Promise.resolve();
  },
  open: async ({ place, plain, sealed }) => {
    if (place.index < FIRST_REAL) return await Promise.resolve(true);
    plain.set(sealed.subarray(0, plain.length));
    return await Promise.resolve(sealed.subarray(plain.length).every((byte) => byte === place.index % 256));
  },
  close: async () => await Promise.resolve(),
};

/** The upload of a real place, in which the first 4 GiB are taken to be there. */
const withHole = (data: UploadData): UploadData => ({
  ...data,
  holds: async (index, sealed) => index < FIRST_REAL || (await data.holds(index, sealed)),
});

describe('an object of more than 4 GiB', () => {
  it('is gone on with, stored, sized and read at its places', async () => {
    const root = newFolder();
    const folder = newFolder();
    const place = createFilePlace(root, { chunkBytes: CHUNK });
    const run = { from: 0, id: '0'.repeat(32) };
    const sealing: Sealing = { bytes: BYTES, chunkBytes: CHUNK, upload: 'a'.repeat(32), runs: [run] };
    expect(chunkCountOf(sealing)).toBe(FIRST_REAL + 6);

    const earlier = await place.upload(sealing, folder);
    for (const index of [FIRST_REAL, KEPT]) {
      const sealed = new Uint8Array(CHUNK + TAG_BYTES).fill(valueAt(index * CHUNK)).fill(index % 256, CHUNK);
      await earlier.write(index, sealed);
    }
    await earlier.close();

    const restarts: number[] = [];
    let passed = 0;
    const data = await place.upload(sealing, folder);
    const sealed = await sealSource(
      source,
      {
        sealing,
        dataKey: new Uint8Array(32),
        data: withHole(data),
        isResumed: true,
        restart: async (from) => {
          restarts.push(from);
          return await Promise.resolve({ ...sealing, runs: [run, { from, id: 'b'.repeat(32) }] });
        },
      },
      { work, signal: undefined, onBytes: (bytes) => (passed += bytes) },
    );
    expect([restarts, passed]).toEqual([[KEPT + 1], BYTES]);

    const record: ObjectRecord = { ...sealed.sealing, digest: DIGEST, wrappingKey: 'k1', wrapped: Buffer.alloc(60) };
    expect(await data.publish(record)).toBe(true);
    expect(readdirSync(join(root, 'sizes'))).toEqual([String(BYTES)]);
    const stored = join(root, 'objects', DIGEST.slice(0, 2), DIGEST, 'data');
    expect(statSync(stored).size).toBe(BYTES + chunkCountOf(sealing) * TAG_BYTES);
    const kept = parseRecord((await place.record(DIGEST))?.text ?? '');
    expect(kept).toMatchObject({ bytes: BYTES, runs: sealed.sealing.runs });
    if (kept === null) throw new Error('there is no record');

    const seen: [number, number][] = [];
    const problem = await readObject(
      readingBehindTheHole(place),
      { record: kept, dataKey: Buffer.alloc(32) },
      {
        work,
        sink: async (plain, at) => {
          if (at >= 2 ** 32 && plain.every((byte) => byte === valueAt(at))) seen.push([at, plain.length]);
          await Promise.resolve();
        },
      },
    );
    expect(problem).toBeNull();
    const places = Array.from({ length: 6 }, (_, n) => [2 ** 32 + n * CHUNK, n === 5 ? 123 : CHUNK]);
    expect(seen.toSorted(([a], [b]) => a - b)).toEqual(places);
    rmSync(root, { recursive: true });
  });

  it('is listed with its size in a folder', () => {
    const files = [{ path: 'weights.bin', bytes: BYTES, sha256: DIGEST }];
    expect(parseManifest(assembleManifest(files))).toEqual(files);
  });
});

/** The real place, whose hole is not read. */
function readingBehindTheHole(place: ObjectPlace): ObjectPlace {
  return {
    ...place,
    openData: async (record) => {
      const data = await place.openData(record);
      if (data === null) return null;
      return { ...data, read: async (at, into) => (at < 2 ** 32 ? into.length : await data.read(at, into)) };
    },
  };
}
