import { Context } from '@temporalio/activity';

/**
 * Time of the Temporal server when it scheduled this attempt, milliseconds since 1970. One clock for all workers: a
 * machine whose own clock is wrong must not end a window or a deadline.
 */
export function serverTimeMs(): number {
  return Context.current().info.currentAttemptScheduledTimestampMs;
}

/** Activities that say what time it is. */
export function createClockActivities() {
  return {
    /** When the server was first asked for this: attempts that are made again do not move it. Milliseconds since 1970. */
    readClock: async (): Promise<number> => await Promise.resolve(Context.current().info.scheduledTimestampMs),
  };
}
