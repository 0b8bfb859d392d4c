import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rewrapObjects } from '../../../../adapters/artifacts/rewrap-objects.ts';
import { assembleManifest, MANIFEST_FIRST_LINE } from '../../../../domain/registry/folder-manifest.ts';
import {
  CHUNK_BYTES,
  contentOf,
  dataFileOf,
  fileWith,
  fixedRing,
  keysOf,
  newFolder,
  noSignatures,
  openFileStore,
  recordFileOf,
  uploadsIn,
} from '../../../support/artifacts.ts';

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const bytesOf = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 6)) % 256));

describe('put()', () => {
  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES, 5 * CHUNK_BYTES + 3])(
    'stores a file of %i bytes under its SHA-256, verified and fetched as it was',
    async (length) => {
      const { store, root } = openFileStore();
      const content = bytesOf(length);
      const ref = await store.put(fileWith(content));
      expect(ref).toEqual({ digest: sha256(content), bytes: length, files: 1 });
      expect(await store.verify(ref.digest)).toEqual({ ok: true, problem: null, bytes: length, signer: null });
      const target = join(newFolder(), 'copy');
      await store.fetch(ref.digest, target);
      expect(readFileSync(target)).toEqual(content);
      expect(uploadsIn(root)).toEqual([]);
    },
  );

  it.each([
    ['', 1000],
    [' and by whole pages', 2 * 4096 - 16],
  ])('does the same work in threads%s', async (_, chunkBytes) => {
    const { store } = openFileStore(undefined, { threadsFromBytes: 1, chunkBytes });
    const content = randomBytes(123_456);
    const { digest } = await store.put(fileWith(content));
    expect(digest).toBe(sha256(content));
    expect((await store.verify(digest)).ok).toBe(true);
    const target = join(newFolder(), 'copy');
    await store.fetch(digest, target);
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('keeps nothing of the content or of its name in clear, and gives it to its owner only', async () => {
    const { store, root } = openFileStore();
    await store.put(fileWith('a secret that is long enough to find', newFolder(), 'secret-name.bin'));
    const all = Object.entries(contentOf(root));
    expect(all.length).toBeGreaterThan(2);
    for (const [name, hex] of all) {
      expect(`${name} ${Buffer.from(hex, 'hex').toString('latin1')}`).not.toMatch(/secret/);
      expect(statSync(join(root, name)).mode & 0o077).toBe(0);
    }
  });

  it('stores a folder by the digest of its manifest, and each content once', async () => {
    const folder = newFolder('mlops-model-');
    mkdirSync(join(folder, 'b'));
    fileWith('one', folder, 'z.txt');
    fileWith('two', join(folder, 'b'), 'ü 1.txt');
    fileWith('one', folder, 'again.txt');
    fileWith('', folder, '.hidden');
    const { store, root } = openFileStore();
    const ref = await store.put(folder);
    const manifest = [
      `${sha256('')} 0 .hidden`,
      `${sha256('one')} 3 again.txt`,
      `${sha256('two')} 3 b/ü 1.txt`,
      `${sha256('one')} 3 z.txt`,
    ];
    expect(ref).toEqual({ digest: sha256(`durable-mlops-folder/1\n${manifest.join('\n')}\n`), bytes: 9, files: 4 });
    expect(
      readdirSync(join(root, 'objects'), { recursive: true }).filter((name) => String(name).endsWith('data')),
    ).toHaveLength(4);
    expect(await store.verify(ref.digest)).toEqual({ ok: true, problem: null, bytes: 9, signer: null });
    const target = join(newFolder(), 'copy');
    await store.fetch(ref.digest, target);
    expect(contentOf(target)).toEqual(contentOf(folder));
  });

  it('of what is there changes nothing, and verifies it', async () => {
    const { store, root } = openFileStore();
    const path = fileWith(bytesOf(300));
    const { digest } = await store.put(path);
    const before = contentOf(root);
    expect((await store.put(path)).digest).toBe(digest);
    expect(contentOf(root)).toEqual(before);
    const damaged = readFileSync(dataFileOf(root, digest));
    damaged[100] = (damaged[100] ?? 0) ^ 1;
    writeFileSync(dataFileOf(root, digest), damaged);
    await expect(store.put(path)).rejects.toThrow(/chunk 2 of 5 was changed/);
    rmSync(join(root, 'sizes'), { recursive: true });
    await expect(store.put(path), 'without the hint').rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
    expect(readFileSync(dataFileOf(root, digest))).toEqual(damaged);
    expect(uploadsIn(root)).toEqual([]);
  });

  it('of the same content at once stores it once', async () => {
    const { store, root } = openFileStore();
    const other = openFileStore(root).store;
    const paths = Array.from({ length: 8 }, () => fileWith(bytesOf(5000)));
    const refs = await Promise.all([
      ...paths.map(async (path) => await store.put(path)),
      ...paths.map(async (path) => await other.put(path)),
    ]);
    expect(new Set(refs.map(({ digest }) => digest)).size).toBe(1);
    expect((await store.verify(refs[0]?.digest ?? '')).ok).toBe(true);
    expect(uploadsIn(root)).toEqual([]);
  });

  it('tells how far it is', async () => {
    const { store } = openFileStore();
    const seen: number[] = [];
    await store.put(fileWith(bytesOf(150)), { onProgress: (bytes) => seen.push(bytes) });
    // Chunks are written beside each other, and the last and smallest may be there before another.
    expect(seen).toHaveLength(3);
    expect([64, 22]).toContain(seen[0]);
    expect([128, 86]).toContain(seen[1]);
    expect(seen[2]).toBe(150);
    seen.length = 0;
    await store.put(fileWith(bytesOf(150)), { onProgress: (bytes) => seen.push(bytes) });
    expect(seen).toEqual([150]);
  });

  it('refuses what is no file, wherever it is, and stores nothing of it', async () => {
    const { store, root } = openFileStore();
    const refused = async (make: (folder: string) => void, problem: RegExp): Promise<void> => {
      const folder = newFolder('mlops-model-');
      fileWith('fine', folder, 'a.txt');
      mkdirSync(join(folder, 'inner'));
      make(join(folder, 'inner'));
      await expect(store.put(folder)).rejects.toMatchObject({
        code: 'ARTIFACT_SOURCE_REFUSED',
        message: expect.stringMatching(problem),
      });
    };
    await refused(
      (inner) => symlinkSync('/etc/passwd', join(inner, 'link')),
      /inner\/link cannot be stored: it is a symbolic link/,
    );
    await refused((inner) => symlinkSync('..', join(inner, 'up')), /symbolic link/);
    await refused((inner) => void execFileSync('mkfifo', [join(inner, 'pipe')]), /not a regular file/);
    await refused((inner) => void fileWith('x', inner, 'new\nline'), /control character/);
    await refused(
      (inner) => writeFileSync(Buffer.concat([Buffer.from(`${inner}/`), Buffer.from([0xff])]), ''),
      /Unicode/,
    );
    await refused((inner) => void fileWith(`${MANIFEST_FIRST_LINE}x`, inner, 'list'), /could be taken for one/);
    const link = join(newFolder(), 'link');
    symlinkSync(fileWith('x'), link);
    await expect(store.put(link)).rejects.toThrow(/symbolic link/);
    await expect(store.put(newFolder())).rejects.toThrow(/has no file/);
    await expect(store.put('/dev/null')).rejects.toThrow(/not a regular file/);
    await expect(store.put(join(newFolder(), 'none'))).rejects.toThrow(/there is no file/);
    expect(existsSync(join(root, 'objects', sha256(`${MANIFEST_FIRST_LINE}x`).slice(0, 2)))).toBe(false);
  });

  it('stores nothing of a file that is written to meanwhile', async () => {
    const { store, root } = openFileStore();
    for (const change of [
      (path: string) => appendFileSync(path, 'x'),
      (path: string) => truncateSync(path, 10),
      (path: string) => utimesSync(path, 1, 1),
    ]) {
      const path = fileWith(bytesOf(640));
      let isChanged = false;
      const put = store.put(path, {
        onProgress: () => {
          if (!isChanged) change(path);
          isChanged = true;
        },
      });
      await expect(put).rejects.toMatchObject({ code: 'ARTIFACT_SOURCE_CHANGED' });
    }
    expect(existsSync(join(root, 'objects'))).toBe(false);
  });
});

