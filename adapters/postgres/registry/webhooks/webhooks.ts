import { randomUUID } from 'node:crypto';
import type { EventActor, Json } from '../../../../domain/governance/event-draft.ts';
import { draftOfWebhook } from '../../../../domain/registry/mlflow/webhook/drafts.ts';
import type { NewWebhook, Webhook, WebhookOrder } from '../../../../domain/registry/mlflow/webhook/hook.ts';
import type { DataKeys } from '../../../crypto/envelope.ts';
import type { LedgerTransaction } from '../../ledger/ledger.ts';
import type { EvidenceParts } from '../../rollout-store.ts';
import { listWebhooks, requireWebhook, webhookOf, type PageEnd, type WebhookRow } from './rows.ts';
import { sealSecret, type StoredSecret } from './secrets.ts';

/** What webhooks are kept by. */
export interface WebhookParts extends EvidenceParts {
  readonly environment: string;
  readonly keys: DataKeys;
}

/** The webhooks of an environment; every change is one transaction with its event. */
export function createWebhooks(parts: WebhookParts) {
  const { environment, keys, pool } = parts;
  return {
    async create(order: NewWebhook, actor: EventActor): Promise<Webhook> {
      const id = randomUUID();
      const sealed = await sealSecret(pool, keys, id, order.secret ?? '');
      await parts.ledger.transact(async (transaction) => {
        const state = { ...order, description: order.description ?? '', isActive: order.status !== 'DISABLED', sealed };
        await transaction.client.query(
          `INSERT INTO webhook (webhook_id, environment, name, description, url, events, is_active, secret_key, secret, created_at, changed_at, ledger_sequence)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, at, at, $10 FROM date_trunc('milliseconds', clock_timestamp()) AS at`,
          [id, environment, ...columnsOf(state), transaction.next],
        );
        await subscribe(parts, transaction, id, state);
        sayOf(transaction, 'created', id, state, actor);
      });
      return webhookOf(await requireWebhook(pool, environment, id));
    },

    /** What is null stays as it is. @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST) */
    async change(id: string, order: WebhookOrder, actor: EventActor): Promise<Webhook> {
      await requireWebhook(pool, environment, id);
      // Encrypted before: the end of the log is not held while a key server answers.
      const sealed = order.secret === null ? null : await sealSecret(pool, keys, id, order.secret);
      await parts.ledger.transact(async (transaction) => {
        // A rotation may be wrapping its secret anew.
        await transaction.client.query('SELECT FROM webhook WHERE webhook_id = $1 FOR UPDATE', [id]);
        const state = stateAfter(await requireWebhook(transaction.client, environment, id), order, sealed);
        await transaction.client.query(
          `UPDATE webhook SET name = $2, description = $3, url = $4, events = $5, is_active = $6, secret_key = $7, secret = $8,
             changed_at = date_trunc('milliseconds', clock_timestamp()), ledger_sequence = $9
           WHERE webhook_id = $1`,
          [id, ...columnsOf(state), transaction.next],
        );
        await subscribe(parts, transaction, id, state);
        sayOf(transaction, 'changed', id, state, actor);
      });
      return webhookOf(await requireWebhook(pool, environment, id));
    },

    /** Its secret goes at once; its row and its events stay. @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST) */
    async delete(id: string, actor: EventActor): Promise<void> {
      await parts.ledger.transact(async (transaction) => {
        await requireWebhook(transaction.client, environment, id);
        await transaction.client.query(
          `UPDATE webhook SET deleted_at = at, changed_at = at, is_active = false, secret_key = NULL, secret = NULL, ledger_sequence = $2
           FROM date_trunc('milliseconds', clock_timestamp()) AS at WHERE webhook_id = $1`,
          [id, transaction.next],
        );
        await subscribe(parts, transaction, id, { events: [], isActive: false });
        transaction.append(draftOfWebhook('deleted', { id, facts: { environment } }, actor));
      });
    },

    /** @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST) */
    get: async (id: string): Promise<Webhook> => webhookOf(await requireWebhook(pool, environment, id)),

    /** Newest first. */
    list: async (limit: number, after: PageEnd | null) => await listWebhooks(pool, environment, limit, after),

    /** A call to see whether it works is an event: it sent something out. */
    async noteTest(id: string, facts: { readonly [name: string]: Json }, actor: EventActor): Promise<void> {
      await parts.ledger.append(draftOfWebhook('tested', { id, facts: { environment, ...facts } }, actor));
    },
  };
}

export type Webhooks = ReturnType<typeof createWebhooks>;

/** All that is said of a hook. */
interface State extends Pick<Webhook, 'name' | 'description' | 'url' | 'events'> {
  readonly isActive: boolean;
  readonly sealed: StoredSecret;
}

function stateAfter(row: WebhookRow, order: WebhookOrder, sealed: StoredSecret | null): State {
  return {
    name: order.name ?? row.name,
    description: order.description ?? row.description,
    url: order.url ?? row.url,
    events: order.events ?? row.events,
    isActive: order.status === null ? row.is_active : order.status === 'ACTIVE',
    sealed: sealed ?? row,
  };
}

function columnsOf({ description, events, isActive, name, sealed, url }: State): unknown[] {
  return [name, description, url, [...events], isActive, sealed.secret_key, sealed.secret];
}

/** From this change on it is told of these events. */
async function subscribe(
  { environment }: WebhookParts,
  { client, next }: LedgerTransaction,
  id: string,
  { events, isActive }: Pick<State, 'events' | 'isActive'>,
): Promise<void> {
  await client.query(
    'INSERT INTO webhook_subscription (webhook_id, ledger_sequence, environment, events) VALUES ($1, $2, $3, $4)',
    [id, next, environment, isActive ? [...events] : []],
  );
}

function sayOf(
  { append }: LedgerTransaction,
  act: 'created' | 'changed',
  id: string,
  { description, events, isActive, name, sealed, url }: State,
  actor: EventActor,
): void {
  const facts = { events: [...events], isActive, isSigned: sealed.secret !== null };
  append(draftOfWebhook(act, { id, facts, words: { name, url, description } }, actor));
}
