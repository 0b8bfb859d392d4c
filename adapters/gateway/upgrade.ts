import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { pipeline, type Duplex } from 'node:stream';
import type { MlopsConfig } from '../../config/schema.ts';
import { serviceUrl } from '../services/service-url.ts';
import { chooseRoute, type Choice } from './choose.ts';
import type { Counters } from './counters.ts';
import { openUpgrade, type Opening } from './open-upgrade.ts';
import type { RequestIds } from './request-id.ts';
import type { SplitStore } from './split-store.ts';

interface UpgradeParts {
  readonly splits: SplitStore;
  readonly counters: Counters;
  readonly ids: RequestIds;
  readonly config: MlopsConfig['deployment']['gateway'];
}

interface Client {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent right behind its request. */
  readonly head: Buffer;
}

/** Headers of an answer that are of the hop between service and gateway. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer']);

/** Connections that change from HTTP to another protocol (WebSocket), passed through to the chosen arm. */
export function createUpgrades(parts: UpgradeParts) {
  const open = new Set<Duplex>();
  return {
    /** Takes a connection over from the HTTP server. Never throws: nothing a client does may end the process. */
    take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      // The server's own listener is gone, and an error without one would end the process.
      socket.on('error', () => socket.destroy());
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      pass(parts, { request, socket, head }).catch(() => refuse(socket, 500, 'gateway failed'));
    },

    /** Ends every connection that was taken over; the HTTP server no longer knows them. */
    drop(): void {
      for (const socket of open) socket.destroy();
    },
  };
}

/** Only WebSockets are passed through; any other upgrade (h2c) is a plain request, as if it had not been asked for. */
export function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

async function pass(parts: UpgradeParts, client: Client): Promise<void> {
  const { splits, counters, config } = parts;
  const choice = chooseRoute(client.request, splits, config, Math.random);
  if ('status' in choice) return refuse(client.socket, choice.status, choice.problem);
  const { model, arm, target, forced } = choice;
  if (forced) counters.force(model);
  else counters.assign(model, arm);
  const started = performance.now();
  const opening = await ask(parts, client, choice);
  if (!forced) counters.finish(model, arm, target.version, opening.outcome, performance.now() - started);
  const rescuable = arm === 'canary' && opening.outcome === 'refused' && !opening.connected && !forced;
  if (!rescuable) return reply(parts, client, choice, opening);
  // The canary has been charged; this connection is a favour of stable and counts for neither arm.
  const rescue: Choice = { ...choice, arm: 'stable', target: choice.live.split.stable, forced: true };
  reply(parts, client, rescue, await ask(parts, client, rescue));
}

async function ask({ config }: UpgradeParts, { request, socket }: Client, { target, path }: Choice): Promise<Opening> {
  return await openUpgrade(serviceUrl(target.endpoint, path), request, socket, config.requestTimeoutSeconds * 1000);
}

function reply({ ids }: UpgradeParts, client: Client, choice: Choice, opening: Opening): void {
  const { socket } = client;
  const { model, arm, target, forced } = choice;
  const { answer, upgraded, outcome } = opening;
  if (socket.destroyed) return void (upgraded?.socket ?? answer)?.destroy();
  if (answer === null)
    return refuse(socket, outcome === 'timeout' ? 504 : 502, `version ${target.version} did not answer (${outcome})`);
  const marks = {
    'x-mlops-arm': arm,
    'x-mlops-version': target.version,
    'x-mlops-request-id': ids.make({ model, arm, version: target.version, forced }),
  };
  socket.write(renderHead(answer, marks, upgraded !== null), 'latin1');
  if (upgraded !== null) return splice(client, upgraded);
  // The service wants no upgrade: its answer ends with the connection.
  pipeline(answer, socket, () => endSoon(socket));
}

function splice({ socket, head }: Client, upgraded: NonNullable<Opening['upgraded']>): void {
  const service = upgraded.socket;
  service.setTimeout(0).setNoDelay(true).setKeepAlive(true);
  service.write(head);
  socket.write(upgraded.head);
  socket.pipe(service).pipe(socket);
  // An end is passed on by the pipes, what remains here is a side that is gone.
  socket.on('close', () => service.destroy());
  service.on('close', () => endSoon(socket));
}

function renderHead(answer: IncomingMessage, marks: Readonly<Record<string, string>>, isUpgrade: boolean): string {
  const status = answer.statusCode ?? 502;
  const { rawHeaders } = answer;
  const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []));
  const kept = pairs.filter(([name]) => {
    const lower = name.toLowerCase();
    return !(lower in marks) && (isUpgrade || !HOP_HEADERS.has(lower));
  });
  const end = isUpgrade ? [] : [['connection', 'close'] as const];
  const lines = [...kept, ...Object.entries(marks), ...end].map(([name, value]) => `${name}: ${value}`);
  // The service's own words for the status could hold anything.
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n');
}

function refuse(socket: Duplex, status: number, error: string): void {
  const body = JSON.stringify({ error });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  if (!socket.destroyed) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  endSoon(socket);
}

/** Ends a connection after what is still to be written, without waiting for the other side to end it too. */
function endSoon(socket: Duplex): void {
  if (socket.writableFinished) socket.destroy();
  else socket.end(() => socket.destroy());
}
