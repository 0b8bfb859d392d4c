import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createApprovalVerbs } from '../../../client/approvals/approval-verbs.ts';
import { createAuditVerbs } from '../../../client/audit/audit-verbs.ts';
import { createGovernanceVerbs } from '../../../client/governance/governance-verbs.ts';
import { createIdentityVerbs } from '../../../client/identity/identity-verbs.ts';
import { createModelRegistry } from '../../../client/registry/model-registry.ts';
import { createTransferVerbs } from '../../../client/registry/registry-transfer.ts';
import { createRolloutVerbs } from '../../../client/rollouts/rollout-verbs.ts';
import { isMlopsError } from '../../../domain/errors.ts';
import { createContext } from '../../support/command-context.ts';

/** Thrown by every part of the system: nothing may be asked of it before the input is known to be right. */
class Opened extends Error {}

const open = async (): Promise<never> => await Promise.reject(new Opened('a part was asked for'));
const { context } = createContext({});
const config = async () => await context.config();
const parts = {
  approvals: open,
  identity: open,
  ledger: open,
  exportFiles: open,
  identities: open,
  governance: open,
  recorder: open,
  rollouts: open,
  router: open,
  evidence: open,
  registry: open,
  registryOfAdmin: open,
  takeOver: open,
  emergency: open,
  user: open,
  config,
  warn: () => undefined,
  workingDirectory: '/nowhere',
  auditDirectory: '/nowhere/audit',
};
const approvals = createApprovalVerbs(parts);
const audit = createAuditVerbs(parts);
const governance = createGovernanceVerbs(parts);
const identities = createIdentityVerbs(parts);
const registry = createModelRegistry(open);
const transfer = createTransferVerbs(parts);
const rollouts = createRolloutVerbs(parts);

/** Programs are not always type-checked. */
type Loose = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
const ROOMS: Readonly<Record<string, Loose>> = {
  approvals: approvals as unknown as Loose,
  audit: audit as unknown as Loose,
  governance: Object.fromEntries(Object.entries(governance).filter(([name]) => name !== 'holds')) as Loose,
  'governance.holds': governance.holds as unknown as Loose,
  identities: identities as unknown as Loose,
  registry: registry as unknown as Loose,
  'registry.transfer': transfer as unknown as Loose,
  rollouts: rollouts as unknown as Loose,
};

/** Calls a verb to its end, also one whose answer is read piece by piece. */
async function call(name: string, ...given: readonly unknown[]): Promise<unknown> {
  const at = name.lastIndexOf('.');
  const verb = ROOMS[name.slice(0, at)]?.[name.slice(at + 1)];
  if (verb === undefined) throw new Error(`there is no ${name}`);
  try {
    const answer = verb(...given);
    if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer)
      for await (const _ of answer as AsyncIterable<unknown>) continue;
    return await answer;
  } catch (error) {
    return error;
  }
}

const MODEL = { model: 'rag_api', version: '1.0.0' };
const REGISTRATION = { ...MODEL, type: 'embedding' };
const START = { model: 'rag_api', fromVersion: '1.0.0', toVersion: '1.1.0' };
const EVENT = { eventType: 'model_deployment', resourceId: 'rag-api', action: 'deploy' };

