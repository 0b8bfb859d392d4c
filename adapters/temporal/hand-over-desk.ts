import type { Client } from '@temporalio/client';
import type { HandedOver } from '../../activities/hand-over.ts';
import { MlopsError } from '../../domain/errors.ts';
import type { HandOverOrder } from '../../domain/registry/approval/hand-over.ts';
import { askWorker } from './ask-worker.ts';

const TITLE = { link: 'Link', delegation: 'Delegation', 'take-back': 'Taking a delegation back' } as const;

/** Sends what becomes of a right to decide to the worker; sent again it is the same order. @throws HAND_OVER_UNANSWERED, and what the worker says */
export async function sendHandOver(client: Client, order: HandOverOrder, taskQueue: string): Promise<HandedOver> {
  const what = TITLE[order.what];
  return await askWorker(client, {
    workflow: 'handOver',
    workflowId: `hand-over/${order.id}`,
    taskQueue,
    order,
    summary: `${what} by ${order.claim.actor}`,
    unanswered: (seconds, cause) =>
      new MlopsError('HAND_OVER_UNANSWERED', { what, queue: taskQueue, seconds }, { cause }),
  });
}
