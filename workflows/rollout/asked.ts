import { log, patched } from '@temporalio/workflow';
import type { AskedAction } from '../../domain/rollout/run.ts';
import { advanceClock, clockActivities, type RolloutContext } from './context.ts';
import { messageOf } from './failure.ts';
import { show } from './record.ts';

/**
 * Keeps what a person did, to be written by the main loop: handlers do not wait for the database.
 *
 * The rollout's clock stands still between timers, so the server is asked for the time of it.
 */
export function noteAsked(context: RolloutContext, what: Omit<AskedAction, 'at'>): void {
  const asked: AskedAction = { ...what, at: new Date(context.run.nowMs).toISOString() };
  (context.run.asked ??= []).push(asked);
  // Rollouts that began before this was asked go on as they began.
  if (patched('what-people-do-has-the-servers-time')) context.stamps.push(stamp(context, asked));
  else show(context, { key: '', ...what });
}

async function stamp(context: RolloutContext, asked: AskedAction): Promise<void> {
  const { event, actor, detail } = asked;
  try {
    advanceClock(context, await clockActivities.readClock.executeWithOptions({ summary: `time of ${event}` }, []));
  } catch (error) {
    // The clock of the rollout is behind, never ahead: its time stands.
    log.warn('The time of what a person did is not known exactly', { event, error: messageOf(error) });
  }
  asked.at = show(context, { key: '', event, actor, detail }).at;
}
