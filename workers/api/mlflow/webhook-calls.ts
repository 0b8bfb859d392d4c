import { randomUUID } from 'node:crypto';
import { bodyOf } from '../../../adapters/postgres/registry/webhooks/content.ts';
import { isTaken } from '../../../adapters/notify/mlflow-webhook.ts';
import { messageOf } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { maxResultsOf, requireText, textOf, type Fields } from '../../../domain/registry/mlflow/fields.ts';
import { pageTokenOf, parsePageToken } from '../../../domain/registry/mlflow/page-token.ts';
import { resourceOfWebhook } from '../../../domain/registry/mlflow/webhook/drafts.ts';
import { webhookEventOf } from '../../../domain/registry/mlflow/webhook/events.ts';
import { parseNewWebhook, parseWebhookChange, webhookShape } from '../../../domain/registry/mlflow/webhook/hook.ts';
import { exampleOf } from '../../../domain/registry/mlflow/webhook/told.ts';
import type { WebhookOffice } from '../../webhooks.ts';
import type { MlflowCall } from './call.ts';

const RESULTS = { least: 1, most: 1000, usual: 100 };
const ONE = '/webhooks/:webhook_id';
const idOf = (fields: Fields): string => requireText(fields, 'webhook_id');
/** What is no id of one stays out of the ledger. */
const resource = (fields: Fields): string => {
  const id = fields['webhook_id'];
  return typeof id === 'string' && /^[\da-f-]{36}$/.test(id) ? resourceOfWebhook(id) : 'webhook';
};

/** What is asked of `/webhooks`. */
export const WEBHOOK_CALLS: readonly MlflowCall[] = [
  {
    methods: ['POST'],
    path: '/webhooks',
    action: 'webhook.manage',
    resource,
    run: async ({ webhooks }, fields, actor) => ({
      webhook: webhookShape(await webhooks.hooks.create(parseNewWebhook(fields, webhooks.rules), actor)),
    }),
  },
  {
    methods: ['GET'],
    path: '/webhooks',
    action: 'webhook.read',
    resource,
    run: async ({ webhooks }, fields) => {
      const [createdAt, id] = parsePageToken(textOf(fields, 'page_token'), 'webhooks', ['time', 'text']) ?? [];
      const after = createdAt === undefined || id === undefined ? null : ([Number(createdAt), String(id)] as const);
      const { end, found } = await webhooks.hooks.list(maxResultsOf(fields, RESULTS), after);
      return {
        ...(found.length === 0 ? {} : { webhooks: found.map(webhookShape) }),
        ...(end === null ? {} : { next_page_token: pageTokenOf(end, 'webhooks') }),
      };
    },
  },
  {
    methods: ['GET'],
    path: ONE,
    action: 'webhook.read',
    resource,
    run: async ({ webhooks }, fields) => ({ webhook: webhookShape(await webhooks.hooks.get(idOf(fields))) }),
  },
  {
    methods: ['PATCH'],
    path: ONE,
    action: 'webhook.manage',
    resource,
    run: async ({ webhooks }, fields, actor) => {
      const order = parseWebhookChange(fields, webhooks.rules);
      return { webhook: webhookShape(await webhooks.hooks.change(idOf(fields), order, actor)) };
    },
  },
  {
    methods: ['DELETE'],
    path: ONE,
    action: 'webhook.manage',
    resource,
    run: async ({ webhooks }, fields, actor) => {
      await webhooks.hooks.delete(idOf(fields), actor);
      return {};
    },
  },
  {
    methods: ['POST'],
    path: `${ONE}/test`,
    action: 'webhook.manage',
    resource,
    run: async ({ webhooks }, fields, actor) => ({ result: await tryOut(webhooks, fields, actor) }),
  },
];

/** Sends an example, once, and tells what came back. */
async function tryOut({ content, hooks, sender }: WebhookOffice, fields: Fields, actor: EventActor): Promise<object> {
  const { events, id } = await hooks.get(idOf(fields));
  const asked = fields['event'] ?? null;
  const told = asked === null ? events[0] : webhookEventOf(asked);
  if (told === undefined) throw new Error(`webhook ${id} has no events`);
  const { secret, url } = await content.target(id);
  const body = bodyOf(told, new Date(), exampleOf(told));
  const result = await sender.post({ deliveryId: randomUUID(), url, secret, body }).then(
    ({ status, text }) => ({
      success: isTaken(status),
      response_status: status,
      ...(text === '' ? {} : { response_body: text }),
    }),
    (error: unknown) => ({ success: false, error_message: `Failed to test webhook: ${messageOf(error)}` }),
  );
  const { success } = result;
  const status = 'response_status' in result ? result.response_status : null;
  await hooks.noteTest(id, { event: told, success, status }, actor);
  return result;
}
