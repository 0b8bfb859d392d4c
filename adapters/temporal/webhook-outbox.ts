import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { WebhookDelivery } from '../../activities/ports.ts';

/** Starts a workflow for each delivery, one after the other: one that was started before stays as it is. */
export function createWebhookOutbox(client: Client, taskQueue: string) {
  return async (deliveries: readonly WebhookDelivery[]): Promise<void> => {
    for (const delivery of deliveries) await start(client, taskQueue, delivery);
  };
}

async function start(client: Client, taskQueue: string, delivery: WebhookDelivery): Promise<void> {
  const { id, sequence, told, webhookId } = delivery;
  try {
    await client.workflow.start('webhookDelivery', {
      workflowId: `webhook/${id}`,
      taskQueue,
      args: [delivery],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `${told}, event ${sequence}, to webhook ${webhookId}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
