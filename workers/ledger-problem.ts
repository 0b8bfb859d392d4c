import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { writeDurably } from '../adapters/files/durable-file.ts';
import { isMlopsError, messageOf } from '../domain/errors.ts';

/** Why a worker of this machine cannot sign, or repeat in files. */
export interface LedgerProblem {
  readonly message: string;
  readonly fix: string | null;
}

const PROBLEM_FILE = /^problem-.*\.json$/;
/** A look that fails may take most of a minute: a worker whose word is older than this has ended, or goes on. */
const CURRENT_MS = 60_000;
const REPEATED_MS = 5000;

/**
 * Where one worker says why it cannot go on: once in its log, and for `status` and `doctor` beside the files, in a file of its own, as
 * others may go on meanwhile. That is repeated, as one that was killed takes nothing back. On a full disk they see that nothing goes on.
 */
export function createProblemTeller(folder: string, log: Pick<Logger, 'error'>) {
  const file = join(folder, `problem-${randomUUID()}.json`);
  let logged: string | null = null;
  let written: { readonly text: string; readonly at: number } | null = null;
  let isTidy = false;
  const write = async (text: string): Promise<void> => {
    const at = Date.now();
    const before = written?.text === text ? written : null;
    if (before !== null && at - before.at < REPEATED_MS) return;
    if (before === null || !(await touch(file))) await writeDurably(file, text);
    written = { text, at };
  };
  return {
    isTelling: (): boolean => logged !== null,
    async tell(reason: unknown): Promise<void> {
      const problem: LedgerProblem = { message: messageOf(reason), fix: isMlopsError(reason) ? reason.remedy : null };
      if (problem.message !== logged)
        log.error({ error: problem.message }, 'ledger was not signed, or not repeated in its files');
      logged = problem.message;
      await write(`${JSON.stringify(problem)}\n`).catch(() => undefined);
    },
    /** Takes it back, and for the first time what killed workers have left. */
    async takeBack(): Promise<void> {
      if (isTidy && logged === null) return;
      await rm(file, { force: true });
      for (const one of await problemFiles(folder)) if (!one.isCurrent) await rm(one.file, { force: true });
      [logged, written, isTidy] = [null, null, true];
    },
  };
}

/** What a worker says that cannot go on, or null. */
export async function readLedgerProblem(folder: string): Promise<LedgerProblem | null> {
  for (const { file, isCurrent } of await problemFiles(folder)) {
    const problem = isCurrent ? await readProblem(file) : null;
    if (problem !== null) return problem;
  }
  return null;
}

async function problemFiles(
  folder: string,
): Promise<readonly { readonly file: string; readonly isCurrent: boolean }[]> {
  const names = await readdir(folder).catch(() => []);
  const found = names.filter((name) => PROBLEM_FILE.test(name)).toSorted();
  return await Promise.all(
    found.map(async (name) => {
      const file = join(folder, name);
      const changedAt = await stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return { file, isCurrent: Date.now() - changedAt < CURRENT_MS };
    }),
  );
}

/** Null when it was taken back meanwhile. */
async function readProblem(file: string): Promise<LedgerProblem | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LedgerProblem;
  } catch {
    return null;
  }
}

async function touch(file: string): Promise<boolean> {
  const now = new Date();
  return await utimes(file, now, now).then(
    () => true,
    () => false,
  );
}
