import { createHmac } from 'node:crypto';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import type { WebhookRules } from '../../domain/registry/mlflow/webhook/address.ts';
import { postGuarded, type PostReply } from './guarded-post.ts';

/** One request of a webhook as the MLflow protocol has it. */
export interface WebhookRequest {
  /** The same in each attempt. */
  readonly deliveryId: string;
  readonly url: string;
  /** Null: it is not signed. */
  readonly secret: string | null;
  readonly body: string;
}

/** Sends webhooks, signed anew for each attempt. */
export function createWebhookSender(rules: WebhookRules, clock: () => Date = () => new Date()) {
  const post = async ({ body, deliveryId, secret, url }: WebhookRequest): Promise<PostReply> => {
    const timestamp = String(Math.floor(clock().getTime() / 1000));
    const signature =
      secret === null ? {} : { 'x-mlflow-signature': signWebhook({ body, deliveryId, secret, timestamp }) };
    const headers = {
      'content-type': 'application/json',
      'x-mlflow-delivery-id': deliveryId,
      'x-mlflow-timestamp': timestamp,
      ...signature,
    };
    return await postGuarded({ url, body, headers }, rules);
  };
  return {
    post,
    /** @throws WEBHOOK_NOT_DELIVERED for any answer but 2xx */
    async deliver(webhook: string, request: WebhookRequest): Promise<void> {
      const { status } = await post(request).catch((error: unknown) => {
        throw new MlopsError('WEBHOOK_NOT_DELIVERED', { webhook, problem: messageOf(error) }, { cause: error });
      });
      if (!isTaken(status)) throw new MlopsError('WEBHOOK_NOT_DELIVERED', { webhook, problem: `answered ${status}` });
    },
  };
}

export type WebhookSender = ReturnType<typeof createWebhookSender>;

/** Whether an answer says that it has it: a redirect does not. */
export function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

/** What the receiver computes as well, over the body as it came. */
function signWebhook(order: {
  readonly deliveryId: string;
  readonly timestamp: string;
  readonly body: string;
  readonly secret: string;
}): string {
  const { body, deliveryId, secret, timestamp } = order;
  const digest = createHmac('sha256', secret).update(`${deliveryId}.${timestamp}.${body}`).digest('base64');
  return `v1,${digest}`;
}
