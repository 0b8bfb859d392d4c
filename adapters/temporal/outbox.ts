import { createHash } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { Delivery, Outbox } from '../../activities/ports.ts';

/** Starts a workflow for each delivery, so that whoever sends never waits for a receiver. */
export function createOutbox(
  client: Client,
  options: { readonly taskQueue: string; readonly receiversFor: (event: string) => readonly string[] },
): Outbox {
  return {
    async send(notification, rolloutKey) {
      const receivers = options.receiversFor(notification.event);
      await Promise.all(
        receivers.map(
          async (receiver) => await start(client, options.taskQueue, { notification, receiver, rolloutKey }),
        ),
      );
    },
  };
}

async function start(client: Client, taskQueue: string, delivery: Delivery): Promise<void> {
  const { notification, receiver } = delivery;
  // Receivers are told apart without their address, which may hold a secret.
  const suffix = createHash('sha256').update(receiver).digest('hex').slice(0, 8);
  try {
    await client.workflow.start('notification', {
      workflowId: `notification/${notification.idempotencyKey}/${suffix}`,
      taskQueue,
      args: [delivery],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `${notification.event} of ${notification.model} to ${new URL(receiver).origin}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
