import { log, patched } from '@temporalio/workflow';
import type { AskedAction } from '../../domain/rollout/run.ts';
import type { TimelineEntry } from '../messages.ts';
import { advanceClock, clockActivities, type RolloutContext } from './context.ts';
import { messageOf } from './failure.ts';
import { show } from './record.ts';

/**
 * Keeps what a person did, to be shown at once and written by the main loop: handlers do not wait for the database.
 *
 * The rollout's clock stands still between timers, so the server is asked for the time of it.
 */
export function noteAsked(context: RolloutContext, what: Omit<AskedAction, 'at'>): void {
  const entry = show(context, { key: '', ...what });
  const asked: AskedAction = { ...what, at: entry.at };
  (context.run.asked ??= []).push(asked);
  // Rollouts that began before this was asked go on as they began.
  if (patched('what-people-do-has-the-servers-time')) context.stamps.push(stamp(context, asked, entry));
}

async function stamp(context: RolloutContext, asked: AskedAction, entry: TimelineEntry): Promise<void> {
  try {
    const nowMs = await clockActivities.readClock.executeWithOptions({ summary: `time of ${asked.event}` }, []);
    advanceClock(context, nowMs);
    asked.at = new Date(nowMs).toISOString();
    context.timeline = context.timeline.map((one) => (one === entry ? { ...entry, at: asked.at } : one));
  } catch (error) {
    // The clock of the rollout is behind, never ahead: its time stands.
    log.warn('The time of what a person did is not known exactly', { event: asked.event, error: messageOf(error) });
  }
}
