import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';

/**
 * What a workflow remembers comes from itself alone: a start that brings its own memory would pass by every check before. What nobody
 * with a key has sealed is read as null.
 *
 * @throws ApplicationFailure of type `code`, which ends the workflow
 */
export function assertOwnMemory(
  input: { readonly carried?: unknown } | null,
  { code, what }: { readonly code: string; readonly what: string },
): void {
  const isOwn = input?.carried === undefined || workflowInfo().continuedFromExecutionRunId !== undefined;
  if (input !== null && isOwn) return;
  throw ApplicationFailure.nonRetryable(`${what} alone, sealed`, code);
}
