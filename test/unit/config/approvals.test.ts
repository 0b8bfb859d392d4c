import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import { assemblePolicy, contentOfPolicy } from '../../../domain/registry/policy.ts';

const DAY = 86_400;

function load(approvals: string) {
  const root = mkdtempSync(join(tmpdir(), 'mlops-config-'));
  mkdirSync(join(root, 'config'));
  writeFileSync(join(root, 'config/governance.yaml'), `approvals: ${approvals}\n`);
  return loadConfig({ env: {}, workingDirectory: root }).config.governance;
}

describe('where links lead', () => {
  it('is this machine, or a site that nobody can read along with', () => {
    expect(load('{}').linkBaseUrl).toBeNull();
    for (const url of ['https://approvals.example', 'https://approvals.example:8443/', 'http://localhost:5000'])
      expect(load(`{ link_base_url: "${url}" }`).linkBaseUrl).toBe(url);
  });

  it.each([
    'http://approvals.example',
    'http://127.0.0.1.evil.example',
    'https://ann@approvals.example',
    'https://approvals.example/path',
    'https://approvals.example/?a',
    'ftp://localhost',
    'approvals.example',
  ])('is refused as %s', (url) => {
    expect(() => load(`{ link_base_url: "${url}" }`)).toThrow(/approvals\.link_base_url: /);
  });
});

describe('what approvals need', () => {
  it('is what it was before it could be set', () => {
    expect(load('{}').approvalPolicy).toEqual({
      low: termsOf(1, ['reviewer', 'approver'], 14, 2, 7),
      medium: termsOf(1, ['reviewer', 'approver'], 7, 1, 3),
      high: termsOf(2, ['approver'], 7, 1, 2),
      critical: termsOf(3, ['approver'], 5, 0.5, 1),
    });
  });

  it('is set by risk, and the policy that approvals are bound to is another then', () => {
    const [usual, strict] = [load('{}'), load('{ critical: { quorum: 4, expire_hours: 48 } }')].map(
      ({ approvalPolicy }) => approvalPolicy,
    );
    expect(strict?.critical).toEqual({ ...usual?.critical, quorum: 4, expireAfterSeconds: 2 * DAY });
    if (usual === undefined || strict === undefined) throw new Error('not reached');
    expect(contentOfPolicy(assemblePolicy([], strict))).not.toEqual(contentOfPolicy(assemblePolicy([], usual)));
  });

  it.each([
    ['{ high: { quorum: 0 } }', /approvals\.high\.quorum: 0, wanted/],
    ['{ high: { quorum: 1.5 } }', /approvals\.high\.quorum: 1\.5, wanted/],
    ['{ critical: { quorum: 1 } }', /approvals\.critical\.quorum: 1, wanted at least high\.quorum: it is riskier/],
    ['{ high: { roles: [reviewer] } }', /approvals\.critical\.roles: .*wanted none but those of high/],
    ['{ high: { roles: [] } }', /approvals\.high\.roles/],
    ['{ high: { roles: [operator] } }', /wanted one of reviewer, approver/],
    ['{ low: { remind_hours: 400 } }', /approvals\.low\.remind_hours: 400, wanted less than low\.expire_hours/],
    ['{ low: { escalate_hours: 0 } }', /approvals\.low\.escalate_hours: 0, wanted/],
    ['{ low: { expire_hours: 100000 } }', /approvals\.low\.expire_hours: 100000, wanted/],
    ['{ low: { allow_author: true } }', /unknown key approvals\.low\.allow_author/],
  ])('is refused as %s', (text, problem) => {
    expect(() => load(text)).toThrow(problem);
  });
});

function termsOf(quorum: number, roles: string[], expire: number, remind: number, escalate: number) {
  return {
    quorum,
    roles,
    expireAfterSeconds: expire * DAY,
    remindEverySeconds: remind * DAY,
    escalateAfterSeconds: escalate * DAY,
  };
}
