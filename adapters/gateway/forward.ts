import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { createProxyServer } from 'http-proxy-3';
import { AfterConnect } from './after-connect.ts';
import type { Outcome } from './counters.ts';

/** A service that has not accepted a connection by then is away. */
const CONNECT_MS = 3000;
/** Many services close what was idle for five seconds: a request must not meet that. */
const IDLE_MS = 4000;

/** How one attempt to have a request answered ended. */
export interface Attempt {
  /** `refused`: the connection was; nothing was sent and nothing of the body was taken. */
  readonly outcome: Outcome;
  readonly status: number | null;
  /** Nothing was sent to the client yet: another arm may answer. */
  readonly unanswered: boolean;
  /** The connection had been used before: the service may merely have closed it meanwhile. */
  readonly reusedConnection: boolean;
}

export interface Forwarder {
  /** @param body what was read of the request before; null when nothing was */
  attempt(request: IncomingMessage, response: ServerResponse, endpoint: string, body: Buffer | null): Promise<Attempt>;
  close(): void;
}

interface Flight {
  proxyRequest: ClientRequest | null;
  connected: boolean;
  timedOut: boolean;
  broken: boolean;
}

/** Sends requests on to services, streaming both ways, over kept connections. */
export function createForwarder(timeoutMs: number): Forwarder {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 512, timeout: IDLE_MS }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 512, timeout: IDLE_MS }),
  };
  const proxy = createProxyServer({ xfwd: true });
  const flights = new WeakMap<ServerResponse, Flight>();
  proxy.on('proxyReq', (proxyRequest, _request, response) => {
    const flight = flights.get(response);
    if (flight !== undefined) flight.proxyRequest = proxyRequest;
  });
  proxy.on('proxyRes', (answer, _request, response) => {
    // A service that breaks off in the middle of its answer must not look like a complete one.
    answer.on('close', () => {
      if (answer.complete) return;
      const flight = flights.get(response);
      if (flight !== undefined) flight.broken = true;
      response.destroy();
    });
  });
  // Without a listener an error of a request whose client has gone would end the process.
  proxy.on('econnreset', () => undefined);
  const agentFor = (endpoint: string): HttpAgent => (endpoint.startsWith('https:') ? agents.https : agents.http);

  return {
    attempt: async (request, response, endpoint, body) =>
      await new Promise<Attempt>((resolve) => {
        const flight: Flight = { proxyRequest: null, connected: false, timedOut: false, broken: false };
        flights.set(response, flight);
        const timer = setTimeout(() => {
          flight.timedOut = true;
          flight.proxyRequest?.destroy();
          if (response.headersSent) response.destroy();
        }, timeoutMs);
        const onClose = (): void => settle(attemptOf(flight, response, null));
        const settle = (attempt: Attempt): void => {
          clearTimeout(timer);
          response.off('close', onClose);
          resolve(attempt);
        };
        response.on('close', onClose);
        // The gateway itself has told the client to go on.
        delete request.headers.expect;
        const options = {
          target: endpoint,
          agent: agentFor(endpoint),
          connectTimeout: Math.min(CONNECT_MS, timeoutMs / 2),
          buffer: new AfterConnect(body === null ? request : Readable.from([body]), () => (flight.connected = true)),
        };
        proxy.web(request, response, options, (error) => {
          if (!response.destroyed || flight.broken) settle(attemptOf(flight, response, error));
        });
      }),

    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function attemptOf(flight: Flight, response: ServerResponse, error: unknown): Attempt {
  const reusedConnection = flight.proxyRequest?.reusedSocket === true;
  const unanswered = !response.headersSent;
  const base = { status: response.headersSent ? response.statusCode : null, unanswered, reusedConnection };
  if (flight.timedOut) return { ...base, outcome: 'timeout' };
  if (error !== null || flight.broken) return { ...base, outcome: flight.connected ? 'error' : 'refused' };
  if (!response.writableFinished) return { ...base, outcome: 'aborted' };
  return { ...base, outcome: response.statusCode >= 500 ? 'error' : 'success' };
}
