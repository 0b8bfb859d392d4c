import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
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

/** What a person should read about a failure. */
export function messageOf(error: unknown): string {
  if (error instanceof ActivityFailure && error.cause instanceof Error) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}

/** The ending of a rollout that cannot go on. */
export function failureOf(error: unknown): Ending {
  return { outcome: 'failed', reason: codeOf(error) ?? 'unexpected', detail: messageOf(error), actor: 'rollout' };
}
