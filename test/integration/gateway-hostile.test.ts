import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../domain/statistics/seeded-random.ts';
import {
  openRawClient,
  startGatewayProcess,
  startRawService,
  upgradeRequest,
  type GatewayProcess,
  type RawService,
} from '../support/gateway.ts';

/** How a client leaves after it has said what it had to say. */
const LEAVINGS: readonly ((socket: Socket) => void)[] = [
  (socket) => void socket.end(),
  (socket) => void socket.resetAndDestroy(),
  (socket) => void socket.destroy(),
  (socket) => void setTimeout(() => socket.resetAndDestroy(), 5),
  (socket) => void setTimeout(() => socket.destroy(), 50),
];

const TARGETS = [
  '/models/%ZZ/ws',
  '/models/%/',
  '/models/%E0%A4%A/ws',
  '/models/constructor/ws',
  '/models/__proto__/ws',
  '/models/toString/x',
  '/models/nobody/ws',
  '/models/m/ws',
  '/models/m//evil.example/ws',
  '/models//ws',
  '//evil.example/ws',
  '/\\evil.example/ws',
  'http://[',
  'http://evil.example:99999/ws',
  '*',
  '/..//../ws',
  '/ws#fragment',
  '/ws?%ZZ=%',
  `/${'a'.repeat(4000)}`,
  '/-/feedback',
  '/metrics',
];

const HEADERS = [
  '',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 10\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n',
  'x-mlops-model: constructor\r\n',
  'x-mlops-model: __proto__\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n',
  'x-mlops-model: m\r\nx-mlops-model: n\r\n',
  'x-mlops-model: \xff\xfe\r\nx-user-id: \xff\r\n',
  'x-mlops-arm: canary\r\ncookie: mlops_user=%ZZ; mlops_user\r\n',
  'Content-Length: 100\r\n',
  'Content-Length: -1\r\n',
  'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Expect: 100-continue\r\nContent-Length: 3\r\n',
  'Expect: something\r\n',
  'Connection: close, x-user-id\r\nTrailer: x\r\nTE: trailers\r\n',
  `x-long: ${'x'.repeat(20_000)}\r\n`,
  'x-bad\x00name: 1\r\n',
  'no colon\r\n',
];

const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE', 'CONNECT', 'TRACE', 'PUT', 'get', 'BREW'];
const BODIES = ['', 'abc', '5\r\nabcde\r\n0\r\n\r\n', 'zz\r\n', '\x00\xff\x81'];

