import { isIP } from 'node:net';
import { z } from 'zod';
import { address } from './address-schema.ts';
import { ROLE_NAMES } from '../domain/governance/roles.ts';

/** Names of weekdays; 0 is Sunday. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

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
          jwks_url: address.describe('Where its public keys are'),
          subjects: z
            .array(
              z.strictObject({
                principal: z.string().min(1).describe('Name of a principal (`mlops identity create <name>`)'),
                claims: z
                  .record(z.string(), z.string().min(1))
                  // Of a public issuer, everybody has a token.
                  .refine((claims) => Object.values(claims).some((value) => value !== '*'), {
                    error: 'wanted a claim with a value: without one, every token of the issuer would do',
                  })
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

const whole = (least: number, most: number) => z.number().int().min(least).max(most);

/** `access_watch` of config/governance.yaml */
export const ACCESS_WATCH_SECTION = z
  .strictObject({
    enabled: z.boolean().describe('Whether events are looked at for what is not usual of somebody'),
    false_alarms_per_month: z
      .number()
      .positive()
      .max(30)
      .describe(
        'Alarms that a principal who does what is usual may raise in a month, over all detectors that go by a baseline; less finds less',
      ),
    baseline_days: whole(7, 365).describe('Days that a baseline goes back'),
    minimum_days: whole(3, 60).describe(
      'Days with an act that a baseline needs; until then there are only the rules that need none',
    ),
    approval_seconds: z
      .number()
      .min(0)
      .describe('An approval sooner than this after its request is an alarm; 0: none is'),
    refusals_per_hour: whole(1, 100_000).describe(
      'So many refusals in an hour of somebody without a baseline are an alarm',
    ),
    allowed_after_denial_hours: z
      .number()
      .min(0)
      .max(24 * 30)
      .describe('What was refused for lack of a role and is allowed within this time is an alarm; 0: nothing is'),
    dormant_days: whole(1, 3650).describe('Who comes back after so many days without an act is an alarm'),
    working_hours: z
      .strictObject({
        time_zone: z
          .string()
          .refine(isTimeZone, { error: 'wanted a name of the time zone database, like Europe/Berlin' })
          .describe('Whose clocks count'),
        from_hour: whole(0, 23).describe('First hour'),
        to_hour: whole(1, 24).describe('The hour at which they end'),
        days: z.array(z.enum(WEEKDAYS)).describe('Working days'),
      })
      .describe('Hours that are never odd; beside them, nobody is alarmed about who is seen at such hours anyway'),
  })
  .describe('What raises a security_event: docs/how-to/watch-access.md');

export type AccessWatchFile = z.infer<typeof ACCESS_WATCH_SECTION>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