describe('an upload that was interrupted', () => {
  /** Aborts after so many bytes. Returns the source. */
  async function interrupt(root: string, content: Buffer, after: number): Promise<string> {
    const path = fileWith(content);
    const controller = new AbortController();
    const put = openFileStore(root).store.put(path, {
      signal: controller.signal,
      onProgress: (bytes) => bytes >= after && controller.abort(new Error('enough')),
    });
    await expect(put).rejects.toThrow('enough');
    return path;
  }
  const dataOf = (root: string): Buffer => {
    const name = uploadsIn(root).find((entry) => !entry.endsWith('.lock')) ?? '';
    return readFileSync(join(root, 'uploads', name, 'data'));
  };
  const runsOf = (root: string, digest: string): { from: number }[] =>
    (JSON.parse(readFileSync(recordFileOf(root, digest), 'utf8')) as { runs: { from: number }[] }).runs;

  it('goes on after the last whole chunk, which stays as it was written', async () => {
    const { root, store } = openFileStore();
    const content = bytesOf(CHUNK_BYTES * 50);
    const path = await interrupt(root, content, CHUNK_BYTES * 20);
    const written = dataOf(root);
    expect(written.length).toBeGreaterThanOrEqual(20 * (CHUNK_BYTES + 16));
    const { digest } = await store.put(path);
    expect(digest).toBe(sha256(content));
    const [first, second] = runsOf(root, digest);
    expect(first?.from).toBe(0);
    expect(second?.from).toBeGreaterThanOrEqual(20);
    const kept = (second?.from ?? 0) * (CHUNK_BYTES + 16);
    expect(readFileSync(dataFileOf(root, digest)).subarray(0, kept)).toEqual(written.subarray(0, kept));
    expect(await store.verify(digest)).toMatchObject({ ok: true });
    expect(uploadsIn(root)).toEqual([]);
  });

  it('writes anew from the first chunk that is not of the same content, and never under the same key', async () => {
    const { root, store } = openFileStore();
    const content = bytesOf(CHUNK_BYTES * 50);
    const path = await interrupt(root, content, CHUNK_BYTES * 20);
    const written = dataOf(root);
    const changed = Buffer.from(content);
    changed.writeUInt8(255, CHUNK_BYTES * 7 + 3);
    writeFileSync(path, changed);
    const { digest } = await store.put(path);
    expect(digest).toBe(sha256(changed));
    expect(runsOf(root, digest).map(({ from }) => from)).toEqual([0, 7]);
    const stride = CHUNK_BYTES + 16;
    const data = readFileSync(dataFileOf(root, digest));
    expect(data.subarray(0, 7 * stride)).toEqual(written.subarray(0, 7 * stride));
    // Chunk 9 has the same content as before, and not the same ciphertext.
    expect(data.subarray(9 * stride, 10 * stride)).not.toEqual(written.subarray(9 * stride, 10 * stride));
    expect(await store.verify(digest)).toMatchObject({ ok: true });
  });

  it('writes anew what was damaged since', async () => {
    const { root, store } = openFileStore();
    const content = bytesOf(CHUNK_BYTES * 50);
    const path = await interrupt(root, content, CHUNK_BYTES * 20);
    const name = uploadsIn(root).find((entry) => !entry.endsWith('.lock')) ?? '';
    truncateSync(join(root, 'uploads', name, 'data'), 3 * (CHUNK_BYTES + 16) + 5);
    const { digest } = await store.put(path);
    expect(runsOf(root, digest).map(({ from }) => from)).toEqual([0, 3]);
    expect(await store.verify(digest)).toMatchObject({ ok: true });
  });

  it('goes on with a source that is shorter or longer now', async () => {
    for (const length of [CHUNK_BYTES * 8, CHUNK_BYTES * 8 + 1, CHUNK_BYTES * 60]) {
      const { root, store } = openFileStore();
      const path = await interrupt(root, bytesOf(CHUNK_BYTES * 50), CHUNK_BYTES * 20);
      writeFileSync(path, bytesOf(length));
      const { digest } = await store.put(path);
      expect(digest).toBe(sha256(bytesOf(length)));
      expect(await store.verify(digest)).toMatchObject({ ok: true, bytes: length });
    }
  });

  it('begins anew when its key is gone, or what is known of it is not readable', async () => {
    const { root } = openFileStore();
    const content = bytesOf(CHUNK_BYTES * 50);
    const path = await interrupt(root, content, CHUNK_BYTES * 20);
    const other = openFileStore(root, { keys: keysOf({ active: 'k2', keys: new Map([['k2', Buffer.alloc(32, 2)]]) }) });
    const { digest } = await other.store.put(path);
    expect(await other.store.verify(digest)).toMatchObject({ ok: true });
  });

  it('is removed when nobody has gone on with it for a week, and not before', async () => {
    const { root } = openFileStore();
    await interrupt(root, bytesOf(CHUNK_BYTES * 50), CHUNK_BYTES * 20);
    expect(uploadsIn(root)).toHaveLength(2);
    const day = 24 * 3600 * 1000;
    await openFileStore(root, { now: () => Date.now() + 6 * day }).store.put(fileWith('other'));
    expect(uploadsIn(root)).toHaveLength(2);
    await openFileStore(root, { now: () => Date.now() + 8 * day }).store.put(fileWith('another'));
    expect(uploadsIn(root)).toEqual([]);
  });

  it('is not removed under a living process, however long it takes', async () => {
    const { root, store } = openFileStore();
    const content = bytesOf(CHUNK_BYTES * 50);
    const others: Promise<unknown>[] = [];
    const { digest } = await store.put(fileWith(content), {
      onProgress: () => {
        others.push(openFileStore(root, { now: () => Date.now() + 1e12 }).store.put(fileWith('other')));
      },
    });
    await Promise.all(others);
    expect(await store.verify(digest)).toMatchObject({ ok: true });
  });
});

