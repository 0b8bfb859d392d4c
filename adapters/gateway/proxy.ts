import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { MlopsConfig } from '../../config/schema.ts';
import { isMlopsError } from '../../domain/errors.ts';
import { chooseRoute, type Choice } from './choose.ts';
import type { Counters } from './counters.ts';
import { renderExposition } from './exposition.ts';
import type { createFeedback } from './feedback.ts';
import { createForwarder, type Attempt } from './forward.ts';
import { createMirror } from './mirror.ts';
import type { RequestIds } from './request-id.ts';
import type { SplitStore } from './split-store.ts';

/** Bodies up to this size can be sent again to another arm. */
const REPLAYABLE_BYTES = 1024 * 1024;
/** Answers of stable up to this size are compared with the mirror's. */
const COMPARED_BYTES = 256 * 1024;

interface ProxyParts {
  readonly splits: SplitStore;
  readonly counters: Counters;
  readonly ids: RequestIds;
  readonly feedback: ReturnType<typeof createFeedback>;
  readonly config: MlopsConfig['deployment']['gateway'];
  readonly environment: string;
}

/** The proxy that users' requests come to. */
export function createProxy(parts: ProxyParts): { server: Server; close: () => void } {
  const { splits, counters, config } = parts;
  const timeoutMs = config.requestTimeoutSeconds * 1000;
  const forwarder = createForwarder(timeoutMs);
  const mirror = createMirror(counters, timeoutMs);
  const server = createServer((request, response) => {
    handle(request, response).catch(() => {
      if (!response.headersSent) sendJson(response, 500, { error: 'gateway failed' });
      else response.destroy();
    });
  });
  server.on('upgrade', (request, socket, head) => void upgrade(request, socket as import('node:net').Socket, head));
  server.keepAliveTimeout = 65_000;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/-/feedback') return await takeFeedback(request, response);
    if (request.url === '/metrics') return sendText(response, renderExposition(counters, splits, parts.environment));
    const choice = chooseRoute(request, splits, config, Math.random);
    if ('status' in choice) return sendJson(response, choice.status, { error: choice.problem });
    request.url = choice.path;
    if (choice.forced) counters.force(choice.model);
    else counters.assign(choice.model, choice.arm);
    if (choice.arm === 'canary') await serveFromCanary(request, response, choice);
    else await serveFromStable(request, response, choice);
  }

  async function serveFromCanary(request: IncomingMessage, response: ServerResponse, choice: Choice): Promise<void> {
    const body = await readReplayable(request);
    const attempt = await serve(request, response, choice, body, choice.forced);
    if (!attempt.unanswered || attempt.outcome === 'aborted') return;
    const retry = body !== undefined && attempt.outcome === 'refused' && !choice.forced;
    if (!retry) return sendJson(response, attempt.outcome === 'timeout' ? 504 : 502, { error: `version ${choice.target.version} did not answer (${attempt.outcome})` });
    // The canary has been charged; this answer is a favour of stable and counts for neither arm.
    const rescue: Choice = { ...choice, arm: 'stable', target: choice.live.split.stable };
    const second = await serve(request, response, rescue, body, true);
    if (second.unanswered && second.outcome !== 'aborted') sendJson(response, 502, { error: `version ${rescue.target.version} did not answer (${second.outcome})` });
  }

  async function serveFromStable(request: IncomingMessage, response: ServerResponse, choice: Choice): Promise<void> {
    const { split } = choice.live;
    const mirrored = split.canary !== null && !choice.forced && Math.random() * 10_000 < split.mirrorBasisPoints;
    const body = mirrored ? await readReplayable(request) : hasBody(request) ? undefined : null;
    const answer = mirrored ? captureAnswer(response) : null;
    const attempt = await serve(request, response, choice, body, choice.forced);
    if (attempt.unanswered && attempt.outcome !== 'aborted') return sendJson(response, attempt.outcome === 'timeout' ? 504 : 502, { error: `version ${choice.target.version} did not answer (${attempt.outcome})` });
    if (answer === null || body === undefined || attempt.status === null) return;
    mirror.send(choice.live, { method: request.method ?? 'GET', path: choice.path, headers: request.headers }, body, { status: attempt.status, body: answer() });
  }

  /** One arm's answer, counted unless `uncounted`. A connection that had gone stale is replaced once. */
  async function serve(request: IncomingMessage, response: ServerResponse, choice: Choice, body: Buffer | null | undefined, uncounted: boolean): Promise<Attempt> {
    const { model, arm, target, forced } = choice;
    response.setHeader('x-mlops-arm', arm);
    response.setHeader('x-mlops-version', target.version);
    response.setHeader('x-mlops-request-id', parts.ids.make({ model, arm, version: target.version, forced: forced || uncounted }));
    const started = performance.now();
    let attempt = await forwarder.attempt(request, response, target.endpoint, body ?? null);
    const wasStale = attempt.outcome === 'refused' && attempt.reusedConnection && attempt.unanswered && body !== undefined;
    if (wasStale) attempt = await forwarder.attempt(request, response, target.endpoint, body);
    if (!uncounted) counters.finish(model, arm, target.version, attempt.outcome, performance.now() - started);
    return attempt;
  }

  async function takeFeedback(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return sendJson(response, 405, { error: 'wanted POST' });
    try {
      const body = await readReplayable(request);
      sendJson(response, 200, parts.feedback.take(JSON.parse((body ?? Buffer.alloc(0)).toString())));
    } catch (error) {
      sendJson(response, 400, { error: isMlopsError(error) ? error.message : 'wanted JSON' });
    }
  }

  async function upgrade(request: IncomingMessage, socket: import('node:net').Socket, head: Buffer): Promise<void> {
    const choice = chooseRoute(request, splits, config, Math.random);
    if ('status' in choice) return void socket.end(`HTTP/1.1 ${choice.status} Not Found\r\nconnection: close\r\n\r\n`);
    request.url = choice.path;
    const started = performance.now();
    const opened = await forwarder.upgrade(request, socket, head, choice.target.endpoint);
    if (!choice.forced) {
      counters.assign(choice.model, choice.arm);
      counters.finish(choice.model, choice.arm, choice.target.version, opened ? 'success' : 'refused', opened ? 0 : performance.now() - started);
    }
  }

  return { server, close: () => forwarder.close() };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] !== undefined && headers['content-length'] !== '0') || headers['transfer-encoding'] !== undefined;
}

/** The body, null when there is none, undefined when it is too long (or of unknown length) to be sent twice. */
async function readReplayable(request: IncomingMessage): Promise<Buffer | null | undefined> {
  if (!hasBody(request)) return null;
  const length = Number(request.headers['content-length']);
  if (!(length <= REPLAYABLE_BYTES)) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Keeps a copy of what is written to the client, as long as it is small. */
function captureAnswer(response: ServerResponse): () => Buffer | null {
  const chunks: Buffer[] = [];
  let size = 0;
  const keep = (chunk: unknown): void => {
    if (!(chunk instanceof Uint8Array) && typeof chunk !== 'string') return;
    const bytes = Buffer.from(chunk as string);
    size += bytes.length;
    if (size <= COMPARED_BYTES) chunks.push(bytes);
  };
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  response.write = ((...args: unknown[]) => (keep(args[0]), write(...args))) as typeof response.write;
  response.end = ((...args: unknown[]) => (keep(args[0]), end(...args))) as typeof response.end;
  return () => (size <= COMPARED_BYTES ? Buffer.concat(chunks) : null);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendText(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body);
}