describe('what a program gives that is not valid', () => {
  const CASES: readonly (readonly [string, readonly unknown[], string])[] = [
    ['registry.lineage', [{ ...MODEL, direction: 'sideways' }], '"sideways", wanted one of upstream, downstream'],
    ['registry.lineage', [{ ...MODEL, direction: 'upstream', depth: -1 }], 'depth: -1, wanted a number of at least 0'],
    ['registry.lineage', [{ ...MODEL, direction: 'upstream', depth: 1.5 }], 'depth: 1.5, wanted a whole number'],
    ['registry.lineage', [MODEL], 'direction: missing'],
    ['registry.lineageOfDependency', [{ kind: 'code', target: 'x', direction: 'upstream' }], 'wanted 7 to 64 hex'],
    ['registry.bom', [{ model: 'rag_api' }], 'version: missing'],
    ['registry.history', [{ model: 'rag_api', limit: -5 }], 'limit: -5, wanted a number of at least 1'],
    ['registry.history', [{ model: 'rag_api', limit: Number.NaN }], 'limit: NaN, wanted'],
    ['registry.listVersions', [{ model: 'rag_api', limit: 1001 }], 'limit: 1001, wanted a number of at most 1000'],
    ['registry.listVersions', [{ model: 'rag_api', stage: 'live' }], 'stage: "live", wanted one of development'],
    ['registry.productionAt', [{ model: 'rag_api', at: new Date('never') }], 'at: Invalid Date, wanted a Date'],
    ['registry.productionAt', [{ model: 'rag_api', at: new Date(-1e15) }], 'wanted a year from 1970 to 9999'],
    ['registry.productionAt', [{ model: 'rag_api', at: '2026-01-01' }], 'at: "2026-01-01", wanted a Date'],
    ['registry.registerModel', [{ ...REGISTRATION, stage: 'staging' }], 'wanted one of development, production'],
    ['registry.registerModel', [{ ...REGISTRATION, metrix: {} }], 'unknown key metrix; the nearest is metrics'],
    ['registry.registerModel', [{ ...REGISTRATION, approvalRequired: 'no' }], 'approvalRequired: "no", wanted true'],
    ['registry.transfer.exportTo', [''], 'wanted'],
    ['registry.transfer.import', [['{}']], 'wanted lines, one after the other'],
    [
      'registry.transfer.takeOver',
      [{ url: 'https://ada:secret@mlflow.example.com' }],
      'url: "https://(hidden)@mlflow.example.com", wanted a URL with http or https, without user and password',
    ],
    ['registry.getVersion', [{ ...MODEL, model: 'a b' }], 'model: "a b", wanted letters, digits'],
    ['registry.getVersion', [{ ...MODEL, version: 'nul\u0000' }], 'wanted text without NUL'],
    ['registry.promoteModel', [{ ...MODEL, to: 'archived' }], 'to: "archived", wanted one of staging, production'],
    ['registry.setAlias', [{ model: 'rag_api', alias: 'newest' }], 'version: missing'],
    ['registry.getVersion', [], 'missing, wanted keys with values'],
    ['approvals.list', [{ limit: 0 }], 'limit: 0, wanted a number of at least 1'],
    ['approvals.approve', [{ approvalId: '' }], 'approvalId: "", wanted'],
    ['approvals.approve', [{ approvalId: 'a', verdict: 'deny' }], 'unknown key verdict'],
    ['approvals.deny', [{ approvalId: 'a' }], 'reason: '],
    ['approvals.deny', [{ approvalId: 'a', reason: ' ' }], ', wanted why it is denied'],
    ['approvals.foresee', ['maybe', { approvalId: 'a' }], '"maybe", wanted one of approve, deny'],
    ['approvals.delegate', [{ to: 'ada', forSeconds: 0 }], 'forSeconds: 0, wanted a number above 0'],
    ['approvals.delegate', [{ to: 'ada', forSeconds: Infinity }], 'forSeconds: Infinity, wanted'],
    ['approvals.delegate', [{ to: 'ada', forSeconds: 1e12 }], 'wanted a number of at most 7776000'],
    [
      'rollouts.split',
      [{ model: 'rag_api', sharePercent: 100 }],
      'sharePercent: 100, wanted a multiple of 0.01 (one basis point) above 0',
    ],
    ['rollouts.split', [{ model: 'rag_api', minutes: 0 }], 'minutes: 0, wanted a number above 0'],
    ['rollouts.split', [{ model: 'rag_api', endpoints: { '1.0.0': 'here' } }], 'wanted a URL'],
    ['rollouts.calibrate', [{ model: 'rag_api', since: '7d' }], 'since: "7d", wanted a time like 2026-11-23'],
    ['rollouts.calibrate', [{ model: 'rag_api', metrics: ['latency'] }], 'wanted one of errors, slow'],
    ['rollouts.calibrate', [{ model: 'rag_api', write: 'yes' }], 'write: "yes", wanted true or false'],
    ['audit.query', [{ limit: 10_001 }], 'limit: 10001, wanted a number of at most 10000'],
    ['audit.query', [{ since: 'yesterday' }], 'wanted a time like 2026-11-23'],
    ['audit.query', [{ since: '2026-02-30' }], 'wanted a time like 2026-11-23'],
    ['audit.query', [{ until: '2026-04-31T10:00:00Z' }], 'wanted a time like 2026-11-23'],
    ['audit.query', [{ until: new Date(Number.NaN) }], 'until: Invalid Date, wanted'],
    [
      'audit.query',
      [{ since: '2026-11-25', until: '2026-11-25' }],
      'until: "2026-11-25", wanted a time after `since`, 2026-11-25T00:00:00.000Z',
    ],
    [
      'audit.events',
      [{ since: '2026-11-25', until: '2026-11-24' }],
      'until: "2026-11-24", wanted a time after `since`',
    ],
    [
      'audit.query',
      [{ type: 'nonsense' }],
      'type: "nonsense", wanted a type such as rollout.opened, or the beginning of',
    ],
    ['audit.events', [{ type: 'traffic.nonsense' }], 'wanted traffic. or one of traffic.reserved, traffic.applied,'],
    ['audit.export', [{ type: 'audit.nonsense' }], 'wanted audit. or one of audit.exported, audit.payload-read,'],
    ['audit.query', [{ category: 'deployment' }], 'category: "deployment", wanted one of'],
    ['audit.query', [{ words: ['two words'] }], 'words.0: "two words", wanted a word without blanks'],
    ['audit.events', [{ risk: 'grave' }], 'risk: "grave", wanted one of low, medium, high, critical'],
    ['audit.event', [-1], '-1, wanted a number of at least 0'],
    ['audit.event', ['17'], '"17", wanted a number'],
    ['audit.export', [{ from: 5, to: 2 }], 'to: 2, wanted the sequence of `from` or a later one'],
    ['audit.exportTo', ['', {}], 'wanted text with a length of at least 1'],
    ['audit.verify', [{ file: 'x', key: 'y' }], 'unknown key key; the nearest is keys'],
    ['identities.create', [{ name: '../ada' }], 'name: "../ada", wanted 1 to 64 letters'],
    ['identities.create', [{ name: 'ada ' }], 'name: "ada ", wanted 1 to 64 letters of one alphabet'],
    ['identities.create', [{ name: 'ada', roles: ['boss'] }], 'roles.0: "boss", wanted one of'],
    ['identities.grant', [{ name: 'ada', roles: [] }], 'roles: [], wanted a list with a length of at least 1'],
    ['identities.revoke', [{ name: 'ada' }], 'role: missing'],
    ['identities.revoke', [{ name: 'ada', role: undefined }], 'role: missing'],
    ['governance.recordEvent', [{ ...EVENT, eventType: 'deploy' }], 'eventType: "deploy", wanted one of'],
    [
      'governance.recordEvent',
      [{ ...EVENT, approvalRequires: true }],
      'unknown key approvalRequires; the nearest is approvalRequired',
    ],
    ['governance.holds.place', [{ subject: 'ada', caseId: 'a b' }], 'wanted the number of a case'],
    ['governance.acknowledge', [{ alarm: 3, reason: '' }], 'reason: "", wanted'],
    ['governance.erase', [{ subject: 'ada', dryRun: true }], 'unknown key dryRun'],
    ['rollouts.start', [{ ...START, gates: [101] }], 'gates.0: 101, wanted a number of at most 100'],
    ['rollouts.start', [{ ...START, endpoints: { '1.1.0': 'here' } }], 'endpoints.1.1.0: "here", wanted a URL'],
    ['rollouts.start', [START, { supercede: true }], 'unknown key supercede; the nearest is supersede'],
    ['rollouts.act', ['rag_api', { kind: 'stop' }], 'kind: "stop", wanted one of approve, deny'],
    ['rollouts.list', ['rag_api', -1], '-1, wanted a number of at least 1'],
    ['rollouts.result', ['rag_api', 5000], '5000, wanted AbortSignal'],
    ['rollouts.status', [7], '7, wanted text'],
    ['rollouts.rollback', [{ model: 'rag_api', actor: 'ada' }], 'unknown key actor'],
  ];

  it.each(CASES)(
    'is refused by %s before anything is opened, with the value and what is wanted: %j',
    async (name, given, words) => {
      const error = await call(name, ...given);
      expect(error).toMatchObject({ code: 'USAGE_INVALID', exitCode: 2, retryable: false });
      expect((error as Error).message).toContain(`Input of ${name} is not valid: `);
      expect((error as Error).message).toContain(words);
    },
  );

  it('is refused with all that is wrong with it at once', async () => {
    const error = await call('registry.lineage', { model: '', version: 3, direction: 'down' });
    for (const words of ['model: ""', 'version: 3', 'direction: "down"']) expect(String(error)).toContain(words);
  });

  it('is one error of ours, or is right, whatever it is', async () => {
    const verbs = Object.entries(ROOMS).flatMap(([room, names]) => Object.keys(names).map((name) => `${room}.${name}`));
    const circle: Record<string, unknown> = { model: 'rag_api' };
    circle['itself'] = circle;
    const anything = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
      fc.record(
        {
          model: fc.oneof(fc.constant('rag_api'), fc.anything()),
          version: fc.oneof(fc.constant('1.0.0'), fc.anything()),
          name: fc.anything(),
          direction: fc.constantFrom('upstream', 'sideways'),
          limit: fc.oneof(fc.integer(), fc.double()),
          reason: fc.oneof(fc.string({ unit: 'binary' }), fc.anything()),
        },
        { requiredKeys: [] },
      ),
      fc.constant(circle),
    );
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...verbs), fc.array(anything, { maxLength: 3 }), async (name, given) => {
        const outcome = await call(name, ...given);
        if (outcome instanceof Opened) return;
        seen.add(name);
        // A file that can be written nowhere is found out by trying.
        const isOurs = isMlopsError(outcome, 'USAGE_INVALID') || isMlopsError(outcome, 'OUTPUT_UNWRITABLE');
        expect(isOurs, `${name}: ${String(outcome)}`).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(seen.size).toBeGreaterThan(25);
  });
});