describe('verify()', () => {
  it('finds every changed byte of an object, of its record and of its folder', async () => {
    const folder = newFolder('mlops-model-');
    fileWith(bytesOf(150), folder, 'weights');
    const { root, store } = openFileStore();
    const { digest } = await store.put(folder);
    const files = Object.keys(contentOf(root)).filter((name) => name.startsWith('objects'));
    expect(files).toHaveLength(4);
    let flips = 0;
    for (const name of files) {
      const file = join(root, name);
      const sound = readFileSync(file);
      for (let at = 0; at < sound.length; at += 1) {
        const changed = Buffer.from(sound);
        changed.writeUInt8(sound.readUInt8(at) ^ (1 << (at % 8)), at);
        writeFileSync(file, changed);
        const { ok, problem } = await store.verify(digest);
        expect(`${name} ${at} ${String(ok)} ${String(problem !== null)}`).toBe(`${name} ${at} false true`);
        flips += 1;
      }
      writeFileSync(file, sound);
    }
    expect(flips).toBeGreaterThan(900);
    expect((await store.verify(digest)).ok).toBe(true);
  });

  it('names what is wrong', async () => {
    const { root, store } = openFileStore();
    const { digest } = await store.put(fileWith(bytesOf(300)));
    const data = dataFileOf(root, digest);
    const sound = readFileSync(data);
    const stride = CHUNK_BYTES + 16;
    const problemAfter = async (change: () => void): Promise<string | null> => {
      change();
      const { problem } = await store.verify(digest);
      writeFileSync(data, sound);
      return problem;
    };
    const swapped = Buffer.concat([
      sound.subarray(stride, 2 * stride),
      sound.subarray(0, stride),
      sound.subarray(2 * stride),
    ]);
    const repeated = Buffer.concat([sound.subarray(0, stride), sound.subarray(0, stride), sound.subarray(2 * stride)]);
    expect(await problemAfter(() => writeFileSync(data, swapped))).toBe(
      'chunk 1 of 5 was changed, or is not of this object',
    );
    expect(await problemAfter(() => writeFileSync(data, repeated))).toBe(
      'chunk 2 of 5 was changed, or is not of this object',
    );
    expect(await problemAfter(() => truncateSync(data, 2 * stride))).toBe(
      'its data is cut off: it has 160 of 380 bytes',
    );
    expect(await problemAfter(() => appendFileSync(data, 'xyz'))).toBe('its data has 3 bytes too many');
    expect(await problemAfter(() => rmSync(data))).toBe('its data is missing');
    expect((await store.verify('0'.repeat(64))).problem).toBe('it is not in the store');
    expect((await store.verify('../../etc')).problem).toBe('it is not in the store');
  });

  it('takes no object for another, whole or in part', async () => {
    const { root, store } = openFileStore();
    const one = await store.put(fileWith(bytesOf(128)));
    const other = await store.put(fileWith(Buffer.from(bytesOf(128)).reverse()));
    const [record, data] = [
      readFileSync(recordFileOf(root, other.digest)),
      readFileSync(dataFileOf(root, other.digest)),
    ];
    writeFileSync(dataFileOf(root, one.digest), data);
    expect((await store.verify(one.digest)).problem).toMatch(/^chunk 1 of 2 was changed, or is not of this object/);
    writeFileSync(recordFileOf(root, one.digest), record);
    expect((await store.verify(one.digest)).problem).toBe(`its record is that of ${other.digest}`);
    writeFileSync(recordFileOf(root, one.digest), record.toString().replace(other.digest, one.digest));
    expect((await store.verify(one.digest)).problem).toMatch(/^its key cannot be opened with k1/);
  });

  it('says whose key is missing, and whose does not fit', async () => {
    const { root, store } = openFileStore();
    const { digest } = await store.put(fileWith(bytesOf(128)));
    const wrong = openFileStore(root, { keys: keysOf({ active: 'k1', keys: new Map([['k1', Buffer.alloc(32, 9)]]) }) });
    expect((await wrong.store.verify(digest)).problem).toMatch(
      /^its key cannot be opened with k1: another key has that name/,
    );
    const foreign = openFileStore(root, {
      keys: keysOf({ active: 'k9', keys: new Map([['k9', Buffer.alloc(32, 9)]]) }),
    });
    expect((await foreign.store.verify(digest)).problem).toBe(
      'its key is wrapped under k1, which is not among the keys here',
    );
    expect(fixedRing.active).toBe('k1');
  });

  it('names the file of a folder', async () => {
    const folder = newFolder('mlops-model-');
    fileWith(bytesOf(150), folder, 'weights');
    fileWith('hello', folder, 'card.md');
    const { root, store } = openFileStore();
    const { digest } = await store.put(folder);
    rmSync(join(root, 'objects', sha256('hello').slice(0, 2)), { recursive: true });
    expect(await store.verify(digest)).toEqual({
      ok: false,
      problem: 'file card.md: it is not in the store',
      signer: null,
      bytes: 0,
    });
  });
});

