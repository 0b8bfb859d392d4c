import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { ERRORS, messageOf as wordsOf, OUR_FAULTS } from '../../domain/errors.ts';
import type { Ending } from './context.ts';

/** The code of an activity's failure (domain/errors.ts), or null when it has none. */
export function codeOf(error: unknown): string | null {
  if (error instanceof ActivityFailure) return codeOf(error.cause);
  if (error instanceof ApplicationFailure) return error.type ?? null;
  return null;
}

/** Whether trying again later may help: a dependency is away, rather than a refusal. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  return error.retryState !== 'NON_RETRYABLE_FAILURE';
}

/** Whether it passes because somebody was away: a dependency, or the worker itself. A bug may pass as well, and is neither. */
export function isAway(error: unknown): boolean {
  if (!isPassing(error)) return false;
  const code = codeOf(error);
  if (code === null) return (error as ActivityFailure).cause instanceof TimeoutFailure;
  return Object.hasOwn(ERRORS, code) && !OUR_FAULTS.includes(code);
}

/** What a person should read about a failure: of an activity's, what the activity said. */
export function messageOf(error: unknown): string {
  return wordsOf(error instanceof ActivityFailure ? (error.cause ?? error) : error);
}

/** The ending of a rollout that cannot go on. */
export function failureOf(error: unknown): Ending {
  return { outcome: 'failed', reason: codeOf(error) ?? 'unexpected', detail: messageOf(error), actor: 'rollout' };
}
