import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { messageOf as wordsOf } from '../../domain/errors.ts';
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

/** What a person should read about a failure: of an activity's, what the activity said. */
export function messageOf(error: unknown): string {
  return wordsOf(error instanceof ActivityFailure ? (error.cause ?? error) : error);
}

/** The ending of a rollout that cannot go on. */
export function failureOf(error: unknown): Ending {
  return { outcome: 'failed', reason: codeOf(error) ?? 'unexpected', detail: messageOf(error), actor: 'rollout' };
}
