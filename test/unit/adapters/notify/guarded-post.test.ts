import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postGuarded } from '../../../../adapters/notify/guarded-post.ts';
import { isListedAddress, isPublicAddress } from '../../../../adapters/notify/public-address.ts';
import { problemOfWebhookUrl } from '../../../../domain/registry/mlflow/webhook/address.ts';

describe('an address', () => {
  it.each([
    ['8.8.8.8', true],
    ['100.63.255.255', true],
    ['2a00:1450:4001::1', true],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['172.31.255.255', false],
    ['192.168.0.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['0.0.0.0', false],
    ['::', false],
    ['::1', false],
    ['::ffff:10.0.0.1', false],
    ['64:ff9b::a00:1', false],
    ['2002:a00:1::', false],
    ['2001:db8::1', false],
    ['fd00::1', false],
    ['fe80::1', false],
    ['ff02::1', false],
    ['example.com', false],
  ])('%s is public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });

  it('is listed however it is written', () => {
    expect(isListedAddress('::1', ['example.com', '0:0:0:0:0:0:0:1'])).toBe(true);
    expect(isListedAddress('127.0.0.1', ['example.com', '127.0.0.2'])).toBe(false);
  });
});

describe('the address of a webhook', () => {
  const rules = { hosts: ['Example.com', '127.0.0.1', '::1', 'localhost'], allowsPlainLoopback: true };
  it.each([
    'https://example.com/a?b=c',
    'https://EXAMPLE.com:8443',
    'http://127.0.0.1:80/',
    'http://127.1/',
    'http://[::1]:80/',
    'http://localhost/',
  ])('%s is allowed', (url) => {
    expect(problemOfWebhookUrl(url, rules)).toBeNull();
  });
  it.each([
    ['http://example.com', 'wanted https:'],
    ['ftp://example.com', 'wanted https:'],
    ['https://example.com.', 'registry.webhook_hosts'],
    ['https://sub.example.com', 'registry.webhook_hosts'],
    ['https://example.com@evil.org', 'user name'],
    ['https://2130706434', 'host 127.0.0.2'],
    [`https://example.com/${'a'.repeat(500)}`, 'at most 500'],
    ['', 'URL'],
  ])('%s is refused', (url, problem) => {
    expect(problemOfWebhookUrl(url, rules)).toContain(problem);
  });

  it('is never plain in production, and nowhere where nothing is listed', () => {
    expect(problemOfWebhookUrl('http://127.0.0.1/', { ...rules, allowsPlainLoopback: false })).toContain(
      'wanted https:',
    );
    expect(problemOfWebhookUrl('https://example.com', { ...rules, hosts: [] })).toContain('which is empty');
  });
});

describe('a request', () => {
  let server: Server;
  let port = 0;
  let requests = 0;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      requests += 1;
      response.writeHead(200).end('x'.repeat(50_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());

  const post = async (hosts: readonly string[], host: string, means: readonly string[]) => {
    const order = { url: `http://${host}:${port}/`, body: '{}', headers: {} };
    const addresses = means.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    return await postGuarded(order, { hosts, allowsPlainLoopback: true }, async () => await Promise.resolve(addresses));
  };

  it('goes to the address that was looked at, and keeps only the beginning of what is answered', async () => {
    const { status, text } = await post(['localhost', '127.0.0.1'], 'localhost', ['127.0.0.1']);
    expect([status, text.length]).toEqual([200, 10_000]);
  });

  it.each([
    ['a private address that is not listed', ['localhost'], ['127.0.0.1'], 'means 127.0.0.1, which is not public'],
    ['a private one among public ones', ['localhost'], ['8.8.8.8', '169.254.169.254'], '169.254.169.254'],
    ['no address', ['localhost'], [], 'no address'],
    ['a host that is not listed any more', [], ['127.0.0.1'], 'registry.webhook_hosts'],
  ])('is not sent to %s', async (_what, hosts, means, problem) => {
    const before = requests;
    await expect(post(hosts, 'localhost', means)).rejects.toThrow(problem);
    expect(requests).toBe(before);
  });

  it('says what went wrong without the path, which may hold a secret', async () => {
    const order = { url: 'http://127.0.0.1:1/token-abc', body: '{}', headers: {} };
    const problem = await postGuarded(order, { hosts: ['127.0.0.1'], allowsPlainLoopback: true }).catch(String);
    expect(problem).toContain('no answer');
    expect(problem).not.toContain('token-abc');
  });
});
