import type { QueryResultRow } from 'pg';
import { refusal } from '../../../../domain/registry/mlflow/refusal.ts';
import type { WebhookEvent } from '../../../../domain/registry/mlflow/webhook/events.ts';
import type { Webhook } from '../../../../domain/registry/mlflow/webhook/hook.ts';
import { run, type Queries } from '../versions.ts';
import type { StoredSecret } from './secrets.ts';

/** A webhook's row. */
export interface WebhookRow extends QueryResultRow, StoredSecret {
  readonly webhook_id: string;
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly is_active: boolean;
  readonly created_at: Date;
  readonly changed_at: Date;
}

export const WEBHOOK_COLUMNS =
  'webhook_id, name, description, url, events, is_active, secret_key, secret, created_at, changed_at';

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The hook that has this id, unless it was deleted; null when there is none. */
export async function findWebhook(queries: Queries, environment: string, id: string): Promise<WebhookRow | null> {
  if (!ID.test(id)) return null;
  const [row] = await run<WebhookRow>(
    queries,
    `SELECT ${WEBHOOK_COLUMNS} FROM webhook WHERE environment = $1 AND webhook_id = $2 AND deleted_at IS NULL`,
    [environment, id],
  );
  return row ?? null;
}

/** @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST) */
export async function requireWebhook(queries: Queries, environment: string, id: string): Promise<WebhookRow> {
  const row = await findWebhook(queries, environment, id);
  if (row !== null) return row;
  throw refusal('RESOURCE_DOES_NOT_EXIST', `Webhook with ID ${id} not found.`);
}

/** The last entry of a page: what comes after it is older. */
export type PageEnd = readonly [createdAtMs: number, id: string];

/** A page of the hooks there are, newest first. */
export async function listWebhooks(
  queries: Queries,
  environment: string,
  limit: number,
  after: PageEnd | null,
): Promise<{ readonly found: readonly Webhook[]; readonly end: PageEnd | null }> {
  const rows = await run<WebhookRow>(
    queries,
    `SELECT ${WEBHOOK_COLUMNS} FROM webhook WHERE environment = $1 AND deleted_at IS NULL
       AND ($3::double precision IS NULL OR (created_at, webhook_id::text) < (to_timestamp($3::double precision / 1000), $4))
     ORDER BY created_at DESC, webhook_id DESC LIMIT $2`,
    [environment, limit + 1, after?.[0] ?? null, after?.[1] ?? null],
  );
  const found = rows.slice(0, limit).map(webhookOf);
  const last = found.at(-1);
  return { found, end: rows.length <= limit || last === undefined ? null : [last.createdAt, last.id] };
}

export function webhookOf(row: WebhookRow): Webhook {
  return {
    id: row.webhook_id,
    name: row.name,
    description: row.description,
    url: row.url,
    events: row.events,
    status: row.is_active ? 'ACTIVE' : 'DISABLED',
    createdAt: row.created_at.getTime(),
    changedAt: row.changed_at.getTime(),
  };
}
