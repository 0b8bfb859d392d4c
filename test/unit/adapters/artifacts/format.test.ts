// A reader written from docs/reference/artifact-format.md alone: nothing of the program is used to read.
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openChunk, runKeyOf, sealChunk, TAG_BYTES } from '../../../../adapters/artifacts/chunk-cipher.ts';
import { dataFileOf, fileWith, fixedRing, newFolder, openFileStore, recordFileOf } from '../../../support/artifacts.ts';

interface WrittenRecord {
  readonly format: string;
  readonly digest: string;
  readonly bytes: number;
  readonly chunkBytes: number;
  readonly upload: string;
  readonly runs: readonly { readonly from: number; readonly id: string }[];
  readonly wrappingKey: string;
  readonly wrapped: string;
}

function open(key: Uint8Array, nonce: Uint8Array, context: string, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function readByThePage(root: string, digest: string): Buffer {
  const record = JSON.parse(readFileSync(recordFileOf(root, digest), 'utf8')) as WrittenRecord;
  const { bytes, chunkBytes, format, runs, upload, wrappingKey } = record;
  const subject = [format, digest, bytes, chunkBytes, upload, ...runs.map((run) => `${run.from}:${run.id}`)].join('|');
  const wrapped = Buffer.from(record.wrapped, 'base64');
  const wrapping = fixedRing.keys.get(wrappingKey) ?? Buffer.alloc(0);
  const key = open(
    wrapping,
    wrapped.subarray(0, 12),
    `artifacts|artifact|${subject}|${wrappingKey}`,
    wrapped.subarray(12),
  );
  const data = readFileSync(dataFileOf(root, digest));
  const chunks = Math.max(1, Math.ceil(bytes / chunkBytes));
  expect(data.length).toBe(bytes + 16 * chunks);
  const content = Array.from({ length: chunks }, (_, i) => {
    const run = runs.findLast(({ from }) => from <= i)?.id ?? '';
    const runKey = hkdfSync('sha256', key, Buffer.from(run, 'hex'), `durable-mlops-artifact/1|${upload}`, 32);
    const isLast = i === chunks - 1;
    const nonce = Buffer.concat([Buffer.from(i.toString(16).padStart(22, '0'), 'hex'), Buffer.from([isLast ? 1 : 0])]);
    const sealed = data.subarray(i * (chunkBytes + 16), (i + 1) * (chunkBytes + 16));
    const context = `durable-mlops-artifact/1|${upload}|${run}|${i}|${isLast ? 'last' : 'more'}`;
    return open(new Uint8Array(runKey), nonce, context, sealed);
  });
  return Buffer.concat(content);
}

describe('the published format', () => {
  it('is enough to read what is stored', async () => {
    const { root, store } = openFileStore();
    for (const length of [0, 1, 64, 1000]) {
      const content = Buffer.from(Array.from({ length }, (_, at) => at % 251));
      const { digest } = await store.put(fileWith(content));
      expect(readByThePage(root, digest)).toEqual(content);
    }
  });

  it('is enough to read what was stored in two tries, and a folder', async () => {
    const { root, store } = openFileStore();
    const content = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7) % 256));
    const folder = newFolder('mlops-model-');
    mkdirSync(join(folder, 'sub'));
    const path = fileWith(content, join(folder, 'sub'), 'weights');
    const controller = new AbortController();
    const tried = store.put(path, {
      signal: controller.signal,
      onProgress: (done) => done > 1000 && controller.abort(new Error('enough')),
    });
    await expect(tried).rejects.toThrow('enough');
    const { digest } = await store.put(folder);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const manifest = `durable-mlops-folder/1\n${sha256} 3000 sub/weights\n`;
    expect(readByThePage(root, digest).toString()).toBe(manifest);
    expect(digest).toBe(createHash('sha256').update(manifest).digest('hex'));
    expect(readByThePage(root, sha256)).toEqual(content);
    const { runs } = JSON.parse(readFileSync(recordFileOf(root, sha256), 'utf8')) as WrittenRecord;
    expect(runs).toHaveLength(2);
  });
});

describe('a sealed chunk', () => {
  const place = { upload: 'a'.repeat(32), run: 'b'.repeat(32), index: 3, isLast: false };
  const key = runKeyOf(Buffer.alloc(32, 7), place.upload, place.run);
  const plain = Buffer.from('sixteen bytes ok');
  const sealed = Buffer.alloc(plain.length + TAG_BYTES);
  sealChunk(key, place, plain, sealed);

  it('opens at its own place alone', () => {
    const opens = (other: Partial<typeof place>, under = key): boolean =>
      openChunk(under, { ...place, ...other }, sealed, Buffer.alloc(plain.length));
    expect(opens({})).toBe(true);
    for (const other of [{ upload: 'c'.repeat(32) }, { run: 'c'.repeat(32) }, { index: 2 }, { isLast: true }])
      expect(opens(other)).toBe(false);
    expect(opens({}, runKeyOf(Buffer.alloc(32, 7), place.upload, 'c'.repeat(32)))).toBe(false);
    expect(opens({}, runKeyOf(Buffer.alloc(32, 7), 'c'.repeat(32), place.run))).toBe(false);
  });

  it('is another one as the last, and at another index, under the same key', () => {
    const other = Buffer.alloc(sealed.length);
    sealChunk(key, { ...place, isLast: true }, plain, other);
    expect(other.subarray(0, plain.length)).not.toEqual(sealed.subarray(0, plain.length));
    sealChunk(key, { ...place, index: 2 ** 40 }, plain, other);
    expect(other.subarray(0, plain.length)).not.toEqual(sealed.subarray(0, plain.length));
  });
});
