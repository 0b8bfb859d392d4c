import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Outcome } from './counters.ts';

/** What a service made of a request to upgrade the connection. */
export interface Opening {
  readonly outcome: Outcome;
  /** The service took the connection: it may have seen the request, which may not be sent to another then. */
  readonly connected: boolean;
  /** Null when none came. */
  readonly answer: IncomingMessage | null;
  /** The connection once the service has switched protocols, with the first bytes it sent. */
  readonly upgraded: { readonly socket: Socket; readonly head: Buffer } | null;
}

/** An upgrade has no body, and these do not concern the next hop. */
const DROPPED_HEADERS = ['content-length', 'transfer-encoding', 'trailer', 'expect'];

/** Asks a service to upgrade. Resolves with its answer, or when there will be none; the client's going away ends it. */
export async function openUpgrade(
  url: URL,
  request: IncomingMessage,
  client: Duplex,
  timeoutMs: number,
): Promise<Opening> {
  return await new Promise<Opening>((resolve) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const asked = send(url, { headers: forwardedHeaders(request), agent: false });
    let connected = false;
    const settle = (outcome: Outcome, got: Partial<Pick<Opening, 'answer' | 'upgraded'>> = {}): void => {
      clearTimeout(timer);
      client.off('close', onGone);
      resolve({ outcome, connected, answer: null, upgraded: null, ...got });
    };
    const giveUp = (outcome: Outcome): void => {
      settle(outcome);
      asked.destroy();
    };
    const onGone = (): void => giveUp('aborted');
    const timer = setTimeout(() => giveUp('timeout'), timeoutMs);
    client.once('close', onGone);
    asked.on('socket', (socket) => socket.once('connect', () => (connected = true)));
    // It stays: what fails after the answer must not end the process.
    asked.on('error', () => settle('refused'));
    asked.on('response', (answer) => settle((answer.statusCode ?? 500) >= 500 ? 'error' : 'success', { answer }));
    asked.on('upgrade', (answer, socket, head) => {
      socket.on('error', () => undefined);
      settle('success', { answer, upgraded: { socket, head } });
    });
    asked.end();
  });
}

function forwardedHeaders({ headers, socket }: IncomingMessage): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !DROPPED_HEADERS.includes(name));
  const { host = '' } = headers;
  const hop = { for: socket.remoteAddress ?? '', port: /:(\d+)$/.exec(host)?.[1] ?? '80', proto: 'ws' };
  const forwarded = Object.entries(hop).map(([name, value]) => {
    const before = headers[`x-forwarded-${name}`];
    return [`x-forwarded-${name}`, before === undefined ? value : `${String(before)},${value}`];
  });
  return {
    'x-forwarded-host': host,
    ...(Object.fromEntries([...kept, ...forwarded]) as IncomingHttpHeaders),
  };
}
