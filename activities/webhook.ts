import type { WebhookDelivery, WebhookMail } from './ports.ts';

/** Activities that tell webhooks what happened in the registry. */
export function createWebhookActivities({ webhooks }: { readonly webhooks: WebhookMail }) {
  return {
    /** One attempt. A hook that was deleted or disabled gets nothing more. @throws WEBHOOK_NOT_DELIVERED, safe to repeat */
    deliverWebhook: async (delivery: WebhookDelivery): Promise<'delivered' | 'dropped'> =>
      await webhooks.deliver(delivery),

    /** Nobody took it: the log says so, once. */
    recordLostWebhook: async ({
      delivery,
      problem,
    }: {
      readonly delivery: WebhookDelivery;
      readonly problem: string;
    }): Promise<void> => await webhooks.recordFailure(delivery, problem),
  };
}