describe('a gateway among hostile clients', () => {
  let gateway: GatewayProcess;
  let service: RawService;
  const random = createRandom('hostile');
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

  /** Sends one connection's worth of bytes, leaves, and waits until the connection is closed (or two seconds). */
  const harass = async (said: string, leave: (socket: Socket) => void): Promise<void> => {
    const { socket, closed } = openRawClient(gateway.port, Buffer.from(said, 'latin1'));
    socket.once('connect', () => leave(socket));
    const timer = setTimeout(() => socket.destroy(), 2000);
    await closed;
    clearTimeout(timer);
  };
  const expectItServes = async (): Promise<void> => {
    expect(gateway.isAlive(), gateway.stderr()).toBe(true);
    const response = await fetch(`http://127.0.0.1:${gateway.port}/models/m/ok`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('fine');
    expect(
      gateway
        .stderr()
        .split('\n')
        .filter((line) => line !== ''),
      'nothing but its first line',
    ).toHaveLength(1);
  };

  beforeAll(async () => {
    gateway = await startGatewayProcess();
    service = await startRawService((socket, head) => {
      if (/\r\nupgrade:/i.test(head)) socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine');
    });
    const { endpoint } = service;
    await gateway.write({
      stable: { version: '1', endpoint },
      canary: { version: '2', endpoint },
      canaryBasisPoints: 5000,
      mirrorBasisPoints: 5000,
    });
  });
  afterAll(async () => {
    service.close();
    await gateway.stop();
  });

  it('answers 400 to a model that is no text, with and without an upgrade', async () => {
    for (const request of ['GET /models/%ZZ/ HTTP/1.1\r\nHost: g\r\n\r\n', upgradeRequest('/models/%ZZ/ws')]) {
      const client = openRawClient(gateway.port, request);
      await client.hears('HTTP/1.1 400 Bad Request\r\n');
      client.socket.destroy();
    }
    await expectItServes();
  });

  it('lives on when the client of a refused upgrade resets the connection', async () => {
    for (let i = 0; i < 50; i += 1) await harass(upgradeRequest('/models/nobody/ws'), pick(LEAVINGS));
    await expectItServes();
  });

  it('knows no model by a name that every object has', async () => {
    for (const name of ['constructor', '__proto__', 'toString'])
      expect((await fetch(`http://127.0.0.1:${gateway.port}/models/${name}/x`)).status).toBe(404);
  });

  it('lives on through hundreds of malformed requests and upgrades, half-closed and reset connections', async () => {
    for (let round = 0; round < 40; round += 1) {
      const requests = Array.from({ length: 20 }, () => {
        const head = `${pick(METHODS)} ${pick(TARGETS)} HTTP/1.1\r\nHost: g\r\n${pick(HEADERS)}${pick(HEADERS)}`;
        const whole = `${head}${random() < 0.2 ? '' : '\r\n'}${pick(BODIES)}`;
        const cut = random() < 0.2 ? whole.slice(0, Math.floor(random() * whole.length)) : whole;
        return random() < 0.2 ? cut + cut : cut;
      });
      await Promise.all(requests.map(async (said) => await harass(said, pick(LEAVINGS))));
      expect(gateway.isAlive(), `${gateway.stderr()}\n${JSON.stringify(requests)}`).toBe(true);
    }
    await expectItServes();
  });
});

describe('a gateway asked for another host', () => {
  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

  it('sends the request, its copy and its upgrade to the services alone, below their own paths', async () => {
    const gateway = await startGatewayProcess();
    const answer = (socket: Socket): void => void socket.end(OK);
    const [stable, canary, foreign] = [
      await startRawService(answer),
      await startRawService(answer),
      await startRawService(answer),
    ];
    await gateway.write({
      stable: { version: '1', endpoint: `${stable.endpoint}/api` },
      canary: { version: '2', endpoint: `${canary.endpoint}/api/v2` },
      mirrorBasisPoints: 10_000,
    });
    const host = foreign.endpoint.slice('http://'.length);
    const targets = [
      [`//${host}/steal`, `/${host}/steal`],
      [`http://${host}/steal?a=1`, '/steal?a=1'],
      [`http://${host}`, '/'],
      [`http://${host}/models/m//${host}/steal`, `/${host}/steal`],
      [`/models/m//${host}/steal`, `/${host}/steal`],
      [`/models/m/\\${host}/steal`, `/${host}/steal`],
      [`/models/m/../../steal`, '/steal'],
      [`/.//${host}/steal`, `/${host}/steal`],
    ] as const;
    for (const [target] of targets) {
      const headers = { host: 'g', authorization: 'Bearer secret' };
      const plain = openRawClient(
        gateway.port,
        `GET ${target} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n`,
      );
      await plain.closed;
      expect(plain.heard()).toMatch(/^HTTP\/1\.1 200 /);
      await openRawClient(gateway.port, upgradeRequest(target, headers)).closed;
    }
    const mirrored = async () => (await gateway.snapshot()).mirror?.requests;
    await expect.poll(mirrored, { timeout: 10_000 }).toBe(targets.length);
    const lines = ({ heads }: RawService): string[] => heads.map((head) => head.slice(0, head.indexOf(' HTTP/')));
    expect(lines(stable)).toEqual(targets.flatMap(([, path]) => [`GET /api${path}`, `GET /api${path}`]));
    expect(lines(canary).sort()).toEqual(targets.map(([, path]) => `GET /api/v2${path}`).sort());
    expect(foreign.heads).toEqual([]);
    for (const service of [stable, canary, foreign]) service.close();
    await gateway.stop();
  });
});

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok';

describe('a gateway before hostile services', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => void (gateway = await startGatewayProcess()));
  afterAll(async () => void (await gateway.stop()));

  /** Asks a service that answers so, plainly and for an upgrade, and mirrors the plain request to it too. */
  const askFor = async (said: string): Promise<string[]> => {
    const service = await startRawService((socket) => socket.end(Buffer.from(said, 'latin1')));
    const { endpoint } = service;
    await gateway.write({
      stable: { version: '1', endpoint },
      canary: { version: '2', endpoint },
      mirrorBasisPoints: 10_000,
    });
    const answers: string[] = [];
    for (const request of ['GET /x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n', upgradeRequest('/x')]) {
      const client = openRawClient(gateway.port, request);
      await client.closed;
      answers.push(client.heard());
    }
    service.close();
    return answers;
  };
  const expectItLives = (said: string): void => {
    expect(gateway.isAlive(), `${gateway.stderr()}\n${JSON.stringify(said)}`).toBe(true);
    expect(gateway.stderr().trim().split('\n'), 'nothing but its first line').toHaveLength(1);
  };

  it.each([
    ['a status below 100', 'HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n', '502'],
    ['a status above 599', 'HTTP/1.1 999 Much\r\nContent-Length: 0\r\n\r\n', '999'],
    ['words of the status that are no text', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok', '200'],
    ['a protocol nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', '502'],
    ['two answers', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n', '200'],
    ['a body that breaks off', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab', '(200|502)'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nab', '502'],
    ['chunks that are none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', '(200|502)'],
    ['a trailer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\na: \x01\r\n\r\n', '(200|502)'],
    ['a header of bytes', 'HTTP/1.1 200 OK\r\nx-b: \xff\x01\r\nContent-Length: 0\r\n\r\n', '502'],
    ['no HTTP at all', '\x00\x01\x02\r\n\r\n', '502'],
    ['early hints and nothing else', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n', '502'],
  ])('lives on through %s, and answers what it can', async (_what, said, status) => {
    const [plain] = await askFor(said);
    expect(plain).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expectItLives(said);
  });

  it('lives on through hundreds of answers with bytes changed at random', async () => {
    const random = createRandom('hostile answers');
    for (let round = 0; round < 150; round += 1) {
      const bytes = Buffer.from(ANSWER, 'latin1');
      for (let i = 0; i < 1 + random() * 3; i += 1)
        bytes[Math.floor(random() * (random() < 0.5 ? 20 : bytes.length))] = Math.floor(random() * 256);
      const said = bytes.toString('latin1').slice(0, random() < 0.2 ? Math.floor(random() * bytes.length) : undefined);
      await askFor(said);
      expectItLives(said);
    }
  });
});
