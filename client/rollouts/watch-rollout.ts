import { setTimeout as sleep } from 'node:timers/promises';
import { isMlopsError, type MlopsError } from '../../domain/errors.ts';
import type { RolloutStatus } from '../../workflows/messages.ts';
import type { Rollouts } from './rollouts.ts';

const LOOK_MS = 1000;

/**
 * Where a rollout stands, a look a second, until it has its outcome or the signal fires. Looks once at least. A worker or a
 * server that is away for a while does not end the watching.
 *
 * @param tell what kept a look from being taken
 * @throws ROLLOUT_NOT_FOUND, ROLLOUT_BROKEN
 */
export async function* watchRollout(
  rollouts: Pick<Rollouts, 'status'>,
  model: string,
  signal: AbortSignal,
  tell: (problem: MlopsError) => void,
): AsyncIterable<RolloutStatus> {
  // A short time-out may have passed while the connection was opened.
  for (let looked = false; !looked || !signal.aborted; looked = true) {
    const status = await tryStatus(rollouts, model, tell);
    if (status !== null) yield status;
    if (status !== null && status.outcome !== null) return;
    // The signal ends the pause by an error; what it means is decided above.
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function tryStatus(
  rollouts: Pick<Rollouts, 'status'>,
  model: string,
  tell: (problem: MlopsError) => void,
): Promise<RolloutStatus | null> {
  try {
    return await rollouts.status(model);
  } catch (error) {
    if (!isMlopsError(error, 'ROLLOUT_UNANSWERED') && !isMlopsError(error, 'TEMPORAL_UNREACHABLE')) throw error;
    tell(error);
    return null;
  }
}
