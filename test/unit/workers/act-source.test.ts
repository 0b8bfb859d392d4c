import { hostname } from 'node:os';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { rememberSources, sourceOfCall } from '../../../workers/act-source.ts';

/** The source that a call from this address has, behind proxies that are trusted. */
async function sourceOf(remoteAddress: string, headers: Record<string, string> = {}): Promise<unknown> {
  const app = fastify({ trustProxy: ['127.0.0.1', '10.0.0.9'] });
  rememberSources(app);
  app.get('/', async () => await Promise.resolve({ source: sourceOfCall() }));
  const { body } = await app.inject({ url: '/', remoteAddress, headers });
  await app.close();
  return (JSON.parse(body) as { source: unknown }).source;
}

describe('the source of a call', () => {
  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])('from %s is this machine, by its name', async (ip) => {
    expect(await sourceOf(ip)).toEqual({ host: hostname() });
  });

  it('from elsewhere is the address, as a trusted proxy says it too', async () => {
    expect(await sourceOf('198.51.100.7')).toEqual({ address: '198.51.100.7' });
    expect(await sourceOf('10.0.0.9', { 'x-forwarded-for': '203.0.113.5' })).toEqual({ address: '203.0.113.5' });
    expect(await sourceOf('127.0.0.1', { 'x-forwarded-for': '203.0.113.5' })).toEqual({ address: '203.0.113.5' });
  });

  it('that somebody elsewhere says is this machine is not', async () => {
    for (const address of ['10.0.0.9', '127.0.0.1'])
      expect(await sourceOf(address, { 'x-forwarded-for': '127.0.0.1' })).not.toHaveProperty('host');
  });
});
