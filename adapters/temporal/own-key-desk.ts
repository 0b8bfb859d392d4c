import type { Client } from '@temporalio/client';
import type { ReplacedKey } from '../../activities/own-key.ts';
import { MlopsError } from '../../domain/errors.ts';
import type { OwnKeyOrder } from '../../domain/governance/own-key.ts';
import { askWorker } from './ask-worker.ts';

/**
 * Sends a key that its owner puts in the place of the old one to the worker; sent again it is the same order.
 *
 * @throws OWN_KEY_UNANSWERED, and what the worker says
 */
export async function sendOwnKey(
  client: Client,
  { keyId, order, taskQueue }: { readonly keyId: string; readonly order: OwnKeyOrder; readonly taskQueue: string },
): Promise<ReplacedKey> {
  return await askWorker(client, {
    workflow: 'ownKey',
    workflowId: `own-key/${keyId}`,
    taskQueue,
    order,
    summary: `key of ${order.claim.actor}`,
    unanswered: (seconds, cause) =>
      new MlopsError('OWN_KEY_UNANSWERED', { key: keyId, queue: taskQueue, seconds }, { cause }),
  });
}
