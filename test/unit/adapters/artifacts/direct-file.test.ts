import { randomBytes } from 'node:crypto';
import { constants, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TAG_BYTES } from '../../../../adapters/artifacts/chunk-cipher.ts';
import { openDirectFile, pageAligned, type DirectFile } from '../../../../adapters/artifacts/direct-file.ts';
import { createFilePlace } from '../../../../adapters/artifacts/file-place.ts';
import { newFolder } from '../../../support/artifacts.ts';

const PAGE = 4096;
const FLAGS = constants.O_RDWR | constants.O_CREAT;
const RANDOM = randomBytes(3 * PAGE);

/** The same bytes in memory of both kinds. */
function filled(bytes: number, isAligned: boolean): Uint8Array {
  const buffer = isAligned ? pageAligned(bytes) : new Uint8Array(bytes);
  buffer.set(RANDOM.subarray(0, bytes));
  return buffer;
}

it('is what a store writes its chunks by: they are whole pages', () => {
  const place = createFilePlace(newFolder());
  expect((place.chunkBytesFor(1e9) + TAG_BYTES) % PAGE).toBe(0);
});

describe('a file past the page cache', () => {
  let path: string;
  let file: DirectFile;

  beforeEach(async () => {
    path = join(newFolder(), 'data');
    file = await openDirectFile(path, FLAGS, 0o600);
  });
  afterEach(async () => await file.close());

  it.each([
    ['whole pages', 0, 2 * PAGE, true],
    ['whole pages behind others', 3 * PAGE, PAGE, true],
    ['whole pages from memory that begins anywhere', 0, 2 * PAGE, false],
    ['a part of a page', 0, 100, true],
    ['more than a page', PAGE, PAGE + 1, true],
    ['pages that begin within one', 7, PAGE, true],
    ['nothing', 0, 0, true],
  ])('takes and gives back %s', async (_, at, bytes, isAligned) => {
    const written = filled(bytes, isAligned);
    await file.write(at, written);
    expect(readFileSync(path).subarray(at)).toEqual(Buffer.from(written));
    const read = isAligned ? pageAligned(bytes) : new Uint8Array(bytes);
    expect(await file.read(at, read)).toBe(bytes);
    expect(Buffer.from(read)).toEqual(Buffer.from(written));
  });

  it.each([0, 1, PAGE, PAGE + 5])('says how much there is when it ends after %i bytes', async (bytes) => {
    await file.write(0, filled(bytes, true));
    const read = pageAligned(3 * PAGE);
    expect(await file.read(0, read)).toBe(bytes);
    expect(Buffer.from(read.subarray(0, bytes))).toEqual(RANDOM.subarray(0, bytes));
  });

  it('says what the system refuses', async () => {
    await expect(openDirectFile(join(path, 'below-a-file'), FLAGS)).rejects.toMatchObject({ code: 'ENOTDIR' });
    const readOnly = await openDirectFile(path, constants.O_RDONLY);
    await expect(readOnly.write(0, filled(PAGE, true))).rejects.toMatchObject({ code: 'EBADF' });
    await readOnly.close();
  });

  it('has buffers that the disk takes as they are', async ({ skip }) => {
    const direct = await open(path, FLAGS | constants.O_DIRECT).catch(() => null);
    if (direct === null) {
      skip('a file system without such writes has nothing to say here');
      return;
    }
    try {
      for (const bytes of [PAGE, 8 * 1024 * 1024]) {
        const { bytesWritten } = await direct.write(pageAligned(bytes), 0, bytes, 0);
        expect(bytesWritten).toBe(bytes);
      }
    } finally {
      await direct.close();
    }
  });
});
