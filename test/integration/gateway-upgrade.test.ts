import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  openRawClient,
  REFUSING,
  startGatewayProcess,
  startRawService,
  upgradeRequest,
  type GatewayProcess,
  type RawClient,
  type RawService,
} from '../support/gateway.ts';

const SOON = { timeout: 10_000 };

/** Switches protocols, says its name, and sends back what it hears. */
const echo =
  (name: string) =>
  (socket: Socket): void => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Own: ${name}\r\n\r\n`,
    );
    socket.write(`hello of ${name};`);
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.on('end', () => socket.end('bye;'));
  };

describe('upgrades through the gateway', () => {
  let gateway: GatewayProcess;
  let stable: RawService;
  let canary: RawService;
  const more: RawService[] = [];
  const clients: RawClient[] = [];

  const open = (path = '/ws', headers: Record<string, string> = {}, early = ''): RawClient => {
    const client = openRawClient(gateway.port, upgradeRequest(path, headers) + early);
    clients.push(client);
    return client;
  };
  const service = async (answer: (socket: Socket, head: string) => void): Promise<RawService> => {
    const made = await startRawService(answer);
    more.push(made);
    return made;
  };
  /** Fresh versions each time, so that counts begin at zero. */
  let version = 0;
  const write = async (split: { share?: number; stable?: string; canary?: string; mirror?: number } = {}) => {
    version += 1;
    return await gateway.write({
      stable: { version: `s${version}`, endpoint: split.stable ?? stable.endpoint },
      canary: { version: `c${version}`, endpoint: split.canary ?? canary.endpoint },
      canaryBasisPoints: split.share ?? 0,
      mirrorBasisPoints: split.mirror ?? 0,
    });
  };

  beforeAll(async () => {
    gateway = await startGatewayProcess();
    stable = await startRawService(echo('stable'));
    canary = await startRawService(echo('canary'));
  });
  afterEach(() => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    for (const service of more.splice(0)) service.close();
  });
  afterAll(async () => {
    stable.close();
    canary.close();
    await gateway.stop();
  });

  it('pass bytes through in both directions, those sent right behind the request too', async () => {
    await write();
    const client = open('/models/m/chat?room=1', { 'x-user-id': 'u' }, 'early;');
    await client.hears('hello of stable;');
    await client.hears('early;');
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    client.socket.write(all);
    await client.hears(all.toString('latin1'));
    expect(client.heard()).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(client.heard()).toContain('X-Own: stable');
    expect(client.heard()).toMatch(/x-mlops-arm: stable\r\nx-mlops-version: s\d+\r\nx-mlops-request-id: s\.r\./);
    const head = stable.heads.at(-1) ?? '';
    expect(head).toMatch(/^GET \/chat\?room=1 HTTP\/1\.1\r\n/);
    expect(head.toLowerCase()).toMatch(/\r\nupgrade: websocket(\r\n|$)/);
    expect(head).toMatch(/x-forwarded-for: (::ffff:)?127\.0\.0\.1/);
  });

  it('go to the canary by share and by header, and count once: forced ones for neither arm', async () => {
    await write({ share: 10_000 });
    await open().hears('hello of canary;');
    expect(await gateway.snapshot()).toMatchObject({
      canary: { requests: 1, errors: 0 },
      stable: { requests: 0 },
    });
    await open('/ws', { 'x-mlops-arm': 'stable' }).hears('hello of stable;');
    await write({ share: 0 });
    await open('/ws', { 'x-mlops-arm': 'canary' }).hears('x-mlops-request-id: c.f.');
    await open().hears('hello of stable;');
    expect(await gateway.snapshot()).toMatchObject({ canary: { requests: 0 }, stable: { requests: 1, errors: 0 } });
  });

  it('to a canary that refuses charge it, and are served by stable', async () => {
    await write({ share: 10_000, canary: REFUSING });
    const client = open();
    await client.hears('hello of stable;');
    expect(client.heard()).toContain('x-mlops-arm: stable');
    expect(await gateway.snapshot()).toMatchObject({
      canary: { requests: 1, errors: 1 },
      stable: { requests: 0 },
    });
  });

  it('are sent to one arm only once a canary took the connection', async () => {
    const dropping = await service((socket) => socket.destroy());
    await write({ share: 10_000, canary: dropping.endpoint });
    const before = stable.heads.length;
    const client = open();
    await client.closed;
    expect(client.heard()).toMatch(/^HTTP\/1\.1 502 /);
    expect(stable.heads).toHaveLength(before);
    expect((await gateway.snapshot()).canary).toMatchObject({ requests: 1, errors: 1 });
  });

  it('hand on the answer of a service that does not upgrade, a 5xx counted as an error', async () => {
    const refusing = await service((socket) =>
      socket.end('HTTP/1.1 503 Odd\x01words\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n0\r\n\r\n'),
    );
    await write({ stable: refusing.endpoint });
    const client = open();
    await client.closed;
    expect(client.heard()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[^]*\r\n\r\nbusy$/);
    expect(client.heard().toLowerCase()).not.toContain('transfer-encoding');
    expect((await gateway.snapshot()).stable).toMatchObject({ requests: 1, errors: 1 });
  });

  it('to a forced arm that refuses are answered with 502', async () => {
    await write({ canary: REFUSING });
    const client = open('/ws', { 'x-mlops-arm': 'canary' });
    await client.closed;
    expect(client.heard()).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(await gateway.snapshot()).toMatchObject({ canary: { requests: 0 }, stable: { requests: 0 } });
  });

  it('end on the other side when one side ends or breaks off', async () => {
    await write();
    const polite = open();
    await polite.hears('hello of stable;');
    polite.socket.end('last;');
    await polite.closed;
    expect(polite.heard(), 'what the service says to the end comes through').toMatch(/last;bye;$/);

    const rude = open();
    await rude.hears('hello of stable;');
    rude.socket.resetAndDestroy();
    await expect.poll(() => stable.sockets.size, SOON).toBe(0);

    const left = open();
    await left.hears('hello of stable;');
    for (const socket of stable.sockets) socket.resetAndDestroy();
    await left.closed;

    const ended = open();
    await ended.hears('hello of stable;');
    for (const socket of stable.sockets) socket.end('over;');
    await ended.closed;
    expect(ended.heard()).toMatch(/over;$/);
    expect((await gateway.snapshot()).stable).toMatchObject({ requests: 4, errors: 0 });
  });

  it('leave nothing open at the service when the client goes before the answer', async () => {
    const waiting: Socket[] = [];
    const slow = await service((socket) => void waiting.push(socket));
    await write({ stable: slow.endpoint });
    const client = open();
    await expect.poll(() => waiting.length, SOON).toBe(1);
    client.socket.resetAndDestroy();
    await expect.poll(() => slow.sockets.size, SOON).toBe(0);
    expect((await gateway.snapshot()).stable).toMatchObject({ requests: 0, errors: 0 });
  });

  it('to another protocol than WebSocket are plain requests', async () => {
    const plain = await service((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain'));
    await write({ stable: plain.endpoint });
    const client = openRawClient(
      gateway.port,
      'GET /query HTTP/1.1\r\nHost: g\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n',
    );
    clients.push(client);
    await client.hears('plain');
    expect(plain.heads.at(-1)?.toLowerCase()).not.toMatch(/upgrade|http2/);
  });
});

describe('a gateway with an open upgrade', () => {
  it('stops when it is told to, after the time given to what is under way', async () => {
    const gateway = await startGatewayProcess();
    const service = await startRawService(echo('stable'));
    await gateway.write({ stable: { version: '1', endpoint: service.endpoint } });
    const client = openRawClient(gateway.port, upgradeRequest('/ws'));
    await client.hears('hello of stable;');
    expect(await gateway.stop()).toBe(0);
    await client.closed;
    service.close();
  });
});
