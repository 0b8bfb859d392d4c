import { Context } from '@temporalio/activity';

/**
 * Time of the Temporal server when it scheduled this attempt, milliseconds since 1970. One clock for all workers: a
 * machine whose own clock is wrong must not end a window or a deadline.
 */
export function serverTimeMs(): number {
  return Context.current().info.currentAttemptScheduledTimestampMs;
}
