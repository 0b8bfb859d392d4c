import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { MlopsError } from '../../../domain/errors.ts';
import { registerApprovalLinks } from '../../../workers/api/approval-links.ts';
import { linkSiteOf } from '../../../workers/api/link-site.ts';

const PORT = 5000;
const SECRET = 's'.repeat(32);

/** The routes of links with nothing behind them: that it came that far is what is asked. */
function serve(linkBaseUrl: string | null) {
  const app = fastify({ logger: false });
  const site = linkSiteOf({ governance: { linkBaseUrl }, ports: { api: PORT } } as Parameters<typeof linkSiteOf>[0]);
  const nothing = () => Promise.reject(new MlopsError('APPROVAL_LINK_INVALID', { problem: 'reached' }));
  registerApprovalLinks(app, async () => await Promise.resolve({ decideByLink: nothing, openLink: nothing }), site);
  const page = async (host: string) => (await app.inject({ url: '/approve/link', headers: { host } })).statusCode;
  const open = async (host: string, origin: string) =>
    await app.inject({
      method: 'POST',
      url: '/approve/link/open',
      headers: { host, origin, 'content-type': 'application/json' },
      payload: { secret: SECRET },
    });
  return { site, page, open };
}

describe('pages of one-time links', () => {
  it('are on this machine when nothing is set, and under no name that merely leads here', async () => {
    const { open, page, site } = serve(null);
    expect(site.baseUrl).toBe('http://127.0.0.1:5000');
    for (const host of ['127.0.0.1:5000', 'localhost:5000', '[::1]:5000']) expect(await page(host), host).toBe(200);
    for (const host of ['evil.example:5000', '127.0.0.1', 'localhost:5001', '127.0.0.1:5000.evil.example', ''])
      expect(await page(host), host).toBe(421);
    const rebound = await open('evil.example:5000', 'http://evil.example:5000');
    expect(rebound.statusCode, 'its own site says who it is, and is not ours').toBe(421);
    expect(rebound.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('are at the site that is set, and at no other', async () => {
    const { open, page, site } = serve('https://approvals.example');
    expect(site.baseUrl).toBe('https://approvals.example');
    for (const host of ['approvals.example', 'approvals.example:443', 'APPROVALS.example'])
      expect(await page(host), host).toBe(200);
    for (const host of ['127.0.0.1:5000', 'localhost:5000', 'approvals.example:444', 'approvals.example.evil', 'a b'])
      expect(await page(host), host).toBe(421);
    const own = await open('approvals.example', 'https://approvals.example');
    expect([own.statusCode, own.json()]).toMatchObject([403, { problem: expect.stringContaining('reached') }]);
    for (const origin of ['http://approvals.example', 'https://evil.example', 'null', 'https://approvals.example.evil'])
      expect((await open('approvals.example', origin)).json(), origin).toEqual({
        problem: 'Only the page of the link may send this.',
      });
  });
});
