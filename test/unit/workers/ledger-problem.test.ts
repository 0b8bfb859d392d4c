import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { createProblemTeller, readLedgerProblem } from '../../../workers/ledger-problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'mlops-problems-'));
const log = { error: vi.fn() };
const teller = () => createProblemTeller(folder, log);
const files = () => readdirSync(folder).map((name) => join(folder, name));
const setBack = (seconds: number) => {
  const then = new Date(Date.now() - seconds * 1000);
  for (const file of files()) utimesSync(file, then, then);
};
afterEach(() => {
  vi.useRealTimers();
  log.error.mockClear();
  for (const file of files()) rmSync(file);
});

it('is there as long as one worker cannot go on, whoever else does', async () => {
  const [one, other] = [teller(), teller()];
  await one.tell(new Error('the disk is full'));
  await other.tell(new Error('the key is away'));
  await other.takeBack();
  expect(await readLedgerProblem(folder)).toEqual({ message: 'the disk is full', fix: null });
  await one.takeBack();
  expect(await readLedgerProblem(folder)).toBeNull();
});

it('is repeated, also where it was taken away meanwhile', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  const [worker, error] = [teller(), new Error('the disk is full')];
  await worker.tell(error);
  setBack(30);
  vi.setSystemTime(Date.now() + 6000);
  await worker.tell(error);
  expect(statSync(files()[0] ?? '').mtimeMs).toBeCloseTo(Date.now(), -2);
  for (const file of files()) rmSync(file);
  vi.setSystemTime(Date.now() + 6000);
  await worker.tell(error);
  expect(await readLedgerProblem(folder)).toMatchObject({ message: 'the disk is full' });
  expect(log.error, 'once in the log').toHaveBeenCalledOnce();
});

it('is over when it is not repeated, and is tidied up by whoever goes on', async () => {
  await teller().tell(new Error('the disk is full'));
  setBack(120);
  expect(await readLedgerProblem(folder)).toBeNull();
  await teller().takeBack();
  expect(files()).toEqual([]);
});