describe('what a program gives that is right', () => {
  const CASES: readonly (readonly [string, readonly unknown[]])[] = [
    ['registry.lineage', [{ ...MODEL, direction: 'upstream' }]],
    ['registry.registerModel', [{ ...REGISTRATION, description: undefined, stage: 'production' }]],
    ['registry.history', [{ model: 'rag_api' }]],
    ['registry.listModels', []],
    ['registry.bom', [MODEL]],
    ['registry.productionAt', [{ model: 'rag_api', at: new Date() }]],
    ['registry.transfer.export', []],
    ['registry.transfer.takeOver', [{ url: 'https://mlflow.example.com' }]],
    ['approvals.list', []],
    ['approvals.delegate', [{ to: 'ada', forSeconds: 0.5 }]],
    ['audit.query', []],
    ['audit.query', [{ since: '2026-11-23', until: new Date(), words: ['recall'], limit: 10_000 }]],
    ['audit.export', [{ from: 3, to: 3 }]],
    ['audit.verify', [{ file: '-' }]],
    ['identities.create', [{ name: 'Ada Lovelace', roles: ['viewer', 'viewer'] }]],
    ['identities.revoke', [{ name: 'ada', role: null }]],
    ['governance.recordEvent', [{ ...EVENT, metadata: { explainable: true }, evidence: undefined }]],
    ['governance.rotateKeys', []],
    ['rollouts.start', [START]],
    ['rollouts.list', [undefined, 1000]],
    ['rollouts.calibrate', [{ model: 'rag_api', since: '2026-11-01', metrics: ['slow'], write: true }]],
    ['rollouts.split', [{ model: 'rag_api', minutes: 600, sharePercent: 12.5 }]],
    ['rollouts.explain', ['rag_api']],
    ['rollouts.watch', ['rag_api', AbortSignal.abort()]],
    ['rollouts.act', ['rag_api', { kind: 'promote', full: true }]],
    ['rollouts.rollback', [{ model: 'rag_api' }]],
  ];

  it.each(CASES)('is taken by %s: %j', async (name, given) => {
    expect(await call(name, ...given)).toBeInstanceOf(Opened);
  });
});

