import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { refuseForeignHosts } from '../../../workers/api/own-hosts.ts';

function serve(allowedHosts: readonly string[], linkBaseUrl: string | null) {
  const app = fastify({ logger: false });
  const config = { deployment: { allowedHosts }, governance: { linkBaseUrl } };
  refuseForeignHosts(app, config as unknown as Parameters<typeof refuseForeignHosts>[1]);
  for (const path of ['/healthz', '/api/2.0/mlflow/registered-models/search', '/approve/:linkId'])
    app.get(path, () => ({ ok: true }));
  return async (host: string, url = '/healthz') => await app.inject({ url, headers: { host } });
}

describe('the API', () => {
  it('answers under the names of this machine, those of its configuration, and no other', async () => {
    const ask = serve(['mlops.internal'], 'https://approvals.example');
    for (const host of ['localhost:5000', '127.0.0.1:5000', 'mlops.internal', 'approvals.example'])
      expect((await ask(host)).statusCode, host).toBe(200);
    for (const url of ['/healthz', '/api/2.0/mlflow/registered-models/search', '/nowhere'])
      expect((await ask('evil.example:5000', url)).statusCode, url).toBe(403);
  });

  it('says so in its own words and in those of MLflow clients', async () => {
    const { headers, statusCode, ...reply } = await serve([], null)('evil.example:5000');
    expect([statusCode, headers['content-type']]).toEqual([403, 'application/json; charset=utf-8']);
    expect(JSON.parse(reply.body)).toMatchObject({
      error: { code: 'HOST_NOT_ALLOWED', remedy: expect.stringContaining('allowed_hosts') },
      error_code: 'PERMISSION_DENIED',
      message: expect.stringContaining('Host is not allowed: evil.example'),
    });
  });

  it('leaves the pages of links to themselves: they know their one name', async () => {
    expect((await serve([], null)('evil.example:5000', '/approve/link')).statusCode).toBe(200);
  });
});
