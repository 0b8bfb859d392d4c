import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileWith, newFolder, openFileStore, recordFileOf, uploadsIn } from '../support/artifacts.ts';

const CHUNK = 4096;
const CHUNKS = 600;
const PROGRAM = join(import.meta.dirname, '../support/put-artifact.ts');

/** Stores a file in a process of its own, which is killed (SIGKILL) once it has said so many bytes; returns the last line it said. */
async function putAndKill(root: string, path: string, afterBytes: number): Promise<string> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, root, path, String(CHUNK)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
    const done = Number(
      said
        .trim()
        .split('\n')
        .findLast((line) => /^\d+$/.test(line)) ?? 0,
    );
    if (done >= afterBytes) child.kill('SIGKILL');
  });
  await exit;
  return said.trim().split('\n').at(-1) ?? '';
}

describe('a process that stores an artifact', () => {
  it('is killed again and again, and each goes on where the one before was', async () => {
    const root = newFolder();
    const content = randomBytes(CHUNK * CHUNKS);
    const path = fileWith(content);
    const kept: number[] = [];
    for (const share of [0, 0.2, 0.5, 0.9]) {
      const last = await putAndKill(root, path, share * content.length);
      expect(last).not.toMatch(/^digest/);
      // Nothing is there by halves.
      expect(readdirSync(root)).not.toContain('objects');
      expect(uploadsIn(root).filter((name) => !name.endsWith('.lock'))).toHaveLength(1);
      kept.push(Number(last));
    }
    const last = await putAndKill(root, path, Number.POSITIVE_INFINITY);
    const digest = createHash('sha256').update(content).digest('hex');
    expect(last).toBe(`digest ${digest}`);
    const { runs } = JSON.parse(readFileSync(recordFileOf(root, digest), 'utf8')) as { runs: { from: number }[] };
    // What was said to be done is never done again; more may have been.
    expect(runs.length).toBeGreaterThanOrEqual(4);
    expect(runs.at(-1)?.from).toBeGreaterThanOrEqual(Math.floor(0.9 * CHUNKS));
    expect(uploadsIn(root)).toEqual([]);
    expect(await openFileStore(root, { chunkBytes: CHUNK }).store.verify(digest)).toEqual({
      ok: true,
      problem: null,
      signer: null,
      bytes: content.length,
    });
  });

  it('and another one that does at the same time store the content once', async () => {
    const root = newFolder();
    const content = randomBytes(CHUNK * CHUNKS);
    const lasts = await Promise.all(
      [1, 2, 3].map(async () => await putAndKill(root, fileWith(content), Number.POSITIVE_INFINITY)),
    );
    expect(new Set(lasts)).toEqual(new Set([`digest ${createHash('sha256').update(content).digest('hex')}`]));
    expect(uploadsIn(root)).toEqual([]);
    expect(await openFileStore(root).store.verify((lasts[0] ?? '').slice(7))).toMatchObject({ ok: true });
  });
});
