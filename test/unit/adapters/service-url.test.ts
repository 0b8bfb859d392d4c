import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHealthProbe } from '../../../adapters/services/health-probe.ts';
import { serviceUrl } from '../../../adapters/services/service-url.ts';
import { createSmokeTest } from '../../../adapters/services/smoke-test.ts';

describe('the address of a path at a service', () => {
  it.each([
    ['http://a:1', '/q?k=1', 'http://a:1/q?k=1'],
    ['http://a:1/', '/q', 'http://a:1/q'],
    ['http://a:1/base', '/q?k=?', 'http://a:1/base/q?k=?'],
    ['http://a:1/base/', '/', 'http://a:1/base/'],
    ['http://a:1/base?key=x', '/q?k=1', 'http://a:1/base/q?key=x&k=1'],
    ['http://a:1', '//evil/steal', 'http://a:1//evil/steal'],
    ['http://a:1', '@evil/steal', 'http://a:1/@evil/steal'],
    ['http://a:1', 'http://evil/steal', 'http://a:1/http://evil/steal'],
    ['http://a:1', '/\\evil/steal', 'http://a:1//evil/steal'],
  ])('of %j and %j is %j', (endpoint, path, url) => expect(serviceUrl(endpoint, path).href).toBe(url));
});

describe('probes of a service', () => {
  const servers: Server[] = [];
  const serve = async (status: number, headers: Record<string, string> = {}) => {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(status, headers).end('{}');
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { paths, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const probe = createHealthProbe({ path: '/health', timeoutMs: 5000, expect: {}, allowedHosts: ['127.0.0.1'] });
  const smoke = (gatewayAddress: string) =>
    createSmokeTest({ gatewayAddress, overrideHeader: 'x-mlops-arm', path: '/health', timeoutMs: 5000 });

  it('ask below the path the service has itself', async () => {
    const { address, paths } = await serve(200, { 'x-mlops-version': '2' });
    expect(await probe.probe(`${address}/base`, null)).toMatchObject({ healthy: true });
    expect(await smoke(`${address}/gateway/`).ask('m', '2')).toMatchObject({ passed: true });
    expect(paths).toEqual(['/base/health', '/gateway/health']);
  });

  it('follow no redirect to another host, and do not pass by one', async () => {
    const other = await serve(200, { 'x-mlops-version': '2' });
    const { address } = await serve(302, { location: `${other.address}/health`, 'x-mlops-version': '2' });
    expect(await probe.probe(address, null)).toMatchObject({ healthy: false, detail: 'answered 302, wanted 200' });
    expect(await smoke(address).ask('m', '2')).toMatchObject({ passed: false });
    expect(other.paths).toEqual([]);
  });
});
