import { refusal } from '../refusal.ts';
import type { Fields } from '../fields.ts';

/** What a webhook can be told of, as payloads name it. */
export const WEBHOOK_EVENTS = [
  'registered_model.created',
  'model_version.created',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'model_version_alias.created',
  'model_version_alias.deleted',
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Names of the protocol by their numbers: clients send either. */
const ENTITIES = [
  'ENTITY_UNSPECIFIED',
  'REGISTERED_MODEL',
  'MODEL_VERSION',
  'MODEL_VERSION_TAG',
  'MODEL_VERSION_ALIAS',
  'PROMPT',
  'PROMPT_VERSION',
  'PROMPT_TAG',
  'PROMPT_VERSION_TAG',
  'PROMPT_ALIAS',
  'BUDGET_POLICY',
];
const ACTIONS = ['ACTION_UNSPECIFIED', 'CREATED', 'UPDATED', 'DELETED', 'SET', 'EXCEEDED'];

/** Events that a hook is to be told of, each once. @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE) */
export function webhookEventsOf(fields: Fields): WebhookEvent[] {
  const given = fields['events'] ?? [];
  if (!Array.isArray(given)) throw invalid("Invalid value for parameter 'events': wanted a list of { entity, action }");
  return [...new Set(given.map((event: unknown) => webhookEventOf(event)))];
}

/** @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE) */
export function webhookEventOf(given: unknown): WebhookEvent {
  const { action, entity } = (typeof given === 'object' && given !== null ? given : {}) as Fields;
  const event = `${nameOf(entity, ENTITIES)}.${nameOf(action, ACTIONS)}`;
  const found = WEBHOOK_EVENTS.find((known) => known === event);
  if (found !== undefined) return found;
  throw invalid(`Invalid webhook event ${event}: this registry has ${WEBHOOK_EVENTS.join(', ')}`);
}

/** An event in JSON of the protocol. */
export function webhookEventShape(event: WebhookEvent): { readonly entity: string; readonly action: string } {
  const [entity = '', action = ''] = event.toUpperCase().split('.');
  return { entity, action };
}

function nameOf(given: unknown, names: readonly string[]): string {
  const name = typeof given === 'number' ? names[given] : given;
  return typeof name === 'string' && names.includes(name) ? name.toLowerCase() : JSON.stringify(given);
}

function invalid(problem: string): Error {
  return refusal('INVALID_PARAMETER_VALUE', problem);
}
