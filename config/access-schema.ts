import { isIP } from 'node:net';
import { z } from 'zod';
import { ROLE_NAMES } from '../domain/governance/roles.ts';

/** `identity` of config/governance.yaml */
export const IDENTITY_SECTION = z
  .strictObject({
    development_roles: z
      .array(z.enum(ROLE_NAMES))
      .describe(
        'Outside production: roles of a user of the operating system who was granted none. In production everything is signed and every role is granted',
      ),
    issuers: z
      .array(
        z.strictObject({
          issuer: z.url().describe('As tokens say it (`iss`)'),
          audience: z.string().min(1).describe('Tokens must be meant for this (`aud`)'),
          jwks_url: z.url().describe('Where its public keys are'),
          subjects: z
            .array(
              z.strictObject({
                principal: z.string().min(1).describe('Name of a principal (`mlops identity create <name>`)'),
                claims: z
                  .record(z.string(), z.string().min(1))
                  .describe('Claims that a token must have; `*` at the end stands for anything'),
              }),
            )
            .min(1),
        }),
      )
      .describe('Identity providers (OIDC) whose tokens the API takes: docs/how-to/sign-in-with-tokens.md'),
    trusted_proxies: z
      .array(z.string().refine(isNetwork, { error: 'wanted an address, or a network like 10.0.0.0/8' }))
      .describe(
        'Addresses or networks of the load balancers before the API: what they say in X-Forwarded-For is where a call comes from',
      ),
  })
  .describe('Who may do what');

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
