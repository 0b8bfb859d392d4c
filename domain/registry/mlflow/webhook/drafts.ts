import type { EventActor, EventDraft, Json } from '../../../governance/event-draft.ts';

/** What is done with a webhook, and what becomes of its deliveries: kind and risk of its event. */
const ACTS = {
  created: ['configuration_change', 'high'],
  changed: ['configuration_change', 'high'],
  deleted: ['configuration_change', 'medium'],
  tested: ['configuration_change', 'low'],
  'delivery-failed': ['security_event', 'medium'],
} as const satisfies Record<string, readonly [EventDraft['category'], EventDraft['risk']]>;

export type WebhookAct = keyof typeof ACTS;
export const WEBHOOK_ACTS = Object.keys(ACTS) as readonly WebhookAct[];

/** An event of a webhook: ids and codes; its name and address are sealed under it, for they may say more than they should. */
export function draftOfWebhook(
  act: WebhookAct,
  hook: {
    readonly id: string;
    readonly facts: { readonly [name: string]: Json };
    readonly words?: { readonly [name: string]: Json };
  },
  actor: EventActor,
): EventDraft {
  const [category, risk] = ACTS[act];
  const resource = resourceOfWebhook(hook.id);
  return {
    type: `webhook.${act}`,
    category,
    actor,
    resource,
    risk,
    frameworks: ['iso27001', 'soc2'],
    facts: hook.facts,
    ...(hook.words === undefined ? {} : { payload: hook.words, subject: resource }),
  };
}

export function resourceOfWebhook(id: string): string {
  return `webhook/${id}`;
}
