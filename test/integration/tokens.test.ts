import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier } from '../../adapters/identity/token-verifier.ts';
import type { TokenIssuer } from '../../domain/governance/token-claims.ts';

const ISSUER = 'https://token.actions.example';
const AUDIENCE = 'durable-mlops';
const CLAIMS = { repository: 'acme/rag', ref: 'refs/heads/main', environment: 'production' };

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let own: Keys;
let foreign: Keys;
let server: Server;
let issuer: TokenIssuer;
let asked = 0;

beforeAll(async () => {
  own = await generateKeyPair('RS256');
  foreign = await generateKeyPair('RS256');
  const keys = { keys: [{ ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] };
  server = createServer((_, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(keys));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    subjects: [
      { principal: 'release', claims: { repository: 'acme/rag', ref: 'refs/tags/*' } },
      { principal: 'ci', claims: { repository: 'acme/rag', ref: 'refs/heads/main' } },
    ],
  };
});
afterAll(() => server.close());

const now = (): number => Math.floor(Date.now() / 1000);

async function sign(change: Record<string, unknown> = {}, keys = own, kid = 'k1'): Promise<string> {
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'repo:acme/rag',
    iat: now(),
    exp: now() + 300,
    ...CLAIMS,
    ...change,
  };
  return await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(keys.privateKey);
}

describe('a token of an identity provider', () => {
  it('is the principal of the first rule that its claims fit', async () => {
    const tokens = createTokenVerifier([issuer]);
    expect(await tokens.verify(await sign())).toEqual({ principal: 'ci', issuer: ISSUER });
    expect((await tokens.verify(await sign({ ref: 'refs/tags/v1.2.0' }))).principal).toBe('release');
  });

  it('is verified by keys that are fetched once', async () => {
    const tokens = createTokenVerifier([issuer]);
    const before = asked;
    for (let count = 0; count < 5; count += 1) await tokens.verify(await sign());
    expect(asked - before).toBe(1);
  });

  it('may come from a clock that is a little off, not much', async () => {
    const tokens = createTokenVerifier([issuer]);
    expect((await tokens.verify(await sign({ exp: now() - 30 }))).principal).toBe('ci');
    expect((await tokens.verify(await sign({ nbf: now() + 30 }))).principal).toBe('ci');
    await expect(tokens.verify(await sign({ exp: now() - 90 }))).rejects.toThrow('"exp" claim timestamp check failed');
    await expect(tokens.verify(await sign({ nbf: now() + 90 }))).rejects.toThrow('"nbf" claim timestamp check failed');
  });

  it('is verified by new keys as soon as its issuer has them, and not by those that it took back', async () => {
    const next = await generateKeyPair('RS256');
    const jwk = async (key: Keys, kid: string) => ({
      ...(await exportJWK(key.publicKey)),
      kid,
      alg: 'RS256',
      use: 'sig',
    });
    let shown = [await jwk(own, 'k1')];
    const rotating = createServer((_, response) => response.end(JSON.stringify({ keys: shown })));
    await new Promise<void>((resolve) => rotating.listen(0, '127.0.0.1', resolve));
    const jwksUrl = `http://127.0.0.1:${(rotating.address() as AddressInfo).port}/jwks`;
    const tokens = createTokenVerifier([{ ...issuer, jwksUrl }], { longestMs: 200, shortestMs: 0 });
    expect((await tokens.verify(await sign())).principal).toBe('ci');
    shown = [await jwk(own, 'k1'), await jwk(next, 'k2')];
    expect((await tokens.verify(await sign({}, next, 'k2'))).principal, 'a new key').toBe('ci');
    shown = [await jwk(next, 'k2')];
    await expect
      .poll(async () => await tokens.verify(await sign()).catch((error: unknown) => String(error)))
      .toContain('no applicable key found');
    expect((await tokens.verify(await sign({}, next, 'k2'))).principal).toBe('ci');
    rotating.close();
  });

  const hostile: readonly (readonly [string, () => Promise<string>, string])[] = [
    ['is no token', async () => await Promise.resolve('let-me-in'), 'it is not a JWT'],
    ['is of another issuer', async () => await sign({ iss: 'https://evil.example' }), 'is not among identity.issuers'],
    ['is meant for somebody else', async () => await sign({ aud: 'sigstore' }), 'unexpected "aud" claim value'],
    ['never ends', async () => await sign({ exp: undefined }), 'missing required "exp" claim'],
    ['is of another branch', async () => await sign({ ref: 'refs/heads/feature' }), 'no rule of'],
    ['is of a branch that looks alike', async () => await sign({ ref: 'refs/heads/main2' }), 'no rule of'],
    ['lacks a claim', async () => await sign({ repository: undefined }), 'no rule of'],
    ['has a claim that is no text', async () => await sign({ repository: ['acme/rag'] }), 'no rule of'],
    ['is signed by another key', async () => await sign({}, foreign), 'signature verification failed'],
    ['names a key that is not there', async () => await sign({}, foreign, 'k2'), 'no applicable key found'],
    [
      'is not signed',
      async () =>
        await Promise.resolve(
          new UnsecuredJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'x', iat: now(), exp: now() + 300, ...CLAIMS }).encode(),
        ),
      'alg',
    ],
    [
      'is signed by the public key as a secret',
      async () => {
        const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(own.publicKey)));
        const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'x', iat: now(), exp: now() + 300, ...CLAIMS };
        return await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(secret);
      },
      'alg',
    ],
  ];
  it.each(hostile)('is refused when it %s', async (_, make, problem) => {
    await expect(createTokenVerifier([issuer]).verify(await make())).rejects.toMatchObject({
      code: 'NOT_AUTHENTICATED',
      message: expect.stringContaining(problem) as string,
    });
  });

  it('is nobody while the keys of its issuer cannot be read, which is said', async () => {
    const away = { ...issuer, jwksUrl: 'http://127.0.0.1:9/jwks' };
    await expect(createTokenVerifier([away]).verify(await sign())).rejects.toMatchObject({
      code: 'TOKEN_ISSUER_UNREACHABLE',
      retryable: true,
    });
  });
});
