// A receiver of the registry's webhooks, as a program outside would write it.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request that came. */
export interface HookCall {
  readonly path: string;
  readonly deliveryId: string;
  /** `v1,...` or '' */
  readonly signature: string;
  readonly timestamp: string;
  readonly text: string;
  readonly body: {
    readonly entity: string;
    readonly action: string;
    readonly timestamp: string;
    readonly data: object;
  };
  readonly answered: number;
}

/** Answers what a test says. */
export type HookAnswer = (path: string) => {
  readonly status: number;
  readonly location?: string;
  readonly afterMs?: number;
};

export async function startHook(answer: HookAnswer = () => ({ status: 200 })) {
  const calls: HookCall[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const content = await text(request);
      const path = request.url ?? '';
      const { afterMs = 0, location, status } = answer(path);
      await sleep(afterMs);
      const header = (name: string): string => String(request.headers[`x-mlflow-${name}`] ?? '');
      calls.push({
        path,
        deliveryId: header('delivery-id'),
        signature: header('signature'),
        timestamp: header('timestamp'),
        text: content,
        body: JSON.parse(content) as HookCall['body'],
        answered: status,
      });
      response.writeHead(status, location === undefined ? {} : { location }).end(`answer ${status}`);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    urlOf: (path: string): string => `${url}/${path}`,
    of: (path: string): readonly HookCall[] => calls.filter((call) => call.path === `/${path}`),
    close: () => server.close(),
  };
}

/** Whether a call is signed with a secret, by what the headers say and the body as it came. */
export function isSignedWith(secret: string, { deliveryId, signature, text: body, timestamp }: HookCall): boolean {
  const digest = createHmac('sha256', secret).update(`${deliveryId}.${timestamp}.${body}`).digest('base64');
  return signature === `v1,${digest}`;
}
