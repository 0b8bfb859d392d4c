import { createServer, request as sendRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TrafficSplit } from '../../domain/rollout/split.ts';
import { REFUSING, startGatewayProcess, type GatewayProcess } from '../support/gateway.ts';

const SOON = { timeout: 10_000 };

interface Service {
  readonly endpoint: string;
  readonly requests: { readonly mirrored: boolean; readonly path: string }[];
}

describe('what the gateway routes and counts', () => {
  let gateway: GatewayProcess;
  const servers: Server[] = [];
  let stable: Service;
  let canary: Service;
  /** New versions with each write, so that counts begin at zero. */
  let version = 0;

  const service = async (body: object, status = 200): Promise<Service> => {
    const requests: { mirrored: boolean; path: string }[] = [];
    const server = createServer((request, response) => {
      requests.push({ mirrored: request.headers['x-mlops-mirror'] !== undefined, path: request.url ?? '' });
      request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { requests, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const write = async (split: Partial<TrafficSplit> & { readonly canaryAt?: string } = {}) => {
    version += 1;
    const { canaryAt = canary.endpoint, ...rest } = split;
    return await gateway.write({
      stable: { version: `s${version}`, endpoint: stable.endpoint },
      canary: { version: `c${version}`, endpoint: canaryAt },
      ...rest,
    });
  };
  const ask = async (headers: Record<string, string> = {}, path = '/models/m/q') => {
    const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { headers });
    await response.text();
    const mark = (name: string): string => response.headers.get(`x-mlops-${name}`) ?? '';
    return { status: response.status, arm: mark('arm'), version: mark('version'), requestId: mark('request-id') };
  };
  const feedback = async (body: unknown) =>
    await fetch(`http://127.0.0.1:${gateway.port}/-/feedback`, { method: 'POST', body: JSON.stringify(body) });
  /** Scores counted for an arm. */
  const scored = (arm: { readonly scores: readonly number[] } | null): number =>
    (arm?.scores ?? []).reduce((sum, count) => sum + count, 0);

  beforeAll(async () => {
    gateway = await startGatewayProcess();
    stable = await service({ ids: ['a', 'b'] });
    canary = await service({ ids: ['a', 'b'] });
  });
  afterEach(() => {
    stable.requests.splice(0);
    canary.requests.splice(0);
  });
  afterAll(async () => {
    await gateway.stop();
    for (const server of servers) server.close();
  });

  it('keeps a user on one arm by the cookie as by the header', async () => {
    await write({ canaryBasisPoints: 5000 });
    const arms = new Set<string>();
    for (let user = 0; user < 30; user += 1) {
      const { arm } = await ask({ 'x-user-id': `u${user}` });
      arms.add(arm);
      for (const cookie of [`mlops_user=u${user}`, `theme=dark; mlops_user=u${user}; x=y`])
        expect((await ask({ cookie })).arm).toBe(arm);
    }
    expect(arms).toEqual(new Set(['stable', 'canary']));
  });

  it('divides requests without a user by chance, in the share', async () => {
    await write({ canaryBasisPoints: 3000 });
    const before = (await gateway.snapshot()).assigned;
    const arms: string[] = [];
    for (let i = 0; i < 600; i += 1) arms.push((await ask()).arm);
    const ofCanary = arms.filter((arm) => arm === 'canary').length;
    // Four standard deviations and a half to each side.
    expect(ofCanary).toBeGreaterThan(180 - 50);
    expect(ofCanary).toBeLessThan(180 + 50);
    const { assigned, canary: counted } = await gateway.snapshot();
    expect(assigned.canary - before.canary).toBe(ofCanary);
    expect(assigned.stable - before.stable).toBe(600 - ofCanary);
    expect(counted?.requests).toBe(ofCanary);
  });

  it('counts a request for a canary that is not there as one of stable', async () => {
    await write({ canary: null });
    const { arm, requestId } = await ask({ 'x-mlops-arm': 'canary' });
    expect(arm).toBe('stable');
    expect(requestId).toMatch(/^s\.r\./);
    expect(await gateway.snapshot()).toMatchObject({ stable: { requests: 1, errors: 0 }, canary: null });
  });

  it('counts a rescue for the canary alone, and no score for the answer', async () => {
    await write({ canaryAt: REFUSING, canaryBasisPoints: 10_000 });
    const before = (await gateway.snapshot()).assigned;
    const { status, arm, requestId } = await ask();
    expect([status, arm]).toEqual([200, 'stable']);
    const after = await gateway.snapshot();
    expect(after).toMatchObject({ stable: { requests: 0, errors: 0 }, canary: { requests: 1, errors: 1 } });
    expect([after.assigned.canary - before.canary, after.assigned.stable - before.stable]).toEqual([1, 0]);
    expect(await (await feedback({ requestId, score: 1 })).json()).toEqual({ counted: 0, ignored: 1, late: 0 });
    expect(scored((await gateway.snapshot()).stable)).toBe(0);
  });

  it('makes no copy of a forced request', async () => {
    await write({ mirrorBasisPoints: 10_000 });
    for (let i = 0; i < 3; i += 1) await ask({ 'x-mlops-arm': 'stable' });
    await ask({}, '/models/m/last');
    await expect.poll(async () => (await gateway.snapshot()).mirror?.requests, SOON).toBe(1);
    expect(canary.requests).toEqual([{ mirrored: true, path: '/last' }]);
  });

  it('shows copies answered with another status, beside their overlap, in snapshot and metrics', async () => {
    const lost = await service({ error: 'not here' }, 404);
    await write({ canaryAt: lost.endpoint, mirrorBasisPoints: 10_000 });
    for (let i = 0; i < 3; i += 1) await ask();
    await expect.poll(async () => (await gateway.snapshot()).mirror?.requests, SOON).toBe(3);
    const { mirror } = await gateway.snapshot();
    expect(mirror).toMatchObject({ requests: 3, errors: 0, statusMismatches: 3 });
    expect(mirror?.overlap.every((count) => count === 0)).toBe(true);
    const metrics = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
    for (const [name, value] of Object.entries({
      requests: 3,
      errors: 0,
      status_mismatches: 3,
      compared: 0,
      overlap: 0,
    }))
      expect(metrics).toContain(`gateway_mirror_${name}_total{model="m",version="c${version}"} ${value}\n`);
    await write({ mirrorBasisPoints: 10_000 });
    await ask();
    await expect.poll(async () => (await gateway.snapshot()).mirror?.overlap[100], SOON).toBe(1);
    const after = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
    expect(after).toContain(`gateway_mirror_overlap_total{model="m",version="c${version}"} 1\n`);
  });

  it('ignores feedback for forced answers, and tells what is late', async () => {
    await write({ canaryBasisPoints: 10_000 });
    const forced = await ask({ 'x-mlops-arm': 'canary' });
    const early = await ask();
    expect(await (await feedback({ requestId: forced.requestId, score: 1 })).json()).toMatchObject({ ignored: 1 });
    await write({ canaryBasisPoints: 10_000 });
    const list = [early, await ask()].map(({ requestId }) => ({ requestId, score: 0.25 }));
    expect(await (await feedback(list)).json()).toEqual({ counted: 1, ignored: 0, late: 1 });
    const { stable: ofStable, canary: ofCanary } = await gateway.snapshot();
    expect([scored(ofStable), scored(ofCanary), ofCanary?.scores[25]]).toEqual([0, 1, 1]);
  });

  it('counts none of a list of feedback in which one id is not its own', async () => {
    await write({ canaryBasisPoints: 10_000 });
    const { requestId } = await ask();
    const good = { requestId, score: 0.5 };
    expect((await feedback([good, { requestId: `${requestId}x`, score: 0.5 }])).status).toBe(400);
    expect(scored((await gateway.snapshot()).canary)).toBe(0);
    expect(await (await feedback([good])).json()).toEqual({ counted: 1, ignored: 0, late: 0 });
  });

  it('takes feedback in chunks, and refuses what is too long with 413', async () => {
    await write();
    const { requestId } = await ask();
    const send = async (chunks: readonly string[]) =>
      await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: gateway.port, method: 'POST', path: '/-/feedback' };
        const sent = sendRequest(options, (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => (body += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode, body }));
        });
        sent.on('error', reject);
        for (const chunk of chunks) sent.write(chunk);
        sent.end();
      });
    const text = JSON.stringify({ requestId, score: 0.5 });
    const { status, body } = await send([text.slice(0, 10), text.slice(10)]);
    expect([status, JSON.parse(body)]).toEqual([200, { counted: 1, ignored: 0, late: 0 }]);
    expect((await send([' '.repeat(1024 * 1024), text])).status).toBe(413);
    expect((await send([])).status).toBe(400);
  });

  it('lets exactly one of several writes of one generation win', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { generation } = await write();
      const shares = [1000, 2000, 3000, 4000];
      const writes = shares.map(
        async (canaryBasisPoints) =>
          await gateway.write(
            {
              stable: { version: '1', endpoint: stable.endpoint },
              canary: { version: '2', endpoint: canary.endpoint },
              canaryBasisPoints,
            },
            { generation: generation + 1, idempotencyKey: `${round}/${canaryBasisPoints}` },
          ),
      );
      const results = await Promise.allSettled(writes);
      const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      expect(won).toHaveLength(1);
      expect(lost).toHaveLength(3);
      for (const error of lost) expect(error).toMatchObject({ code: 'TRAFFIC_STALE_GENERATION' });
      expect(await gateway.observe()).toEqual(won[0]);
    }
  });

  it('keeps several models apart: where they go, what is counted, and that one must be named', async () => {
    const other = await service({ ids: [] });
    await write({ canaryBasisPoints: 10_000 });
    expect((await ask({}, '/q')).status, 'the only model need not be named').toBe(200);
    const target = { version: 'n1', endpoint: other.endpoint };
    await gateway.write({ model: 'n', stable: target, canary: { ...target, version: 'n2' } });
    const before = await gateway.snapshot('m');
    for (let i = 0; i < 5; i += 1) {
      expect(await ask({ 'x-mlops-model': 'n' }, '/n')).toMatchObject({ status: 200, arm: 'stable', version: 'n1' });
      expect(await ask({}, '/models/n/n')).toMatchObject({ arm: 'stable', version: 'n1' });
      expect(await ask({ 'x-mlops-model': 'm' }, '/m')).toMatchObject({ arm: 'canary', version: `c${version}` });
    }
    expect(other.requests.map(({ path }) => path)).toEqual(Array.from({ length: 10 }, () => '/n'));
    expect(canary.requests.filter(({ path }) => path === '/m')).toHaveLength(5);
    expect(await gateway.snapshot('n')).toMatchObject({
      stable: { version: 'n1', requests: 10 },
      assigned: { stable: 10, canary: 0 },
    });
    const after = await gateway.snapshot('m');
    expect((after.canary?.requests ?? 0) - (before.canary?.requests ?? 0)).toBe(5);
    expect(after.assigned.stable).toBe(before.assigned.stable);
    expect((await ask({}, '/q')).status, 'two are known').toBe(404);
  });
});
