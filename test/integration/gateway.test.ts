import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGatewayMetrics } from '../../adapters/gateway/metrics-source.ts';
import { createGatewayRouter } from '../../adapters/gateway/router.ts';
import { applyEmergencyRollback } from '../../adapters/gateway/emergency.ts';
import { readJournal } from '../../adapters/gateway/emergency-journal.ts';
import { loadConfig, portsFrom } from '../../config/load.ts';
import { resolveGateway } from '../../config/resolve.ts';
import type { TrafficRouter } from '../../activities/ports.ts';
import type { TrafficSplit, TrafficWrite } from '../../domain/rollout/split.ts';
import { startGateway, type RunningGateway } from '../../workers/gateway.ts';
import { askAs } from '../support/ask-as.ts';
import { createWrite } from '../support/gateway.ts';
import { OFFSETS } from '../support/offsets.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const opened: Server[] = [];
/** Copies are made beside the answer; a busy machine takes its time over them. */
const SOON = { timeout: 10_000 };

async function service(handler: Handler): Promise<string> {
  const server = createServer(handler);
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const answer =
  (version: string): Handler =>
  (request, response) => {
    let size = 0;
    request.on('data', (chunk: Buffer) => (size += chunk.length));
    request.on('end', () =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ version, size, path: request.url, ids: ['a', 'b', version] })),
    );
  };

/** A POST that waits to be told to go on before it sends its body, as curl does. */
async function postExpecting(url: string, body: string): Promise<Response> {
  const headers = { expect: '100-continue', 'content-length': body.length, 'x-user-id': 'u' };
  const sent = httpRequest(url, { method: 'POST', headers });
  sent.once('continue', () => sent.end(body));
  sent.flushHeaders();
  const [answered] = (await once(sent, 'response')) as [IncomingMessage];
  return new Response(await text(answered), { status: answered.statusCode ?? 0 });
}

/** A listener that is stopped with a full queue: the system lets a connection to it wait. */
async function deafService(): Promise<{ address: string; close: () => void }> {
  const program = `const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    () => console.log(s.address().port))`;
  const listener = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(listener.stdout, 'data')) as [Buffer];
  listener.kill('SIGSTOP');
  const port = Number(said.toString());
  const waiting: Socket[] = [];
  for (let isFull = false; !isFull;) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    waiting.push(socket);
    isFull = await Promise.race([once(socket, 'connect').then(() => false), sleep(300, true)]);
  }
  return {
    address: `http://127.0.0.1:${port}`,
    close: () => {
      for (const socket of waiting) socket.destroy();
      listener.kill('SIGKILL');
    },
  };
}

