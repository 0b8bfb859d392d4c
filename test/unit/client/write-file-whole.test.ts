import { execFile } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { writeFileWhole } from '../../../client/write-file-whole.ts';

const run = promisify(execFile);
const folderOf = () => mkdtempSync(join(tmpdir(), 'mlops-whole-'));

async function* groupsOf(...texts: readonly string[]): AsyncIterable<readonly string[]> {
  for (const text of texts) yield await Promise.resolve([text]);
}

async function* failing(): AsyncIterable<readonly string[]> {
  yield await Promise.resolve(['half']);
  throw new Error('the database is away');
}

it('writes a file of its owner, and leaves nothing else', async () => {
  const folder = folderOf();
  expect(await writeFileWhole(folder, 'out', groupsOf('a\n', 'ü\n'))).toEqual({ lines: 2, bytes: 5 });
  expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('a\nü\n');
  expect(lstatSync(join(folder, 'out')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['out']);
});

it('leaves what was there where it cannot be finished', async () => {
  const folder = folderOf();
  writeFileSync(join(folder, 'out'), 'before');
  await expect(writeFileWhole(folder, 'out', failing())).rejects.toThrow('the database is away');
  expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['out']);
});

it('writes the whole of one of two at once', async () => {
  const folder = folderOf();
  const texts = ['a', 'b'].map((letter) => Array.from({ length: 200 }, () => letter.repeat(1000)));
  await Promise.all(texts.map(async (text) => await writeFileWhole(folder, 'out', groupsOf(...text))));
  expect(texts.map((text) => text.join(''))).toContain(readFileSync(join(folder, 'out'), 'utf8'));
  expect(readdirSync(folder)).toEqual(['out']);
});

it('keeps a link one, and writes where it leads', async () => {
  const folder = folderOf();
  writeFileSync(join(folder, 'target'), 'before');
  symlinkSync('target', join(folder, 'link'));
  await writeFileWhole(folder, 'link', groupsOf('now'));
  expect([readlinkSync(join(folder, 'link')), readFileSync(join(folder, 'target'), 'utf8')]).toEqual(['target', 'now']);
});

it('writes into a pipe, and puts no file in its place', async () => {
  const folder = folderOf();
  const pipe = join(folder, 'pipe');
  await run('mkfifo', [pipe]);
  const [read] = await Promise.all([run('cat', [pipe]), writeFileWhole(folder, 'pipe', groupsOf('a', 'b'))]);
  expect(read.stdout).toBe('ab');
  expect([lstatSync(pipe).isFIFO(), readdirSync(folder)]).toEqual([true, ['pipe']]);
});

it('says what it cannot write to', async () => {
  const folder = folderOf();
  for (const name of ['.', 'no/such/folder'])
    await expect(writeFileWhole(folder, name, groupsOf('a'))).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
});