describe('fetch()', () => {
  it('leaves nothing behind when something is wrong', async () => {
    const folder = newFolder('mlops-model-');
    fileWith(bytesOf(150), folder, 'a');
    fileWith(bytesOf(300), folder, 'b');
    const { root, store } = openFileStore();
    const { digest } = await store.put(folder);
    const data = dataFileOf(root, sha256(bytesOf(300)));
    truncateSync(data, statSync(data).size - 1);
    const place = newFolder();
    await expect(store.fetch(digest, join(place, 'copy'))).rejects.toMatchObject({
      code: 'ARTIFACT_DAMAGED',
      message: expect.stringContaining('file b: its data is cut off'),
    });
    await expect(store.fetch(sha256(bytesOf(300)), join(place, 'copy'))).rejects.toThrow(/cut off/);
    expect(readdirSync(place)).toEqual([]);
  });

  it('never takes the place of what is there', async () => {
    const { store } = openFileStore();
    const { digest } = await store.put(fileWith('content'));
    const place = newFolder();
    const there = fileWith('mine', place, 'there');
    await expect(store.fetch(digest, there)).rejects.toMatchObject({ code: 'ARTIFACT_TARGET_REFUSED' });
    expect(readFileSync(there, 'utf8')).toBe('mine');
    await expect(store.fetch(digest, join(place, 'none', 'deep'))).rejects.toMatchObject({
      code: 'ARTIFACT_TARGET_REFUSED',
    });
    await expect(store.fetch('0'.repeat(64), join(place, 'x'))).rejects.toMatchObject({ code: 'ARTIFACT_UNKNOWN' });
    expect(readdirSync(place)).toEqual(['there']);
  });

  it('follows no list of a folder out of it', async () => {
    // A list that no walk gives, stored by who has the keys.
    const { root, store, place } = openFileStore();
    const { putManifest } = await import('../../../../adapters/artifacts/put-object.ts');
    const { createUploadShelf } = await import('../../../../adapters/artifacts/upload-shelf.ts');
    const { withCrew } = await import('../../../../adapters/artifacts/work-crew.ts');
    const { digest: inner } = await store.put(fileWith('evil'));
    const text = assembleManifest([{ path: '../outside', bytes: 4, sha256: inner }]);
    const parts = {
      place,
      keys: keysOf(fixedRing),
      shelf: createUploadShelf(root),
      right: new Set<string>(),
      signatures: noSignatures,
    };
    const digest = await withCrew(1e9, async (crew) => {
      const progress = { crew, signal: undefined, onBytes: () => undefined };
      return await putManifest(newFolder(), text, parts, progress);
    });
    const target = newFolder();
    await expect(store.fetch(digest, join(target, 'copy'))).rejects.toThrow(
      /list of files is not valid: path "..\/outside"/,
    );
    expect(readdirSync(target)).toEqual([]);
  });
});

