import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Notification, Notifier } from '../../activities/ports.ts';
import { MlopsError } from '../../domain/errors.ts';

/** One receiver of deployment.yaml `notifications.webhooks`. */
export interface WebhookReceiver {
  readonly url: string;
  /** File with the shared secret; read at each delivery, so that it can be rotated. */
  readonly secretFile: string;
  readonly events: readonly string[] | 'all';
}

const TIMEOUT_MS = 10_000;

/**
 * Posts notifications as JSON, signed. The receiver checks `x-mlops-signature`: `t=<unix seconds>,v1=<hex>`, where v1 is
 * HMAC-SHA256 of `<t>.<body>` under the shared secret, and drops repeats by `idempotency-key`.
 */
export function createWebhookNotifier(
  receivers: readonly WebhookReceiver[],
  clock: () => Date = () => new Date(),
): Notifier {
  return {
    async deliver(notification, address) {
      const wanted = receivers.filter(
        (receiver) => wants(receiver, notification.event) && (address ?? receiver.url) === receiver.url,
      );
      const results = await Promise.allSettled(
        wanted.map(async (receiver) => await post(receiver, notification, clock())),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

/** Addresses of the receivers that want an event. */
export function addressesFor(receivers: readonly WebhookReceiver[], event: string): string[] {
  return [...new Set(receivers.filter((receiver) => wants(receiver, event)).map(({ url }) => url))];
}

function wants({ events }: WebhookReceiver, event: string): boolean {
  return events === 'all' || events.includes(event);
}

/** The signature header of a body sent at a time. */
export function signBody(body: string, secret: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000);
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

async function post(receiver: WebhookReceiver, notification: Notification, at: Date): Promise<void> {
  const secret = (
    await readFile(receiver.secretFile, 'utf8').catch(refuse(receiver, 'its secret file cannot be read'))
  ).trim();
  if (secret === '') throw refusal(receiver, 'its secret file is empty');
  const body = JSON.stringify({ schemaVersion: 1, ...notification });
  const response = await fetch(receiver.url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': notification.idempotencyKey,
      'x-mlops-signature': signBody(body, secret, at),
    },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(refuse(receiver, 'no answer'));
  await response.body?.cancel();
  if (!response.ok) throw refusal(receiver, `answered ${response.status}`);
}

function refuse(receiver: WebhookReceiver, what: string): (cause: unknown) => never {
  return (cause) => {
    throw refusal(receiver, `${what} (${cause instanceof Error ? cause.message : String(cause)})`, cause);
  };
}

function refusal(receiver: WebhookReceiver, reason: string, cause?: unknown): MlopsError {
  return new MlopsError('NOTIFICATION_FAILED', { url: new URL(receiver.url).origin, reason }, { cause });
}
