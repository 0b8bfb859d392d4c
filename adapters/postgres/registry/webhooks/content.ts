import type { WebhookDelivery } from '../../../../activities/ports.ts';
import { MlopsError } from '../../../../domain/errors.ts';
import { draftOfWebhook } from '../../../../domain/registry/mlflow/webhook/drafts.ts';
import { dataOf, type RegistryEvent, type Words } from '../../../../domain/registry/mlflow/webhook/told.ts';
import type { DataKeys } from '../../../crypto/envelope.ts';
import { openPayloads } from '../../ledger/export-ledger.ts';
import { originOf } from '../../ledger/open-ledger.ts';
import { query } from '../../query.ts';
import { findWebhook, requireWebhook, type WebhookRow } from './rows.ts';
import { openSecret } from './secrets.ts';
import type { WebhookParts } from './webhooks.ts';

/** Where a request goes, and what signs it. */
export interface WebhookTarget {
  readonly id: string;
  readonly url: string;
  readonly secret: string | null;
}

/** Whom a delivery is for and what it says, as both are now. */
export interface WebhookMessage {
  readonly target: WebhookTarget;
  readonly body: string;
}

/** What deliveries consist of; `payloadKeys` open what was sealed with events. */
export function createWebhookContent(parts: WebhookParts & { readonly payloadKeys: DataKeys }) {
  const { environment, keys, ledger, payloadKeys, pool, principals } = parts;
  const targetOf = async (row: WebhookRow): Promise<WebhookTarget> => {
    const { url, webhook_id: id } = row;
    return { id, url, secret: await openSecret(pool, keys, id, row) };
  };
  return {
    /** Null when the hook was deleted or disabled: it gets nothing more. @throws DATABASE_UNREACHABLE, LEDGER_KEY_UNREADABLE */
    async message({ sequence, told, webhookId }: WebhookDelivery): Promise<WebhookMessage | null> {
      const row = await findWebhook(pool, environment, webhookId);
      if (row === null || !row.is_active) return null;
      const [stored] = await query<{ canonical: string; recorded_at: Date }>(
        pool,
        'SELECT canonical, recorded_at FROM ledger_event WHERE sequence = $1',
        [sequence],
      );
      if (stored === undefined) throw new MlopsError('LEDGER_CLOSED');
      const { canonical, recorded_at: at } = stored;
      // What was erased is not among them.
      const opened = await openPayloads(pool, [{ sequence }], { origin: await originOf(pool), keys: payloadKeys });
      const words = (opened.get(sequence)?.payload ?? {}) as Words;
      const data = dataOf(told, JSON.parse(canonical) as RegistryEvent, words);
      return { target: await targetOf(row), body: bodyOf(told, at, data) };
    },

    /** @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST) */
    target: async (id: string): Promise<WebhookTarget> => await targetOf(await requireWebhook(pool, environment, id)),

    /** A delivery that failed for good is an event of its hook, once. */
    async recordFailure({ id, sequence, told, webhookId }: WebhookDelivery, problem: string): Promise<void> {
      const facts = { environment, sequence, event: told };
      const actor = await principals.actor('webhooks');
      const draft = draftOfWebhook('delivery-failed', { id: webhookId, facts, words: { problem } }, actor);
      await ledger.append(draft, `webhook/${id}/failed`);
    },
  };
}

export type WebhookContent = ReturnType<typeof createWebhookContent>;

/** The same for each attempt. */
export function bodyOf(told: string, at: Date, data: object): string {
  const [entity, action] = told.split('.');
  return JSON.stringify({ entity, action, timestamp: at.toISOString(), data });
}
