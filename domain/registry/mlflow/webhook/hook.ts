import { refusal } from '../refusal.ts';
import { requireText, textOf, type Fields } from '../fields.ts';
import { problemOfWebhookUrl, type WebhookRules } from './address.ts';
import { webhookEventShape, webhookEventsOf, type WebhookEvent } from './events.ts';

export type WebhookStatus = 'ACTIVE' | 'DISABLED';

/** A webhook without its secret. */
export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly status: WebhookStatus;
  /** Milliseconds since 1970 */
  readonly createdAt: number;
  readonly changedAt: number;
}

/** What is said of a webhook when it is made, or changed; null: as it was, or nothing. */
export interface WebhookOrder {
  readonly name: string | null;
  readonly description: string | null;
  readonly url: string | null;
  readonly events: readonly WebhookEvent[] | null;
  readonly status: WebhookStatus | null;
  /** '' takes it away. */
  readonly secret: string | null;
}

/** A new webhook. */
export type NewWebhook = WebhookOrder & Pick<Webhook, 'name' | 'url' | 'events'>;

const NAME = /^(?=.{1,63}$)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
const LONGEST = 1000;
const STATUSES = ['', 'ACTIVE', 'DISABLED'];

/** @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE) */
export function parseNewWebhook(fields: Fields, rules: WebhookRules): NewWebhook {
  const [name, url] = [requireText(fields, 'name'), requireText(fields, 'url')];
  const events = webhookEventsOf(fields);
  if (events.length === 0) throw invalid("Missing value for required parameter 'events'.");
  return { ...parseWebhookChange(fields, rules), name, url, events };
}

/** What is not named, or is empty, stays; of description and secret, what is empty is taken away. @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE) */
export function parseWebhookChange(fields: Fields, rules: WebhookRules): WebhookOrder {
  const [name, url, events] = [textOf(fields, 'name'), textOf(fields, 'url'), webhookEventsOf(fields)];
  if (name !== '' && !NAME.test(name))
    throw invalid(
      `Webhook name '${name}' is invalid. It must start and end with a letter or digit, have at most 63 characters, and only a-z, 0-9, '.', '_' and '-'`,
    );
  const problem = url === '' ? null : problemOfWebhookUrl(url, rules);
  if (problem !== null) throw invalid(`Invalid webhook URL: ${problem}`);
  return {
    name: name === '' ? null : name,
    url: url === '' ? null : url,
    events: events.length === 0 ? null : events,
    description: shortTextOf(fields, 'description'),
    secret: shortTextOf(fields, 'secret'),
    status: statusOf(fields),
  };
}

/** A webhook in JSON: its secret is not among what anybody is told. */
export function webhookShape(hook: Webhook): Readonly<Record<string, unknown>> {
  return {
    webhook_id: hook.id,
    name: hook.name,
    ...(hook.description === '' ? {} : { description: hook.description }),
    url: hook.url,
    events: hook.events.map(webhookEventShape),
    status: hook.status,
    creation_timestamp: hook.createdAt,
    last_updated_timestamp: hook.changedAt,
  };
}

function shortTextOf(fields: Fields, name: string): string | null {
  if (fields[name] === undefined || fields[name] === null) return null;
  const value = textOf(fields, name);
  if (value.length <= LONGEST) return value;
  throw invalid(`Invalid value for parameter '${name}': wanted at most ${LONGEST} characters`);
}

function statusOf(fields: Fields): WebhookStatus | null {
  const given = fields['status'] ?? '';
  const name = typeof given === 'number' ? (STATUSES[given] ?? '') : given;
  if (name === '') return null;
  if (name === 'ACTIVE' || name === 'DISABLED') return name;
  throw invalid(`Invalid webhook status ${JSON.stringify(given)}: wanted ACTIVE or DISABLED`);
}

function invalid(problem: string): Error {
  return refusal('INVALID_PARAMETER_VALUE', problem);
}
