import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../config/load.ts';

function load(governance: string) {
  const root = mkdtempSync(join(tmpdir(), 'mlops-config-'));
  mkdirSync(join(root, 'config'));
  writeFileSync(join(root, 'config/governance.yaml'), governance);
  return loadConfig({ env: {}, workingDirectory: root }).config;
}

describe('rules for tokens', () => {
  const issuerWith = (claims: string) =>
    `identity: { issuers: [{ issuer: "https://issuer.example", audience: us, jwks_url: "https://issuer.example/jwks", subjects: [{ principal: ci, claims: ${claims} }] }] }`;

  it('name a claim that not every token of the issuer has', () => {
    expect(load(issuerWith('{ repository: acme/rag, ref: "*" }')).governance.issuers).toHaveLength(1);
    for (const claims of ['{}', '{ repository: "*" }'])
      expect(() => load(issuerWith(claims))).toThrow(/every token of the issuer would do/);
  });
});

describe('the access watch', () => {
  it('is on, by a budget, with working hours of UTC, unless the file says otherwise', () => {
    expect(load('').accessWatch).toMatchObject({
      isEnabled: true,
      timeZone: 'UTC',
      rules: { falseAlarmsPerMonth: 0.5, workingHours: { from: 7, to: 20, weekdays: [1, 2, 3, 4, 5] } },
    });
    const hours = 'working_hours: { time_zone: Asia/Kathmandu, days: [sun, mon] }';
    expect(load(`access_watch: { enabled: false, ${hours} }`).accessWatch).toMatchObject({
      isEnabled: false,
      timeZone: 'Asia/Kathmandu',
      rules: { workingHours: { from: 7, weekdays: [0, 1] } },
    });
  });

  it.each([
    ['access_watch: { working_hours: { time_zone: Mars/Olympus } }', /wanted a name of the time zone database/],
    ['access_watch: { working_hours: { days: [monday] } }', /wanted one of sun, mon/],
    ['access_watch: { false_alarms_per_month: 0 }', /false_alarms_per_month/],
    ['access_watch: { minimum_days: 1 }', /minimum_days/],
    ['identity: { trusted_proxies: [proxy.example] }', /wanted an address, or a network like 10.0.0.0\/8/],
    ['identity: { trusted_proxies: ["10.0.0.0/33"] }', /wanted an address, or a network like 10.0.0.0\/8/],
  ])('is refused as %s', (text, problem) => {
    expect(() => load(text)).toThrow(problem);
  });

  it('believes proxies that are named', () => {
    expect(load('identity: { trusted_proxies: ["10.0.0.0/8", "::1"] }').trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  });
});
