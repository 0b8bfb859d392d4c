// How fast an artifact is stored, beside plain streamed SHA-256 of the same file. `--megabytes N`, `--runs N`, `--sparse` (a file that
// takes no room on the disk, for sizes over 4 GiB). It works in the current folder: one in memory shows what is not the disk.
// What is measured is what gets installed: the program is built first, for its threads start in a third of the time then.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Stores from '../adapters/artifacts/create-store.ts';
import type * as Places from '../adapters/artifacts/file-place.ts';
import type * as Judges from '../adapters/artifacts/signature-judge.ts';
import type * as Keys from '../adapters/crypto/local-data-keys.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const MEGABYTES = wholeOption('megabytes', 1000);
const RUNS = wholeOption('runs', 3);
const BUFFER_BYTES = 8 * 1024 * 1024;
const IS_SPARSE = process.argv.includes('--sparse');

const { createArtifactStore, createFilePlace, createSignatureJudge, createLocalDataKeys } = await importBuilt();
const folder = mkdtempSync(join(process.cwd(), '.artifact-bench-'));
const ring = { active: 'k1', keys: new Map([['k1', randomBytes(32)]]) };
const keys = createLocalDataKeys(async () => await Promise.resolve(ring), 'artifact');
const signatures = createSignatureJudge({
  isRequired: false,
  known: { keys: [], certificates: null, sigstore: null },
});
const seconds = {
  hash: [] as number[],
  copy: [] as number[],
  put: [] as number[],
  verify: [] as number[],
  again: [] as number[],
};
let memory = 0;
try {
  const file = join(folder, 'source');
  await makeSource(file);
  for (let run = 0; run < RUNS; run += 1) {
    const root = join(folder, `store-${run}`);
    const store = createArtifactStore({ place: createFilePlace(root), keys, uploads: root, signatures });
    const began = process.memoryUsage.rss();
    const plain = await timed(seconds.hash, async () => await hashPlainly(file));
    await timed(seconds.copy, async () => await copyPlainly(file, `${root}-copy`));
    let most = 0;
    const onProgress = (): void => void (most = Math.max(most, process.memoryUsage.rss()));
    const { digest } = await timed(seconds.put, async () => await store.put(file, { onProgress }));
    memory = Math.max(memory, most - began);
    const { ok } = await timed(seconds.verify, async () => await store.verify(digest));
    await timed(seconds.again, async () => await store.put(file));
    if (digest !== plain || !ok) throw new Error('stored content is not that of the file');
    rmSync(root, { recursive: true });
  }
  const rate = (values: readonly number[]): number => MEGABYTES / quantileOf(values, 0.5);
  const row = (what: string, values: readonly number[]): string[] => [
    what,
    `${quantileOf(values, 0.5).toFixed(2)} s`,
    `${rate(values).toFixed(0)} MB/s`,
    (rate(values) / rate(seconds.hash)).toFixed(2),
  ];
  printTable(
    `An artifact of ${MEGABYTES} MB, median of ${RUNS}`,
    ['', 'time', 'speed', 'of plain SHA-256'],
    [
      row('plain streamed SHA-256', seconds.hash),
      row('plain copy, flushed: what the page cache and the disk take', seconds.copy),
      row('put: hashed, encrypted, on the disk (wanted at least 0.80)', seconds.put),
      row('verify: read from the disk, decrypted, hashed', seconds.verify),
      row('put of what is there: hashed, then verified', seconds.again),
    ],
  );
  console.log(`\na put took ${(memory / 1e6).toFixed(0)} MB of memory`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function importBuilt() {
  const root = join(import.meta.dirname, '..');
  const { status } = spawnSync(process.execPath, [join(root, 'tools/build.ts')], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`the program was not built: ${status}`);
  const built = async <T>(name: string): Promise<T> =>
    (await import(pathToFileURL(join(root, 'dist/adapters', `${name}.js`)).href)) as T;
  return {
    ...(await built<typeof Stores>('artifacts/create-store')),
    ...(await built<typeof Places>('artifacts/file-place')),
    ...(await built<typeof Judges>('artifacts/signature-judge')),
    ...(await built<typeof Keys>('crypto/local-data-keys')),
  };
}

async function makeSource(file: string): Promise<void> {
  writeFileSync(file, randomBytes(1000));
  if (IS_SPARSE) return truncateSync(file, MEGABYTES * 1e6);
  const handle = await open(file, 'w');
  for (let done = 0; done < MEGABYTES; done += 10)
    await handle.write(randomBytes(Math.min(10, MEGABYTES - done) * 1e6));
  await handle.sync();
  await handle.close();
}

async function hashPlainly(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: BUFFER_BYTES })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Read and written as the store does it, without hash and cipher. */
async function copyPlainly(file: string, to: string): Promise<void> {
  const [from, into] = [await open(file, 'r'), await open(to, 'w')];
  const buffers = [Buffer.alloc(BUFFER_BYTES), Buffer.alloc(BUFFER_BYTES)] as const;
  let writing: Promise<unknown> = Promise.resolve();
  for (let at = 0, turn = 0; ; turn = 1 - turn) {
    const buffer = buffers[turn === 0 ? 0 : 1];
    const { bytesRead } = await from.read(buffer, 0, BUFFER_BYTES, at);
    await writing;
    if (bytesRead === 0) break;
    writing = into.write(buffer, 0, bytesRead, at);
    at += bytesRead;
  }
  await into.sync();
  await from.close();
  await into.close();
  rmSync(to);
}

async function timed<T>(into: number[], work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const answer = await work();
  into.push((performance.now() - began) / 1000);
  return answer;
}