describe('the built-in gateway', () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'mlops-gateway-'));
  const { config } = loadConfig({ env: {}, workingDirectory: stateDirectory });
  const ports = portsFrom(OFFSETS.gateway);
  const gatewayConfig = {
    stateDirectory,
    environment: 'dev',
    deployment: { ...config.deployment, gateway: { ...config.deployment.gateway, requestTimeoutSeconds: 1 } },
    ports,
  };
  const client = { gateway: resolveGateway(config.deployment, { root: stateDirectory, stateDirectory, ports }) };
  const router = createGatewayRouter(client);
  const metrics = createGatewayMetrics(client);
  let gateway: RunningGateway;
  let stable = '';
  let canary = '';
  let generation = 0;

  const write = async (
    split: Partial<TrafficSplit>,
    more: { generation?: number; expectedGeneration?: number | null; idempotencyKey?: string } = {},
  ) => {
    generation = more.generation ?? generation + 1;
    return await router.apply(createWrite({ stable, canary }, generation, split, more));
  };
  const ask = async (user: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}) =>
    await fetch(`${gateway.proxyAddress}/query`, { ...init, headers: { 'x-user-id': user, ...init.headers } });

  beforeAll(async () => {
    gateway = await startGateway(gatewayConfig);
    stable = await service(answer('1'));
    canary = await service(answer('2'));
  });
  afterAll(async () => {
    await gateway.stop();
    for (const server of opened) server.close();
  });

  it('keeps its token to its owner and refuses administration without it', async () => {
    expect(statSync(join(stateDirectory, 'gateway/token')).mode & 0o777).toBe(0o600);
    expect((await fetch(`${gateway.adminAddress}/v1/splits`)).status).toBe(401);
  });

  it('is administered under names of this machine or its configuration; where others reach it, under any', async () => {
    const authorization = `Bearer ${readFileSync(join(stateDirectory, 'gateway/token'), 'utf8').trim()}`;
    const statusAs = async (host: string, address: string, path = '/v1/splits') =>
      (await askAs(host, `${address}${path}`, { authorization })).status;
    expect(await statusAs('localhost', gateway.adminAddress)).toBe(200);
    expect(await statusAs('evil.example', gateway.adminAddress)).toBe(403);
    expect(await statusAs('evil.example', gateway.adminAddress, '/v1/healthz')).toBe(403);
    const { deployment } = gatewayConfig;
    for (const [gatewaySettings, named] of [
      [{ adminUrl: 'http://gateway:8081' }, 403],
      [{ adminListenHost: '0.0.0.0' }, 200],
    ] as const) {
      const elsewhere = await startGateway({
        ...gatewayConfig,
        stateDirectory: mkdtempSync(join(tmpdir(), 'mlops-gateway-')),
        deployment: {
          ...deployment,
          allowedHosts: ['mlops.internal'],
          gateway: { ...deployment.gateway, ...gatewaySettings },
        },
        ports: { gateway: 0, gatewayAdmin: 0 },
      });
      const status = async (host: string) => await statusAs(host, elsewhere.adminAddress, '/v1/healthz');
      expect([await status('mlops.internal'), await status('gateway:8081')]).toEqual([200, 200]);
      expect(await status('evil.example')).toBe(named);
      await elsewhere.stop();
    }
  });

  it('answers 404 for a model it does not know', async () => {
    for (const model of ['nobody', 'constructor', 'toString'])
      expect((await ask('u', { headers: { 'x-mlops-model': model } })).status).toBe(404);
    expect(await router.observe('constructor')).toBeNull();
  });

  it('divides users by the share, and keeps each on one arm', async () => {
    await write({ canaryBasisPoints: 3000 });
    const arms = new Map<string, string>();
    for (let i = 0; i < 300; i += 1) arms.set(`u${i}`, (await ask(`u${i}`)).headers.get('x-mlops-arm') ?? '');
    const share = [...arms.values()].filter((arm) => arm === 'canary').length / 300;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
    await write({ canaryBasisPoints: 6000 });
    for (const [user, arm] of arms) {
      if (arm === 'canary') expect((await ask(user)).headers.get('x-mlops-arm')).toBe('canary');
    }
  });

  it('lets a header force an arm and keeps such requests out of what is judged', async () => {
    await write({ canaryBasisPoints: 0 });
    const before = await metrics.snapshot('m');
    const forced = await ask('u', { headers: { 'x-mlops-arm': 'canary' } });
    expect(forced.headers.get('x-mlops-version')).toBe('2');
    const after = await metrics.snapshot('m');
    expect(after.canary?.requests).toBe(before.canary?.requests);
  });

  it('routes by path prefix too, and takes it off', async () => {
    const body = (await (await fetch(`${gateway.proxyAddress}/models/m/query?k=3`)).json()) as { path: string };
    expect(body.path).toBe('/query?k=3');
  });

  it('charges a canary that refuses connections and serves the user, with body, from stable', async () => {
    await write({ canary: { version: '3', endpoint: 'http://127.0.0.1:9' }, canaryBasisPoints: 10_000 });
    const response = await ask('u', { method: 'POST', body: 'x'.repeat(1000) });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ version: '1', size: 1000 });
    expect(response.headers.get('x-mlops-arm')).toBe('stable');
    const snapshot = await metrics.snapshot('m');
    expect(snapshot.canary).toMatchObject({ version: '3', requests: 1, errors: 1 });
  });

  it.each([
    ['of 3 MiB', { body: 'x'.repeat(3 * 1024 * 1024) }, 3 * 1024 * 1024],
    ['of unknown length', { body: ReadableStream.from([Buffer.alloc(70_000), Buffer.alloc(70_000)]) }, 140_000],
    ['announced by Expect: 100-continue', { body: 'x'.repeat(1000), headers: { 'x-expect': '1' } }, 1000],
  ])('serves from stable what a canary refuses whose request has a body %s', async (_what, init, size) => {
    const version = `refusing-${size}`;
    await write({ canary: { version, endpoint: 'http://127.0.0.1:9' }, canaryBasisPoints: 10_000 });
    const expects = 'headers' in init;
    const response = expects
      ? await postExpecting(`${gateway.proxyAddress}/query`, init.body)
      : await ask('u', { method: 'POST', duplex: 'half', ...init });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ version: '1', size });
    expect((await metrics.snapshot('m')).canary).toMatchObject({ version, requests: 1, errors: 1 });
    expect(await (await fetch(`${gateway.proxyAddress}/metrics`)).text()).toContain(
      `version="${version}",arm="canary",outcome="refused"} 1`,
    );
  });

  it('never sends twice what a service may have done: a POST that was broken off is an error of the canary', async () => {
    const asked: string[] = [];
    const breaking = await service((request) => {
      asked.push(request.method ?? '');
      request.resume();
      request.on('end', () => request.socket.resetAndDestroy());
    });
    const witness = await service((request, response) => {
      asked.push(`stable ${request.method}`);
      answer('1')(request, response);
    });
    const split = { stable: { version: '1', endpoint: witness }, canaryBasisPoints: 10_000 };
    await write({ ...split, canary: { version: 'breaking', endpoint: breaking } });
    expect((await ask('u', { method: 'POST', body: 'order' })).status).toBe(502);
    expect(asked).toEqual(['POST']);
    // What may be repeated is, by stable, and still charged to the canary.
    const response = await ask('u');
    expect([response.status, response.headers.get('x-mlops-arm')]).toEqual([200, 'stable']);
    expect(asked).toEqual(['POST', 'GET', 'stable GET']);
    expect((await metrics.snapshot('m')).canary).toMatchObject({ requests: 2, errors: 2 });
    expect(await (await fetch(`${gateway.proxyAddress}/metrics`)).text()).toContain(
      'version="breaking",arm="canary",outcome="error"} 2',
    );
  });

  it('repeats on a new connection what a kept one lost, unless it may have been done', async () => {
    const asked: string[] = [];
    let breaks = false;
    const moody = await service((request, response) => {
      asked.push(request.method ?? '');
      if (breaks) request.socket.resetAndDestroy();
      else answer('1')(request, response);
      breaks = false;
    });
    await write({ stable: { version: 'moody', endpoint: moody }, canaryBasisPoints: 0 });
    const askOnceMore = async (method: string) => {
      await (await ask('u')).text();
      asked.length = 0;
      breaks = true;
      return (await ask('u', { method })).status;
    };
    expect([await askOnceMore('GET'), asked]).toEqual([200, ['GET', 'GET']]);
    expect([await askOnceMore('POST'), asked]).toEqual([502, ['POST']]);
  });

  it('passes an upload on as it comes, to the canary too', async () => {
    let arrived: (chunk: string) => void = () => undefined;
    const first = new Promise<string>((resolve) => (arrived = resolve));
    const reading = await service((request, response) => {
      request.on('data', (chunk: Buffer) => arrived(chunk.toString()));
      request.on('end', () => response.end('done'));
    });
    await write({ canary: { version: 'reading', endpoint: reading }, canaryBasisPoints: 10_000 });
    const upload = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('begins');
      expect(await first).toBe('begins');
      yield Buffer.from('ends');
    };
    const response = await ask('u', { method: 'POST', body: ReadableStream.from(upload()), duplex: 'half' });
    expect(await response.text()).toBe('done');
  });

  it('serves from stable what a canary does not take the connection of', async () => {
    const deaf = await deafService();
    await write({ canary: { version: 'deaf', endpoint: deaf.address }, canaryBasisPoints: 10_000 });
    const response = await ask('u', { method: 'POST', body: 'x' });
    expect(await response.json()).toMatchObject({ version: '1', size: 1 });
    expect((await metrics.snapshot('m')).canary).toMatchObject({ version: 'deaf', requests: 1, errors: 1 });
    deaf.close();
  });

  it('never sends users of a dead stable to the canary', async () => {
    await write({ stable: { version: '1', endpoint: 'http://127.0.0.1:9' }, canaryBasisPoints: 0 });
    expect((await ask('u')).status).toBe(502);
  });

  it('streams answers as they come', async () => {
    const slow = await service((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setTimeout(() => response.end('data: 2\n\n'), 500);
    });
    await write({ stable: { version: '1', endpoint: slow } });
    const reader = (await ask('u')).body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe('data: 1\n\n');
    await reader?.cancel();
  });

  it('counts a timeout as an error, and a client that went away as none', async () => {
    const silent = await service(() => undefined);
    await write({ stable: { version: '7', endpoint: silent } });
    expect((await ask('u')).status).toBe(504);
    const aborted = new AbortController();
    const pending = ask('u', { signal: aborted.signal });
    setTimeout(() => aborted.abort(), 100);
    await expect(pending).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await metrics.snapshot('m')).stable).toMatchObject({ version: '7', requests: 1, errors: 1 });
  });

  it('copies requests to the canary without the user noticing, and compares the answers', async () => {
    const broken = await service((_request, response) => response.writeHead(500).end());
    await write({ canary: { version: '8', endpoint: broken }, mirrorBasisPoints: 10_000 });
    for (let i = 0; i < 5; i += 1) expect((await ask(`u${i}`)).status).toBe(200);
    await expect.poll(async () => (await metrics.snapshot('m')).mirror?.requests, SOON).toBe(5);
    expect((await metrics.snapshot('m')).mirror).toMatchObject({ errors: 5, statusMismatches: 5 });
    await write({ canary: { version: '2', endpoint: canary }, mirrorBasisPoints: 10_000 });
    await ask('u');
    await expect.poll(async () => (await metrics.snapshot('m')).mirror?.overlap[50], SOON).toBe(1);
  });

  it('counts feedback once, for the arm that answered, and refuses ids it did not give out', async () => {
    await write({ canaryBasisPoints: 10_000 });
    const requestId = (await ask('u')).headers.get('x-mlops-request-id');
    const feedback = async (body: unknown) =>
      await fetch(`${gateway.proxyAddress}/-/feedback`, { method: 'POST', body: JSON.stringify(body) });
    expect(await (await feedback({ requestId, score: 0.5 })).json()).toEqual({ counted: 1, ignored: 0, late: 0 });
    expect(await (await feedback({ requestId, score: 0.5 })).json()).toEqual({ counted: 0, ignored: 1, late: 0 });
    expect((await feedback({ requestId: `${requestId}x`, score: 0.5 })).status).toBe(400);
    expect((await metrics.snapshot('m')).canary?.scores[50]).toBe(1);
  });

  it('refuses an older generation, and one that expects another than is live, and repeats an equal write', async () => {
    const live = await write({ canaryBasisPoints: 100 }, { idempotencyKey: 'same' });
    await expect(
      write({ canaryBasisPoints: 200 }, { generation: live.generation, idempotencyKey: 'other' }),
    ).rejects.toMatchObject({ code: 'TRAFFIC_STALE_GENERATION' });
    await expect(
      write({ canaryBasisPoints: 200 }, { generation: live.generation + 1, expectedGeneration: 1 }),
    ).rejects.toMatchObject({ code: 'TRAFFIC_GENERATION_CONFLICT' });
    expect(await write({ canaryBasisPoints: 100 }, { generation: live.generation, idempotencyKey: 'same' })).toEqual(
      live,
    );
  });

  it('refuses an endpoint outside the allow-list', async () => {
    await expect(write({ canary: { version: '2', endpoint: 'http://example.com' } })).rejects.toMatchObject({
      code: 'GATEWAY_REQUEST_INVALID',
    });
    generation -= 1;
  });

  it('exposes every series from the start in the Prometheus format', async () => {
    const text = await (await fetch(`${gateway.proxyAddress}/metrics`)).text();
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [0-9.e+-]+)$/);
    expect(text).toContain('model_predictions_total{model="m",version="2",arm="canary",outcome="timeout"} 0');
    expect(text).toContain('rollout_weight_percent{model="m",environment="dev",kind="observed"} 1');
  });

  it('rolls back in an emergency past a writer that is faster, and journals who and why', async () => {
    await write({ canaryBasisPoints: 5000 });
    const journalFile = join(stateDirectory, 'journal.jsonl');
    const seen: string[] = [];
    const ramp = async (): Promise<void> => void (await write({ canaryBasisPoints: 6000 }));
    // Three times it takes the generation the rollback is about to use, and once it writes over what the rollback wrote.
    const raced = {
      observe: async (model: string) => await router.observe(model),
      apply: async (order: TrafficWrite) => {
        if (seen.length < 3) await ramp();
        seen.push('apply');
        const live = await router.apply(order);
        generation = live.generation;
        if (seen.length === 4) await ramp();
        return live;
      },
    };
    const roll = async (actor: string, reason: string | null, through: Pick<TrafficRouter, 'apply' | 'observe'>) =>
      await applyEmergencyRollback({
        router: through,
        journalFile,
        model: 'm',
        actor,
        reason,
        source: { host: 'desk' },
        onUnjournaled: ({ problem }) => expect.unreachable(problem),
      });
    const { after, journaled } = await roll('ann', 'smoke', raced);
    expect(seen).toHaveLength(5);
    expect(after.split).toMatchObject({ canaryBasisPoints: 0, stable: { version: '1' } });
    expect([after.reason, journaled]).toEqual(['smoke', true]);
    expect(await router.observe('m')).toEqual(after);
    // Whoever is second does not hide why it was done.
    expect((await roll('bob', null, router)).after).toMatchObject({ actor: 'bob', reason: 'smoke' });
    expect((await roll('cy', 'fire', router)).after.reason).toBe('fire (after bob: smoke)');
    const stages = (await readJournal(journalFile)).entries.map(({ stage, actor, reason }) => [stage, actor, reason]);
    expect(stages).toEqual([
      ['intent', 'ann', 'smoke'],
      ['done', 'ann', 'smoke'],
      ['intent', 'bob', 'no reason given'],
      ['done', 'bob', 'no reason given'],
      ['intent', 'cy', 'fire'],
      ['done', 'cy', 'fire'],
    ]);
  });
});

