import type { Pool } from 'pg';
import type { WebhookDelivery } from '../../../../activities/ports.ts';
import type { WebhookEvent } from '../../../../domain/registry/mlflow/webhook/events.ts';
import { TOLD_TYPES, toldOf, type RegistryEvent } from '../../../../domain/registry/mlflow/webhook/told.ts';
import { inTransaction, query } from '../../query.ts';

/** A part of the log that was read, and what follows from it. */
export interface DueDeliveries {
  readonly deliveries: readonly WebhookDelivery[];
  /** Everything before it was read. */
  readonly next: number;
  /** More may be there. */
  readonly isMore: boolean;
}

interface EventRow {
  readonly sequence: string;
  readonly canonical: string;
}

const AT_ONCE = 200;

/** Hands over what the log says of the registry to the hooks of an environment. */
export function createDueDeliveries(pool: Pool, environment: string) {
  return {
    /** What was not handed over yet; null when there is nothing new, or nobody ever wanted to be told anything. */
    async read(): Promise<DueDeliveries | null> {
      // The end of the log first: what it counts was written by the same transactions, and is there.
      const [place] = await query<{ size: string; next: string | null; first: string | null }>(
        pool,
        `SELECT (SELECT size FROM ledger_head) AS size,
           (SELECT next_sequence FROM webhook_cursor WHERE environment = $1) AS next,
           (SELECT min(ledger_sequence) FROM webhook_subscription WHERE environment = $1) AS first`,
        [environment],
      );
      const [size, from] = [Number(place?.size ?? 0), Number(place?.next ?? place?.first ?? Infinity)];
      if (from >= size) return null;
      const rows = await query<EventRow>(
        pool,
        `SELECT sequence, canonical FROM ledger_event WHERE type = ANY ($1) AND sequence >= $2 AND sequence < $3
         ORDER BY sequence LIMIT ${AT_ONCE}`,
        [TOLD_TYPES, from, size],
      );
      const isMore = rows.length === AT_ONCE;
      return {
        deliveries: await deliveriesOf(pool, environment, rows),
        next: isMore ? Number(rows.at(-1)?.sequence) + 1 : size,
        isMore,
      };
    },

    /** Every delivery of these was started. What somebody else moved on stays there. */
    async done({ deliveries, next }: Pick<DueDeliveries, 'deliveries' | 'next'>): Promise<void> {
      await inTransaction(pool, async (client) => {
        for (const { id, sequence, webhookId } of lastOfEach(deliveries))
          await client.query(
            `INSERT INTO webhook_progress (webhook_id, last_delivery, last_sequence) VALUES ($1, $2, $3)
             ON CONFLICT (webhook_id) DO UPDATE SET last_delivery = EXCLUDED.last_delivery, last_sequence = EXCLUDED.last_sequence
             WHERE webhook_progress.last_sequence <= EXCLUDED.last_sequence`,
            [webhookId, id, sequence],
          );
        await client.query(
          `INSERT INTO webhook_cursor (environment, next_sequence) VALUES ($1, $2)
           ON CONFLICT (environment) DO UPDATE SET next_sequence = EXCLUDED.next_sequence
           WHERE webhook_cursor.next_sequence < EXCLUDED.next_sequence`,
          [environment, next],
        );
      });
    },
  };
}

/** Deliveries in the order of the log, each after the one before it to the same hook. */
async function deliveriesOf(pool: Pool, environment: string, rows: readonly EventRow[]): Promise<WebhookDelivery[]> {
  const subscribers = await subscribersAt(
    pool,
    environment,
    rows.map(({ sequence }) => sequence),
  );
  const newest = new Map<string, string>();
  const deliveries: WebhookDelivery[] = [];
  for (const { canonical, sequence } of rows) {
    const event = JSON.parse(canonical) as RegistryEvent;
    for (const { events, last_delivery: last, webhook_id: webhookId } of subscribers.get(sequence) ?? [])
      toldOf(event, environment).forEach((told, part) => {
        if (!events.includes(told)) return;
        const id = `${webhookId}-${part}-${sequence}`;
        const previous = newest.get(webhookId) ?? last;
        deliveries.push({
          id,
          webhookId,
          sequence: Number(sequence),
          told,
          previous: previous === id ? null : previous,
        });
        newest.set(webhookId, id);
      });
  }
  return deliveries;
}

interface SubscriberRow {
  readonly sequence: string;
  readonly webhook_id: string;
  readonly events: readonly WebhookEvent[];
  readonly last_delivery: string | null;
}

/** Who wanted to be told of what when these events were written, by event. */
async function subscribersAt(
  pool: Pool,
  environment: string,
  sequences: readonly string[],
): Promise<ReadonlyMap<string, readonly SubscriberRow[]>> {
  const rows = await query<SubscriberRow>(
    pool,
    `SELECT e.sequence, w.webhook_id, s.events, p.last_delivery
     FROM unnest($2::bigint[]) AS e (sequence)
     CROSS JOIN webhook w
     CROSS JOIN LATERAL (SELECT events FROM webhook_subscription
       WHERE webhook_id = w.webhook_id AND ledger_sequence < e.sequence ORDER BY ledger_sequence DESC LIMIT 1) AS s
     LEFT JOIN webhook_progress p ON p.webhook_id = w.webhook_id
     WHERE w.environment = $1 AND w.deleted_at IS NULL AND cardinality(s.events) > 0
     ORDER BY w.created_at, w.webhook_id`,
    [environment, sequences],
  );
  return Map.groupBy(rows, ({ sequence }) => sequence);
}

function lastOfEach(deliveries: readonly WebhookDelivery[]): Iterable<WebhookDelivery> {
  return new Map(deliveries.map((delivery) => [delivery.webhookId, delivery])).values();
}