describe('a full disk', () => {
  // Mounting needs root.
  it.skipIf(process.getuid?.() !== 0)('is one clear error, and what was written by halves is removed', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'mlops-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', mount]);
    try {
      const { store } = openFileStore(join(mount, 'store'), { chunkBytes: 4096 });
      await expect(store.put(fileWith(randomBytes(400_000)))).rejects.toMatchObject({
        code: 'ARTIFACT_DISK_FULL',
        message: `Disk is full: ${join(mount, 'store')} cannot be written`,
      });
      expect(uploadsIn(join(mount, 'store'))).toEqual([]);
      const elsewhere = openFileStore(undefined, { chunkBytes: 4096 });
      const { digest } = await elsewhere.store.put(fileWith(randomBytes(400_000)));
      await expect(elsewhere.store.fetch(digest, join(mount, 'copy'))).rejects.toMatchObject({
        code: 'ARTIFACT_DISK_FULL',
      });
      expect(readdirSync(mount)).toEqual(['store']);
      const small = await store.put(fileWith('there is room for this'));
      expect((await store.verify(small.digest)).ok).toBe(true);
    } finally {
      execFileSync('umount', [mount]);
    }
  });
});

describe('a store that cannot be used', () => {
  it('is one clear error, whatever was to be done', async () => {
    const { store, root } = openFileStore(join(fileWith('a file where a folder should be'), 'store'));
    const wanted = { code: 'ARTIFACT_STORE_UNUSABLE', message: expect.stringContaining(root) };
    await expect(store.put(fileWith('content'))).rejects.toMatchObject(wanted);
    await expect(store.verify('0'.repeat(64))).rejects.toMatchObject(wanted);
    await expect(store.fetch('0'.repeat(64), join(newFolder(), 'copy'))).rejects.toMatchObject(wanted);
  });

  it.skipIf(process.getuid?.() !== 0)('because its disk is full says that, and leaves nothing', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'mlops-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', mount]);
    try {
      const { root, store } = openFileStore(join(mount, 'store'));
      await store.put(fileWith('first'));
      const before = contentOf(root);
      const free = Number(
        execFileSync('df', ['--output=avail', '--block-size=1', mount], { encoding: 'utf8' }).split('\n')[1],
      );
      writeFileSync(join(mount, 'filler'), Buffer.alloc(free));
      await expect(store.put(fileWith('second'))).rejects.toMatchObject({ code: 'ARTIFACT_DISK_FULL' });
      expect(contentOf(root)).toEqual(before);
    } finally {
      execFileSync('umount', [mount]);
    }
  });
});