describe('a second gateway', () => {
  it('is refused with the port and who holds it, and leaves nothing open', async () => {
    const root = mkdtempSync(join(tmpdir(), 'mlops-gateway-second-'));
    const { config } = loadConfig({ env: {}, workingDirectory: root, portOffset: OFFSETS.secondGateway });
    const first = await startGateway(config);
    await expect(startGateway(config)).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(
        `Port ${config.ports.gateway} (the gateway) is held by pid ${process.pid} (`,
      ) as string,
    });
    const onlyAdmin = { ...config, ports: { ...config.ports, gateway: config.ports.gateway + 3 } };
    await expect(startGateway(onlyAdmin)).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      details: { port: config.ports.gatewayAdmin },
    });
    await first.stop();
    const second = await startGateway(onlyAdmin);
    await second.stop();
  });
});

describe('a gateway that dies', () => {
  const root = mkdtempSync(join(tmpdir(), 'mlops-gateway-kill-'));
  const { config } = loadConfig({ env: {}, workingDirectory: root, portOffset: OFFSETS.gatewayThatDies });
  const router = createGatewayRouter(config);
  let child: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    child = spawn(join(import.meta.dirname, '../../bin/mlops'), ['gateway'], {
      cwd: root,
      env: { ...process.env, MLOPS_PORT_OFFSET: String(OFFSETS.gatewayThatDies) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((resolve) =>
      child?.stderr?.on('data', (chunk: Buffer) => void (chunk.toString().includes('proxy') && resolve())),
    );
  };
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await gone;
  };
  afterEach(kill);

  it('by SIGKILL comes back with the split it had acknowledged', async () => {
    await start();
    const target = { version: '1', endpoint: 'http://127.0.0.1:9' };
    const live = await router.apply({
      split: {
        model: 'm',
        stable: target,
        canary: { ...target, version: '2' },
        canaryBasisPoints: 1234,
        mirrorBasisPoints: 0,
      },
      generation: 7,
      expectedGeneration: 0,
      idempotencyKey: 'k',
      actor: 'a',
      reason: 'r',
    });
    await kill();
    await expect(router.observe('m')).rejects.toMatchObject({ code: 'ROUTER_UNREACHABLE' });
    await start();
    expect(await router.observe('m')).toEqual(live);
  });

  it('does not start from a state file it cannot read', async () => {
    await mkdir(join(config.stateDirectory, 'gateway'), { recursive: true });
    const file = join(config.stateDirectory, 'gateway/splits.json');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 20));
    child = spawn(join(import.meta.dirname, '../../bin/mlops'), ['gateway'], {
      cwd: root,
      env: { ...process.env, MLOPS_PORT_OFFSET: String(OFFSETS.gatewayThatDies) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise((resolve) => child?.once('exit', resolve));
    expect(code).toBe(1);
    expect(stderr).toContain('GATEWAY_STATE_CORRUPT');
    child = null;
  });
});