describe('the reference page', () => {
  it('has every verb, and no other', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../docs/reference/typescript-api.md'), 'utf8');
    const verbs = Object.entries(ROOMS).flatMap(([room, names]) => Object.keys(names).map((name) => `${room}.${name}`));
    const headings = [...page.matchAll(/^### ((?:[a-z]+\.)+\w+)$/gm)].map(([, name]) => name);
    expect(new Set(headings)).toEqual(new Set(verbs));
    expect(headings).toHaveLength(verbs.length);
  });
});

describe('an erasure and a promotion in production', () => {
  const strict = {
    ...parts,
    config: async () => ({ ...(await config()), environment: 'production' }),
  };

  it('name what they are about twice', async () => {
    const careful = createGovernanceVerbs(strict);
    await expect(careful.erase({ subject: 'ada' })).rejects.toMatchObject({ code: 'USAGE_INVALID', exitCode: 2 });
    await expect(careful.erase({ subject: 'ada', confirm: 'ada' })).rejects.toBeInstanceOf(Opened);
    const canary = createRolloutVerbs(strict);
    await expect(canary.act('rag_api', { kind: 'promote', confirm: 'rag' })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
    });
    await expect(canary.act('rag_api', { kind: 'promote', confirm: 'rag_api' })).rejects.toBeInstanceOf(Opened);
    await expect(canary.act('rag_api', { kind: 'abort' })).rejects.toBeInstanceOf(Opened);
  });
});