describe('rewrapObjects()', () => {
  it('goes on behind an object whose key does not open, and says so in the end', async () => {
    const { place, root, store } = openFileStore();
    const digests = [];
    for (let at = 0; at < 5; at += 1) digests.push((await store.put(fileWith(`content ${at}`))).digest);
    const [first = ''] = digests.toSorted();
    const record = readFileSync(recordFileOf(root, first), 'utf8');
    writeFileSync(recordFileOf(root, first), record.replace(/"wrapped":"..../, '"wrapped":"AAAA'));
    const ring = { active: 'k2', keys: new Map([...fixedRing.keys, ['k2', Buffer.alloc(32, 2)] as const]) };
    await expect(rewrapObjects(place, keysOf(ring), 'k2')).rejects.toMatchObject({ code: 'LEDGER_KEY_UNREADABLE' });
    const onlyNew = openFileStore(root, {
      keys: keysOf({ active: 'k2', keys: new Map([['k2', Buffer.alloc(32, 2)]]) }),
    });
    const checks = await Promise.all(digests.map(async (digest) => (await onlyNew.store.verify(digest)).ok));
    expect(checks.filter((ok) => ok)).toHaveLength(4);
  });
});

describe('an object', () => {
  it('that was moved to another store opens there with the same keys', async () => {
    const { root, store } = openFileStore();
    const { digest } = await store.put(fileWith('content'));
    const moved = newFolder();
    renameSync(join(root, 'objects'), join(moved, 'objects'));
    expect((await openFileStore(moved).store.verify(digest)).ok).toBe(true);
    expect((await store.verify(digest)).problem).toBe('it is not in the store');
  });
});

describe('a folder of many files, large and small', () => {
  it('is stored, verified and fetched as it was, in threads and without', async () => {
    const folder = newFolder('mlops-model-');
    for (let at = 0; at < 60; at += 1) fileWith(randomBytes(at % 10 === 0 ? 9000 + at : at), folder, `file-${at}`);
    const wanted = openFileStore(undefined, { chunkBytes: 1000 });
    const { digest } = await wanted.store.put(folder);
    const { store, root } = openFileStore(undefined, { chunkBytes: 1000, threadsFromBytes: 5000 });
    expect((await store.put(folder)).digest).toBe(digest);
    expect(await store.verify(digest)).toMatchObject({ ok: true });
    const target = join(newFolder(), 'copy');
    await store.fetch(digest, target);
    expect(contentOf(target)).toEqual(contentOf(folder));
    const objects = readdirSync(join(root, 'objects'), { recursive: true }).filter((name) =>
      String(name).endsWith('data'),
    );
    for (const name of objects.slice(0, 3)) {
      const file = join(root, 'objects', String(name));
      const sound = readFileSync(file);
      rmSync(file);
      expect(await store.verify(digest)).toMatchObject({
        ok: false,
        problem: expect.stringMatching(/its data is missing/),
      });
      writeFileSync(file, sound);
    }
    expect(uploadsIn(root)).toEqual([]);
  });

  it('of which one cannot be stored ends with that, and nothing goes on', async () => {
    const folder = newFolder('mlops-model-');
    for (let at = 0; at < 40; at += 1) fileWith(`content ${at}`, folder, `file-${at}`);
    fileWith(`${MANIFEST_FIRST_LINE}x`, folder, 'file-0');
    const { root, store } = openFileStore();
    await expect(store.put(folder)).rejects.toMatchObject({ code: 'ARTIFACT_SOURCE_REFUSED' });
    const before = contentOf(join(root, 'objects'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(contentOf(join(root, 'objects'))).toEqual(before);
  });
});
