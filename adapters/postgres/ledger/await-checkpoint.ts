import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { newestCheckpoint, sizeOfLog, type SignedCheckpoint } from './sign-checkpoint.ts';

/** How long a checkpoint that another process signs is waited for. */
const WAIT_MS = 5000;
const POLL_MS = 100;

/** A checkpoint over everything that is committed now, as a process signs it that has the key. @throws LEDGER_UNSIGNED */
export async function awaitCheckpoint(pool: Pool): Promise<SignedCheckpoint> {
  const size = (await sizeOfLog(pool)) ?? 0;
  for (const until = Date.now() + WAIT_MS; ;) {
    const newest = await newestCheckpoint(pool);
    if (newest !== null && newest.size >= size) return newest;
    if (Date.now() > until) throw new MlopsError('LEDGER_UNSIGNED', { size, signed: newest?.size ?? 0 });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
