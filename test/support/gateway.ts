import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGatewayMetrics } from '../../adapters/gateway/metrics-source.ts';
import { createGatewayRouter } from '../../adapters/gateway/router.ts';
import { loadConfig, portsFrom } from '../../config/load.ts';
import type { TelemetrySnapshot } from '../../domain/rollout/telemetry.ts';
import type { LiveSplit, TrafficSplit, TrafficWrite } from '../../domain/rollout/split.ts';

/** A gateway as a process of its own, as `mlops gateway` is. */
export interface GatewayProcess {
  readonly port: number;
  /** Writes the next generation, of model `m` unless named; version 1 is stable, version 2 the canary. */
  write(split: Partial<TrafficSplit>, more?: Partial<TrafficWrite>): Promise<LiveSplit>;
  observe(): Promise<LiveSplit | null>;
  snapshot(model?: string): Promise<TelemetrySnapshot>;
  isAlive(): boolean;
  stderr(): string;
  /** Resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** A port on which nobody listens. */
export const REFUSING = 'http://127.0.0.1:9';

/** A write between version 1 (stable) and 2 (canary) of model `m`, as far as nothing else is said. */
export function createWrite(
  endpoints: { readonly stable: string; readonly canary: string },
  generation: number,
  split: Partial<TrafficSplit>,
  more: Partial<TrafficWrite> = {},
): TrafficWrite {
  return {
    split: {
      model: 'm',
      stable: { version: '1', endpoint: endpoints.stable },
      canary: { version: '2', endpoint: endpoints.canary },
      canaryBasisPoints: 0,
      mirrorBasisPoints: 0,
      ...split,
    },
    generation,
    expectedGeneration: null,
    idempotencyKey: `k${generation}`,
    actor: 'test',
    reason: 'test',
    ...more,
  };
}

/** Starts a gateway in a folder of its own, on ports that are free. */
export async function startGatewayProcess(): Promise<GatewayProcess> {
  const portOffset = await findFreeOffset();
  const root = mkdtempSync(join(tmpdir(), 'mlops-gateway-process-'));
  const { config } = loadConfig({ env: {}, workingDirectory: root, portOffset });
  const child = spawn(join(import.meta.dirname, '../../bin/mlops'), ['gateway'], {
    cwd: root,
    env: { ...process.env, MLOPS_PORT_OFFSET: String(portOffset) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let stderr = '';
  await new Promise<void>((resolve, reject) => {
    void gone.then((code) => reject(new Error(`the gateway ended with ${code}: ${stderr}`)));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes('proxy')) resolve();
    });
  });
  const router = createGatewayRouter(config);
  let generation = 0;
  return {
    port: config.ports.gateway,
    write: async (split, more = {}) => {
      generation = more.generation ?? generation + 1;
      return await router.apply(createWrite({ stable: REFUSING, canary: REFUSING }, generation, split, more));
    },
    observe: async () => await router.observe('m'),
    snapshot: async (model = 'm') => await createGatewayMetrics(config).snapshot(model),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stderr: () => stderr,
    stop: async () => {
      child.kill('SIGTERM');
      return await gone;
    },
  };
}

/** Other checkouts may run the same tests on this machine. Below the stacks of offsets.ts, and apart for files that run at once. */
async function findFreeOffset(): Promise<number> {
  const first = 13_000 + 500 * Number(process.env['VITEST_POOL_ID'] ?? 0);
  for (let offset = first; offset < first + 500; offset += 10) {
    const { gateway, gatewayAdmin } = portsFrom(offset);
    if ((await isFree(gateway)) && (await isFree(gatewayAdmin))) return offset;
  }
  throw new Error('no offset at which the ports of a gateway are free');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A TCP service that lets the test answer as it likes once it has read the head of a request. */
export interface RawService {
  readonly endpoint: string;
  /** Heads of the requests that came. */
  readonly heads: string[];
  /** Its ends of the connections that are open. */
  readonly sockets: Set<Socket>;
  close(): void;
}

export async function startRawService(answer: (socket: Socket, head: string) => void): Promise<RawService> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      heads.push(text.slice(0, end));
      answer(socket, text.slice(0, end));
      const early = Buffer.from(text.slice(end + 4), 'latin1');
      if (early.length > 0) socket.emit('data', early);
    };
    socket.on('data', read);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    sockets,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A connection of a client that says what it likes, and hears everything. */
export interface RawClient {
  readonly socket: Socket;
  heard(): string;
  /** Waits until this was heard. */
  hears(text: string): Promise<void>;
  readonly closed: Promise<void>;
}

export function openRawClient(port: number, said: string | Buffer): RawClient {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  const waiting = new Set<() => void>();
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (const look of waiting) look();
  });
  socket.on('error', () => undefined);
  socket.write(said);
  return {
    socket,
    heard: () => text,
    hears: async (wanted) =>
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (!text.includes(wanted)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        socket.once('close', () => reject(new Error(`closed before ${JSON.stringify(wanted)}: ${text}`)));
        look();
      }),
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  };
}

/** The request that opens a WebSocket. */
export function upgradeRequest(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = { host: 'gateway', connection: 'Upgrade', upgrade: 'websocket', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
