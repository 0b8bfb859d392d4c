import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ActivityFailure } from '@temporalio/common';
import type { MlopsError } from '../../domain/errors.ts';
import { errorOf, isUnanswered } from './said-by-worker.ts';

/** Long enough for a worker that is busy, short enough for a person who waits. */
const ANSWER_TIMEOUT_MS = 15_000;
/** A statement is no older than this when it is carried out: one that nobody takes up is forgotten. */
const LIFE = '15m';

/** What a worker is asked to carry out: an order that somebody has signed. */
interface Asked {
  /** Type of the workflow */
  readonly workflow: string;
  /** One for each order: sent again it is the same. */
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly order: object;
  readonly summary: string;
  /** What it is when nobody answers. */
  readonly unanswered: (seconds: number, cause: unknown) => MlopsError;
}

/** Has the worker carry out a signed order, and waits for that. @throws what `unanswered` makes, and what the worker says */
export async function askWorker<T>(client: Client, asked: Asked): Promise<T> {
  try {
    return await client.connection.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, async () => {
      const handle = await client.workflow.start(asked.workflow, {
        workflowId: asked.workflowId,
        taskQueue: asked.taskQueue,
        args: [asked.order],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowExecutionTimeout: LIFE,
        staticSummary: asked.summary,
      });
      return (await handle.result()) as T;
    });
  } catch (error) {
    if (isUnanswered(error)) throw asked.unanswered(ANSWER_TIMEOUT_MS / 1000, error);
    const cause = error instanceof WorkflowFailedError ? error.cause : null;
    throw errorOf(cause instanceof ActivityFailure ? cause.cause : cause) ?? error;
  }
}
