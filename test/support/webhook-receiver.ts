import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Delivery {
  readonly idempotencyKey: string;
  readonly event: string;
  readonly model: string;
  readonly severity: string;
  /** Whether the signature is that of the body under the shared secret. */
  readonly signed: boolean;
  readonly answered: number;
}

/** A receiver that answers 500 to the first delivery of each key in `failing`, and 200 to everything else. */
export async function startReceiver(secret: string, failing: (event: string) => boolean) {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const { event, model, severity } = JSON.parse(body) as { event: string; model: string; severity: string };
      const idempotencyKey = String(request.headers['idempotency-key']);
      const isFirst = deliveries.every((one) => one.idempotencyKey !== idempotencyKey);
      const answered = isFirst && failing(event) ? 500 : 200;
      const signed = isSigned(String(request.headers['x-mlops-signature']), body, secret);
      deliveries.push({ idempotencyKey, event, model, severity, signed, answered });
      response.writeHead(answered).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    of: (model: string): readonly Delivery[] => deliveries.filter((one) => one.model === model),
    close: () => server.close(),
  };
}

function isSigned(header: string, body: string, secret: string): boolean {
  const [, seconds = '', digest = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const wanted = createHmac('sha256', secret).update(`${seconds}.${body}`).digest();
  const given = Buffer.from(digest, 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
