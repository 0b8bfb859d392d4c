import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createPrimitives } from '../adapters/crypto/primitives.ts';
import { checkpointFileOf, segmentFolder } from '../adapters/ledger/segments.ts';
import { readProgress, type LedgerProgress } from '../adapters/postgres/ledger/progress.ts';
import { openPool } from '../adapters/postgres/pool.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { parseNote } from '../domain/governance/checkpoint.ts';
import { readLedgerProblem, type LedgerProblem } from './ledger-problem.ts';

/** How the ledger stands; `fix` is what mends it, where starting the worker does not. */
interface Standing {
  readonly state: 'up' | 'degraded';
  readonly detail: string;
  readonly fix?: string;
}

/** Commits are signed and filed within a second: what waits longer than this waits for somebody who does not come. */
const LATE_SECONDS = 10;

/** Whether what is committed is signed, and is in the files of this machine where it keeps them. */
export async function examineLedger(
  config: Pick<MlopsConfig, 'auditDirectory' | 'databaseUrl' | 'stateDirectory' | 'ports'>,
  lateSeconds = LATE_SECONDS,
): Promise<Standing> {
  const pool = openPool(config, 1);
  try {
    const progress = await readProgress(pool, lateSeconds);
    if (progress === null) return { state: 'degraded', detail: 'it was not opened yet' };
    const folder = segmentFolder(config.auditDirectory, progress.origin);
    return judge(progress, { lateSeconds, filed: await readFiled(folder), problem: await readLedgerProblem(folder) });
  } finally {
    await pool.end();
  }
}

function judge(
  { signedBefore, signed, size, waitingSeconds }: LedgerProgress,
  seen: { readonly lateSeconds: number; readonly filed: number | null; readonly problem: LedgerProblem | null },
): Standing {
  const { filed, lateSeconds, problem } = seen;
  const told = problem === null ? '' : `: ${problem.message}`;
  const fix = problem?.fix ?? null;
  const degraded = (detail: string): Standing => ({
    state: 'degraded',
    detail: `${detail}${told}`,
    ...(fix === null ? {} : { fix }),
  });
  if (signed > size) return degraded(`${signed} events were signed, and the database has ${size}`);
  if (waitingSeconds > lateSeconds)
    return degraded(`${size - signed} of ${size} events are not signed, for ${Math.floor(waitingSeconds)} s`);
  if (filed !== null && filed < signedBefore) return degraded(`its files have ${filed} of ${signed} signed events`);
  if (problem !== null) return degraded(`${size} events, and a worker could not go on`);
  return { state: 'up', detail: `${size} events, ${signed} signed${filed === null ? '' : `, ${filed} in files`}` };
}

/** Events that the files of this machine have under a checkpoint; null where there are none. */
async function readFiled(folder: string): Promise<number | null> {
  if (!existsSync(folder)) return null;
  const file = checkpointFileOf(folder);
  if (!existsSync(file)) return 0;
  return parseNote(createPrimitives(), await readFile(file, 'utf8'))?.checkpoint.size ?? 0;
}
