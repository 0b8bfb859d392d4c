import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { MlopsConfig } from '../../config/schema.ts';
import { isMlopsError } from '../../domain/errors.ts';
import { chooseRoute, type Choice } from './choose.ts';
import { ClientAnswer } from './client-answer.ts';
import type { Counters } from './counters.ts';
import { renderExposition } from './exposition.ts';
import type { createFeedback } from './feedback.ts';
import { createForwarder, type Attempt, type Forwarder } from './forward.ts';
import { createMirror } from './mirror.ts';
import { readAtMost } from './read-at-most.ts';
import type { RequestIds } from './request-id.ts';
import type { SplitStore } from './split-store.ts';
import { createUpgrades, isWebSocket } from './upgrade.ts';

/** Bodies up to this size are mirrored. */
const MIRRORED_BYTES = 1024 * 1024;
/** Sent twice they do what they do once. */
const REPEATABLE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A list of feedback may be that long. */
const FEEDBACK_BYTES = 1024 * 1024;
/** Answers of stable up to this size are compared with the mirror's. */
const COMPARED_BYTES = 256 * 1024;
const KEEP_ALIVE_MS = 65_000;
const WHOLE = 10_000;

interface ProxyParts {
  readonly splits: SplitStore;
  readonly counters: Counters;
  readonly ids: RequestIds;
  readonly feedback: ReturnType<typeof createFeedback>;
  readonly config: MlopsConfig['deployment']['gateway'];
  readonly environment: string;
}

/** What every request needs. */
interface ProxyContext extends ProxyParts {
  readonly forwarder: Forwarder;
  readonly mirror: ReturnType<typeof createMirror>;
}

/** The proxy that users' requests come to. `drop` ends what is still under way, `close` frees what it holds. */
export function createProxy(parts: ProxyParts): { server: Server; drop: () => void; close: () => void } {
  const timeoutMs = parts.config.requestTimeoutSeconds * 1000;
  const context = { ...parts, forwarder: createForwarder(timeoutMs), mirror: createMirror(parts.counters, timeoutMs) };
  const upgrades = createUpgrades(parts);
  const server = createServer(
    { shouldUpgradeCallback: isWebSocket, ServerResponse: ClientAnswer },
    (request, response) => {
      // Streams without a listener of errors end the process by theirs.
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      handle(context, request, response).catch(() => {
        if (response.headersSent) response.destroy();
        else sendJson(response, 500, { error: 'gateway failed' });
      });
    },
  );
  server.on('upgrade', (request, socket, head) => upgrades.take(request, socket, head));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return {
    server,
    drop: () => {
      server.closeAllConnections();
      upgrades.drop();
    },
    close: () => context.forwarder.close(),
  };
}

async function handle(context: ProxyContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { splits, counters, config, environment } = context;
  if (request.url === '/-/feedback') return await takeFeedback(context, request, response);
  if (request.url === '/metrics') return sendText(response, renderExposition(counters, splits, environment));
  const choice = chooseRoute(request, splits, config, Math.random);
  if ('status' in choice) return sendJson(response, choice.status, { error: choice.problem });
  request.url = choice.path;
  ignoreUpgrade(request);
  if (choice.forced) counters.force(choice.model);
  else counters.assign(choice.model, choice.arm);
  if (choice.arm === 'canary') await serveFromCanary(context, request, response, choice);
  else await serveFromStable(context, request, response, choice);
}

async function serveFromCanary(
  context: ProxyContext,
  request: IncomingMessage,
  response: ServerResponse,
  choice: Choice,
): Promise<void> {
  const serving = { request, response, choice, body: undefined, uncounted: choice.forced };
  const attempt = await serve(context, serving);
  if (choice.forced || !mayBeSentAgain(attempt, serving)) return reportUnanswered(response, choice, attempt);
  // The canary has been charged; this answer is a favour of stable and counts for neither arm.
  const rescue: Choice = { ...choice, arm: 'stable', target: choice.live.split.stable };
  reportUnanswered(response, rescue, await serve(context, { ...serving, choice: rescue, uncounted: true }));
}

