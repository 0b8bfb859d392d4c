import { ServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { ERRORS, MlopsError, type ErrorCode } from '../../domain/errors.ts';

/** The error that was thrown where the failure comes from; null for one that is none of ours. */
export function errorOf(failure: unknown): MlopsError | null {
  if (!(failure instanceof ApplicationFailure) || !Object.hasOwn(ERRORS, failure.type ?? '')) return null;
  const [details] = (failure.details ?? []) as [Record<string, unknown>?];
  return new MlopsError(failure.type as ErrorCode, details, { cause: failure });
}

/** Cancelled, deadline exceeded, resource exhausted, no poller, unavailable. */
const UNANSWERED_CODES = new Set([1, 4, 8, 9, 14]);

/** Whether a call ended without an answer: what it asked for may be done still. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const code = error instanceof ServiceError ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
  return UNANSWERED_CODES.has(Number(code));
}
