import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { WebhookDelivery, WebhookMail } from '../activities/ports.ts';
import { createWebhookSender, type WebhookSender } from '../adapters/notify/mlflow-webhook.ts';
import { createWebhookContent, type WebhookContent } from '../adapters/postgres/registry/webhooks/content.ts';
import type { createDueDeliveries } from '../adapters/postgres/registry/webhooks/due.ts';
import { createWebhooks, type Webhooks } from '../adapters/postgres/registry/webhooks/webhooks.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { messageOf } from '../domain/errors.ts';
import type { WebhookRules } from '../domain/registry/mlflow/webhook/address.ts';
import { openDataKeys } from './ledger.ts';
import { wrappingKeysOf, type KeyPlace } from './wrapping-keys.ts';

/** The webhooks of an environment, and what sends them. */
export interface WebhookOffice {
  readonly rules: WebhookRules;
  readonly hooks: Webhooks;
  readonly content: WebhookContent;
  readonly sender: WebhookSender;
}

/** Secrets are under the wrapping keys that wrap those of the ledger. */
export async function composeWebhooks(
  config: KeyPlace & Pick<MlopsConfig, 'environment' | 'governance'>,
  evidence: EvidenceParts,
): Promise<WebhookOffice> {
  const { environment, governance } = config;
  const rules = { hosts: governance.webhookHosts, allowsPlainLoopback: environment !== 'production' };
  const parts = { ...evidence, environment, keys: wrappingKeysOf(config).dataKeys('webhook') };
  return {
    rules,
    hooks: createWebhooks(parts),
    content: createWebhookContent({ ...parts, payloadKeys: await openDataKeys(config) }),
    sender: createWebhookSender(rules),
  };
}

/** What deliveries do. */
export function createWebhookMail({ content, sender }: Pick<WebhookOffice, 'content' | 'sender'>): WebhookMail {
  return {
    async deliver(delivery) {
      const message = await content.message(delivery);
      if (message === null) return 'dropped';
      const { body, target } = message;
      await sender.deliver(target.id, { deliveryId: delivery.id, url: target.url, secret: target.secret, body });
      return 'delivered';
    },
    recordFailure: async (delivery, problem) => await content.recordFailure(delivery, problem),
  };
}

const LOOK_EVERY_MS = 1000;
/** What is away is asked again, and complained about, no more often. */
const AFTER_FAILURE_MS = 5000;

/**
 * Hands over what was committed to the registry, by whomever, to a delivery each: every second, and at once where there is more. The
 * place in the log moves when all of them were started, so that one who is killed is followed by who starts them again, and none
 * is started twice.
 */
export function followRegistry(
  due: ReturnType<typeof createDueDeliveries>,
  start: (deliveries: readonly WebhookDelivery[]) => Promise<void>,
  log: Pick<Logger, 'error'>,
): { close(): Promise<void> } {
  const stop = new AbortController();
  const look = async (): Promise<boolean> => {
    const found = await due.read();
    if (found === null) return false;
    await start(found.deliveries);
    await due.done(found);
    return found.isMore;
  };
  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const waitMs = await look().then(
        (isMore) => (isMore ? 0 : LOOK_EVERY_MS),
        (error: unknown) => {
          log.error({ error: messageOf(error) }, 'webhooks were not told: it is tried again');
          return AFTER_FAILURE_MS;
        },
      );
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const following = follow();
  return {
    async close() {
      stop.abort();
      await following;
    },
  };
}
