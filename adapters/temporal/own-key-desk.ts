import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ActivityFailure } from '@temporalio/common';
import type { ReplacedKey } from '../../activities/own-key.ts';
import { MlopsError } from '../../domain/errors.ts';
import type { OwnKeyOrder } from '../../domain/governance/own-key.ts';
import { errorOf, isUnanswered } from './said-by-worker.ts';

/** Long enough for a worker that is busy, short enough for a person who waits. */
const ANSWER_TIMEOUT_MS = 15_000;
/** A statement is no older than this when it is carried out: one that nobody takes up is forgotten. */
const LIFE = '15m';

/**
 * Sends a key that its owner puts in the place of the old one to the worker; sent again it is the same order.
 *
 * @throws OWN_KEY_UNANSWERED, and what the worker says
 */
export async function sendOwnKey(
  client: Client,
  { keyId, order, taskQueue }: { readonly keyId: string; readonly order: OwnKeyOrder; readonly taskQueue: string },
): Promise<ReplacedKey> {
  try {
    return await client.connection.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, async () => {
      const handle = await client.workflow.start('ownKey', {
        workflowId: `own-key/${keyId}`,
        taskQueue,
        args: [order],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowExecutionTimeout: LIFE,
        staticSummary: `key of ${order.claim.actor}`,
      });
      return (await handle.result()) as ReplacedKey;
    });
  } catch (error) {
    if (isUnanswered(error))
      throw new MlopsError(
        'OWN_KEY_UNANSWERED',
        { key: keyId, queue: taskQueue, seconds: ANSWER_TIMEOUT_MS / 1000 },
        { cause: error },
      );
    const cause = error instanceof WorkflowFailedError ? error.cause : null;
    throw errorOf(cause instanceof ActivityFailure ? cause.cause : cause) ?? error;
  }
}