async function serveFromStable(
  context: ProxyContext,
  request: IncomingMessage,
  response: ServerResponse,
  choice: Choice,
): Promise<void> {
  const { split } = choice.live;
  const mirrored = split.canary !== null && !choice.forced && Math.random() * WHOLE < split.mirrorBasisPoints;
  const body = mirrored ? await readBody(request) : undefined;
  const answer = mirrored ? captureAnswer(response) : null;
  const attempt = await serve(context, { request, response, choice, body, uncounted: choice.forced });
  reportUnanswered(response, choice, attempt);
  if (answer === null || body === undefined || attempt.status === null) return;
  const copy = { method: request.method ?? 'GET', path: choice.path, headers: request.headers };
  context.mirror.send(choice.live, copy, body, { status: attempt.status, body: answer() });
}

interface Serving {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly choice: Choice;
  /** The body when it was read before; null when there is none, undefined when it streams. */
  readonly body: Buffer | null | undefined;
  readonly uncounted: boolean;
}

/** One arm's answer, counted unless `uncounted`. A connection that had gone stale is replaced once. */
async function serve(context: ProxyContext, { request, response, choice, body, uncounted }: Serving): Promise<Attempt> {
  const { model, arm, target } = choice;
  response.setHeader('x-mlops-arm', arm);
  response.setHeader('x-mlops-version', target.version);
  response.setHeader(
    'x-mlops-request-id',
    context.ids.make({ model, arm, version: target.version, forced: uncounted }),
  );
  const started = performance.now();
  let attempt = await context.forwarder.attempt(request, response, target.endpoint, body ?? null);
  if (attempt.reusedConnection && mayBeSentAgain(attempt, { request, body }))
    attempt = await context.forwarder.attempt(request, response, target.endpoint, body ?? null);
  if (!uncounted) context.counters.finish(model, arm, target.version, attempt.outcome, performance.now() - started);
  return attempt;
}

/**
 * Whether a request that got no answer may go out once more: always when the connection was refused, so that nothing was
 * sent; after that only when the method allows it and no part of a body is gone. Nobody waits for a second timeout.
 */
function mayBeSentAgain(
  { outcome, unanswered }: Attempt,
  { request, body }: Pick<Serving, 'request' | 'body'>,
): boolean {
  if (!unanswered) return false;
  if (outcome === 'refused') return true;
  return (
    outcome === 'error' && REPEATABLE_METHODS.has(request.method ?? '') && (body !== undefined || !hasBody(request))
  );
}

function reportUnanswered(response: ServerResponse, { target }: Choice, attempt: Attempt): void {
  if (!attempt.unanswered || attempt.outcome === 'aborted') return;
  sendJson(response, attempt.outcome === 'timeout' ? 504 : 502, {
    error: `version ${target.version} did not answer (${attempt.outcome === 'error' ? 'it broke off' : attempt.outcome})`,
  });
}

async function takeFeedback(
  { feedback }: ProxyContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') return sendJson(response, 405, { error: 'wanted POST' });
  try {
    const body = await readAtMost(request, FEEDBACK_BYTES);
    if (body === null) {
      response.setHeader('connection', 'close');
      return sendJson(response, 413, { error: `wanted at most ${FEEDBACK_BYTES} bytes` });
    }
    sendJson(response, 200, feedback.take(JSON.parse(body.toString())));
  } catch (error) {
    sendJson(response, 400, { error: isMlopsError(error) ? error.message : 'wanted JSON' });
  }
}

/** An upgrade that is not passed through (h2c) must not reach the service, which might switch on its own. */
function ignoreUpgrade({ headers }: IncomingMessage): void {
  if (headers.upgrade === undefined) return;
  delete headers.upgrade;
  delete headers['http2-settings'];
  headers.connection = 'keep-alive';
}

function hasBody({ headers }: IncomingMessage): boolean {
  return (
    (headers['content-length'] !== undefined && headers['content-length'] !== '0') ||
    headers['transfer-encoding'] !== undefined
  );
}

/** The body, null when there is none, undefined when it is too long (or of unknown length) to be kept. */
async function readBody(request: IncomingMessage): Promise<Buffer | null | undefined> {
  if (!hasBody(request)) return null;
  const length = Number(request.headers['content-length']);
  if (!(length <= MIRRORED_BYTES)) return undefined;
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
