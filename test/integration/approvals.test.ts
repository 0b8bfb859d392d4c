import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool, databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { query } from '../../adapters/postgres/query.ts';
import { connectTemporal } from '../../adapters/temporal/connect.ts';
import { readAccessEvents } from '../../adapters/postgres/ledger/access-events.ts';
import { createApprovalReader } from '../../adapters/postgres/registry/approval-reader.ts';
import { createApprovalStore } from '../../adapters/postgres/registry/approval-store.ts';
import { scheduleId } from '../../adapters/temporal/schedules.ts';
import { connect, type Mlops } from '../../client/index.ts';
import { loadConfig } from '../../config/load.ts';
import { currentIdentity } from '../../adapters/identity/own-identity.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import type { SignedStatement } from '../../domain/governance/statement.ts';
import { contentOfAsk } from '../../domain/registry/approval/ask.ts';
import {
  decisionContent,
  resourceOfApproval,
  type ApprovalAsk,
  type ApprovalOrder,
  type ApprovalView,
  type Verdict,
} from '../../domain/registry/approval/request.ts';
import { TASK_QUEUE } from '../../workflows/messages.ts';
import { REFUSAL } from '../../workers/api/v1/refusal.ts';
import { ROUTES } from '../../workers/api/v1/routes.ts';
import { composeApprovals } from '../../workers/approvals.ts';
import { composeEvidence } from '../../workers/ledger.ts';
import { composeLedgerReader } from '../../workers/ledger-reader.ts';
import { openAskingRegistry } from '../../workers/registry.ts';
import { expectKnownTypes } from '../support/known-types.ts';
import { CHROMIUM, startBrowser } from '../support/chromium.ts';
import { askAs } from '../support/ask-as.ts';
import { createOrder, DIGEST } from '../support/approvals.ts';
import { readHistory, replayHistory } from '../support/history.ts';
import { OFFSETS } from '../support/offsets.ts';
import { problemsByAll } from '../support/openapi.ts';
import { isSignedWith, startHook } from '../support/registry-hook.ts';
import { openSource } from '../support/registry-source.ts';
import { createProject, until, type TestProject } from '../support/stack.ts';
import { startReceiver } from '../support/webhook-receiver.ts';

const ME = userInfo().username;

/** Nothing has to be signed there, and risk is not capped as in development. */
process.env['MLOPS_ENV'] = 'staging';

let project: TestProject;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let source: Awaited<ReturnType<typeof openSource>>;
let config: MlopsConfig;
let pool: Pool;
let approvals: ReturnType<typeof composeApprovals>;
let evidence: EvidenceParts;
let temporal: Client;
let closeTemporal: () => Promise<void>;

beforeAll(async () => {
  receiver = await startReceiver('shared', () => false);
  const webhook = `{ url: '${receiver.url}', secret_file: webhook-secret, events: all }`;
  project = await createProject(OFFSETS.approvals, `notifications: { webhooks: [${webhook}] }\n`);
  await writeFile(join(project.root, 'webhook-secret'), 'shared');
  // Whoever decides here is hasty, however long a machine that is busy takes between a request and its approval.
  const governance = 'registry: { webhook_hosts: [127.0.0.1] }\naccess_watch: { approval_seconds: 86400 }\n';
  await writeFile(join(project.root, 'config/governance.yaml'), governance);
  source = await openSource();
  process.env['MODEL_REGISTRY_URL'] = source.url;
  await expectOk(['up', '--detach']);
  config = loadConfig({ env: process.env, workingDirectory: project.root, portOffset: OFFSETS.approvals }).config;
  pool = createPool(databaseUrlOf(config), 5);
  evidence = await composeEvidence(config, pool);
  const client = await connectTemporal(config);
  temporal = client;
  closeTemporal = async () => await client.connection.close();
  approvals = composeApprovals(config, { evidence, connect: async () => await Promise.resolve(client) });
  for (const [name, role] of [
    ['ann', 'approver'],
    ['bob', 'approver'],
    ['deputy', 'reviewer'],
    ['eve', 'viewer'],
    ['author', 'approver'],
    ['engineer', 'approver'],
  ] as const)
    await expectOk([
      'identity',
      'create',
      name,
      '--role',
      role,
      ...(name === 'engineer' ? ['--role', 'engineer'] : []),
    ]);
});
afterAll(async () => {
  await closeTemporal?.();
  await source?.close();
  await pool?.end();
  await project?.remove();
  receiver?.close();
});

async function expectOk(args: readonly string[]): Promise<void> {
  const { code, stderr } = await project.mlops(args);
  expect(code, stderr).toBe(0);
}

const identityOf = async (name: string) => await currentIdentity({ ...config, identity: name });
/** The command line as somebody else. */
const as = async (name: string, ...args: string[]) => await project.mlops(args, { env: { MLOPS_IDENTITY: name } });

let number = 0;

/** A version that its author has registered and the engineer wants in production. */
async function request(): Promise<ApprovalView> {
  number += 1;
  const model = `m${number}`;
  const registry = await registryOf('engineer');
  const artifact = join(project.root, `${model}.bin`);
  await writeFile(artifact, `weights of ${model}`);
  const metadata = { tokenizer: 'bert', max_input_tokens: 512 };
  const metrics = { recall_at_5: 0.89 };
  const registration = { model, version: '1.0.0', type: 'reranker', metadata, metrics };
  const actor = (await identityOf('author')).actor;
  await registry.register({ registration, artifactPath: artifact, wantsProduction: false, actor });
  await registry.promote({ ...(await promotionOf(model)), to: 'staging' });
  return await ask(model);
}

async function ask(model: string): Promise<ApprovalView> {
  const { awaiting } = await (await registryOf('engineer')).promote(await promotionOf(model));
  return await show(awaiting?.approvalId ?? '');
}

async function promotionOf(model: string) {
  const actor = (await identityOf('engineer')).actor;
  const order = { model, version: '1.0.0', to: 'production', expectedProduction: null, approvalId: null } as const;
  return { ...order, reason: 'release', actor };
}

/** The registry as it asks for approvals, in the name of somebody with a key. */
async function registryOf(identity: string) {
  const asking = { ...config, identity };
  return (await openAskingRegistry(asking, evidence, async () => await Promise.resolve(temporal))).registry;
}

/** A request that is written already, with figures that nobody here has measured. */
async function written(change: Partial<ApprovalOrder> = {}): Promise<ApprovalView> {
  number += 1;
  const order = createOrder({
    kind: 'recorded-action',
    resource: `model/m${number}/1.0.0`,
    environment: config.environment,
    requestedBy: (await identityOf('engineer')).actor,
    excluded: { [(await identityOf('author')).actor]: 'author' },
    risk: { ...createOrder().risk, failedGates: ['recall'] },
    ...change,
  });
  const requester = await evidence.principals.actor(order.requestedBy);
  const id = `apr-written-${number}`;
  await createApprovalStore(evidence).open(id, order, config.governance.approvalPolicy, requester);
  return await createApprovalReader(pool).view(id);
}

async function show(approvalId: string): Promise<ApprovalView> {
  const who = await identityOf('eve');
  const resource = resourceOfApproval(approvalId);
  return await approvals.show(approvalId, who.claim({ action: 'approval.read', resource, content: null }));
}

async function decide(approvalId: string, name: string, verdict: Verdict = 'approve') {
  const { contentDigest: seen } = await show(approvalId);
  const order = { seen, reason: 'checked' };
  const who = await identityOf(name);
  const resource = resourceOfApproval(approvalId);
  const content = decisionContent(verdict, order);
  return await approvals.decide({
    approvalId,
    verdict,
    ...order,
    claim: who.claim({ action: 'approval.decide', resource, content }),
  });
}

describe('on a stack', () => {
  it('an approval is asked for, listed, shown and given by command line', async () => {
    expect((await project.mlops(['approval', 'list'])).stdout).toContain('Nothing waits for an approval');
    const { approvalId, contentDigest } = await request();
    const list = await project.mlops(['approval', 'list']);
    expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining(approvalId) });
    const shown = await project.mlops(['approval', 'show', approvalId]);
    expect(shown.code).toBe(6);
    expect(shown.stdout).toContain('2 more of 2 approvals wanted, of approver, until ');
    expect(shown.stdout).toContain('author (author)');
    expect(shown.stdout).toContain('engineer (requester)');
    expect(shown.stdout).toContain('recall_at_5');

    const refused = await as('eve', 'approval', 'approve', approvalId);
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('NOT_AUTHORISED'),
    });
    const reviewer = await as('deputy', 'approval', 'approve', approvalId);
    expect(reviewer).toMatchObject({ code: 4, stderr: expect.stringContaining('wanted approver') });
    const program = await project.mlops(['identity', 'create', 'bot', '--service', '--role', 'approver']);
    expect(program).toMatchObject({ code: 2, stderr: expect.stringContaining('ROLE_FOR_PEOPLE') });
    const author = await as('author', 'approval', 'approve', approvalId);
    expect(author).toMatchObject({ code: 4, stderr: expect.stringContaining('an author of what is asked for') });
    expect(author.stderr, 'once').not.toContain('caused by');
    const dry = await project.mlops(['approval', 'approve', approvalId, '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('would approve stage-promotion of model/m') });
    const stale = await project.mlops(['approval', 'approve', approvalId, '--seen', DIGEST.b]);
    expect(stale).toMatchObject({ code: 4, stderr: expect.stringContaining('look at it again') });
    const first = await project.mlops(['approval', 'approve', approvalId, '--reason', 'fine', '--seen', contentDigest]);
    expect(first).toMatchObject({
      code: 6,
      stdout: expect.stringContaining('counted, pending → pending; 1 more of 2'),
    });
    expect(await decide(approvalId, 'bob')).toMatchObject({ state: 'approved' });
    expect((await project.mlops(['approval', 'show', approvalId])).code).toBe(0);
    // That somebody was refused is evidence too.
    const { rows } = await pool.query(
      `SELECT FROM ledger_event WHERE type = 'approval.approve-refused' AND resource = $1`,
      [`approval/${approvalId}`],
    );
    expect(rows.length).toBe(3);
    const { resource } = await show(approvalId);
    const told = () => receiver.of(resource).map(({ event, signed }) => [event, signed]);
    await until(
      async () => await Promise.resolve(told()),
      (seen) => seen.length === 2,
      20_000,
    );
    expect(told()).toEqual([
      ['approval-requested', true],
      ['approval-granted', true],
    ]);
  });

  it('one who wants to approve their own is told of, by whatever way they try', async () => {
    const { approvalId, contentDigest: seen } = await request();
    const engineer = await identityOf('engineer');
    const own = 'a requester of what is asked for may not decide';
    const [from] = await query<{ size: string }>(pool, 'SELECT size FROM ledger_head');
    expect((await as('engineer', 'approval', 'approve', approvalId)).stderr).toContain(own);
    const { url } = await approvals.link({ approvalId, seen }, engineer);
    const code = url.slice(url.lastIndexOf('/') + 1).replace('#', '.');
    await expect(approvals.decideByLink(code, { verdict: 'approve', reason: '' })).rejects.toThrow(own);
    const handle = temporal.workflow.getHandle(`approval/${approvalId}`);
    await handle.signal('approve', { code });
    const order = { reason: '', seen };
    const asked = { action: 'approval.decide', resource: resourceOfApproval(approvalId) };
    const claim = engineer.claim({ ...asked, content: decisionContent('approve', order) });
    await expect(handle.executeUpdate('approve', { args: [{ ...order, claim, code: null }] })).rejects.toThrow();
    // Who is named in what somebody else has made up is not told of.
    const forged = { ...claim.statement, signature: `${'A'.repeat(86)}==` } as SignedStatement;
    const made = {
      ...order,
      seen: DIGEST.b,
      approvalId,
      verdict: 'approve',
      claim: { ...claim, statement: forged },
    } as const;
    await expect(approvals.decide(made)).rejects.toThrow('look at it again');
    // What only the worker sees to be wrong is written down by it, as of nobody.
    const illSigned = { ...order, claim: { ...claim, statement: forged }, code: null };
    await expect(handle.executeUpdate('approve', { args: [illSigned] })).rejects.toThrow();
    const { rows: unknown } = await pool.query(
      `SELECT actor FROM ledger_event WHERE type = 'approval.decide-refused' AND resource = $1`,
      [`approval/${approvalId}`],
    );
    expect(unknown).toEqual([{ actor: 'unknown:unauthenticated' }]);

    const told = await until(
      async () =>
        (await readAccessEvents(pool, Number(from?.size), 1e9))
          .get(engineer.actor)
          ?.filter(({ asked: own }) => own !== null) ?? [],
      (events) => events.length === 4,
      20_000,
    );
    expect(told.map(({ asked: one, code: refusal, type }) => [type, refusal, one?.isOwn])).toEqual(
      Array.from({ length: 4 }, () => ['approval.approve-refused', 'APPROVAL_REFUSED', true]),
    );
    const { rows } = await pool.query<{ actor: string; known: string }>(
      `SELECT actor, canonical::json -> 'actor' ->> 'authentication' AS known FROM ledger_event
       WHERE type = 'approval.approve-refused' AND resource = $1 ORDER BY sequence`,
      [`approval/${approvalId}`],
    );
    // Nobody waits for what became of a signal.
    const known = ['ed25519', 'ed25519', 'none', 'one-time-link', 'one-time-link'];
    expect(rows.map((row) => row.known).toSorted()).toEqual(known);
  });

  it('is denied by command line, and shown so', async () => {
    const { approvalId } = await request();
    expect((await project.mlops(['approval', 'deny', approvalId, '--reason', 'recall'])).code).toBe(0);
    expect(await project.mlops(['approval', 'show', approvalId])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('State: denied'),
    });
    expect(await project.mlops(['approval', 'approve', approvalId])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('it is denied'),
    });
    // Whoever lost the answer sends it again.
    expect(await project.mlops(['approval', 'deny', approvalId])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--reason is not given, wanted why it is denied'),
    });
    expect(await project.mlops(['approval', 'deny', approvalId, '--reason', 'recall'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('deny: counted, denied → denied'),
    });
    await expect(decide(approvalId, 'ann', 'deny'), 'who has not').rejects.toThrow('it is denied');
    expect((await project.mlops(['approval', 'show', 'apr-nothing'])).code).toBe(2);
    expect((await project.mlops(['approval', 'list'])).stdout).not.toContain(approvalId);
    expect((await project.mlops(['approval', 'list', '--all'])).stdout).toContain(approvalId);
  });

  it('the same request is taken up, and what was given for it stays', async () => {
    const { approvalId, resource } = await request();
    await decide(approvalId, 'ann');
    const again = await ask(resource.split('/')[1] ?? '');
    expect(again).toMatchObject({ approvalId, round: 1, decisions: [{}] });
  });

  it('outlives the worker that waited, and what was decided counts', async () => {
    const { approvalId } = await request();
    await decide(approvalId, 'ann');
    process.kill(await project.pidOf('worker'), 'SIGKILL');
    expect((await project.mlops(['approval', 'show', approvalId])).stdout).toContain('approve by ann');
    const sent = decide(approvalId, 'bob');
    await sleep(500);
    expect((await project.mlops(['up', '--detach'])).code).toBe(0);
    await sent.catch(() => undefined);
    // It may have come through the first time, and what followed from it may be done already.
    expect(await decide(approvalId, 'bob')).toMatchObject({ accepted: true });
    const view = await until(
      async () => await show(approvalId),
      ({ state }) => state === 'carried-out',
      20_000,
    );
    expect(view.decisions.map(({ principal }) => view.names[principal])).toEqual(['ann', 'bob']);
  });

  it('a right is handed on and taken back by command line', async () => {
    const { approvalId } = await request();
    const delegated = await project.mlops(['approval', 'delegate', 'deputy', '--approval', approvalId, '--for', '1h']);
    expect(delegated).toMatchObject({ code: 0, stdout: expect.stringContaining('deputy may decide about approval') });
    expect(await decide(approvalId, 'deputy')).toMatchObject({ missing: 1 });
    const shown = await project.mlops(['approval', 'show', approvalId]);
    expect(shown.stdout).toContain(`approve by deputy on behalf of ${ME}`);
    expect((await project.mlops(['approval', 'delegate', 'deputy', '--revoke'])).stdout).toContain(
      'Taken back from deputy: 1 delegation',
    );
    expect((await project.mlops(['approval', 'delegate', 'nobody-knows'])).code).toBe(2);
  });

  describe('of a promotion', () => {
    const model = async (name: string, ...args: string[]) => await as(name, 'model', ...args, '-o', 'json');
    const register = async (version: string) => {
      const artifact = join(project.root, `ranker-${version}.bin`);
      await writeFile(artifact, `weights of ${version}`);
      const metadata = ['tokenizer=bert', 'max_input_tokens=512'].flatMap((one) => ['--metadata', one]);
      const metric = `ndcg_at_10=0.7${version[0] ?? ''}`;
      const what = ['ranker', version, '--type', 'reranker', ...metadata, '--metric', metric, '--artifact', artifact];
      return await model('maker', 'register', ...what);
    };
    beforeAll(async () => await expectOk(['identity', 'create', 'maker', '--role', 'engineer']));

    it('is asked for by the promotion itself, and carries it out', async () => {
      expect((await register('1.0.0')).stderr).toBe('');
      expect((await model('maker', 'promote', 'ranker', '1.0.0', '--to', 'staging')).code).toBe(0);
      const asked = await model('maker', 'promote', 'ranker', '1.0.0', '--to', 'production', '--reason', 'first');
      expect(asked.code, asked.stderr).toBe(6);
      const { awaiting } = JSON.parse(asked.stdout) as { awaiting: { approvalId: string } };
      const shown = await project.mlops(['approval', 'show', awaiting.approvalId]);
      expect(shown.stdout).toContain('ndcg_at_10');
      expect(shown.stdout).toContain('maker (author)');
      expect(await as('maker', 'approval', 'approve', awaiting.approvalId)).toMatchObject({ code: 4 });
      for (const name of ['ann', 'bob']) await decide(awaiting.approvalId, name);
      await until(
        async () => (await show(awaiting.approvalId)).state,
        (state) => state === 'carried-out',
        20_000,
      );
      const version = JSON.parse((await model('maker', 'show', 'ranker', '1.0.0')).stdout) as { stage: string };
      expect(version.stage).toBe('production');
      const history = await model('maker', 'history', 'ranker');
      expect(history.stdout).toContain(awaiting.approvalId);
    });

    it('so is the move of a protected alias, in the name of who asked for it', async () => {
      const asked = await model('maker', 'alias', 'ranker', 'champion', '1.0.0', '--reason', 'the best so far');
      expect(asked.code, asked.stderr).toBe(6);
      const { awaiting } = JSON.parse(asked.stdout) as { awaiting: { approvalId: string } };
      const { approvalId } = awaiting;
      expect(await show(approvalId)).toMatchObject({ kind: 'protected-alias', quorum: 2, state: 'pending' });
      await expect(decide(approvalId, 'maker')).rejects.toMatchObject({ exitCode: 4 });
      await decide(approvalId, 'ann');
      expect((await model('maker', 'show', 'ranker', 'champion')).stderr).toContain('ALIAS_NOT_FOUND');
      await decide(approvalId, 'bob');
      await until(
        async () => (await show(approvalId)).state,
        (state) => state === 'carried-out',
        20_000,
      );
      const meant = JSON.parse((await model('maker', 'show', 'ranker', 'champion')).stdout) as { version: string };
      expect(meant.version).toBe('1.0.0');
      const [event] = await query(
        pool,
        `SELECT actor, canonical::json -> 'facts' ->> 'approvalId' AS approval, canonical::json -> 'facts' ->> 'version' AS version
         FROM ledger_event WHERE type = 'model.alias-set'`,
      );
      expect(event).toEqual({ actor: (await identityOf('maker')).actor, approval: approvalId, version: '1.0.0' });
      // What is so already needs nobody.
      expect((await model('maker', 'alias', 'ranker', 'champion', '1.0.0')).code).toBe(0);
    });

    it('is void when production has changed meanwhile', async () => {
      for (const version of ['2.0.0', '3.0.0']) {
        await register(version);
        await model('maker', 'promote', 'ranker', version, '--to', 'staging');
      }
      const ask = async (version: string) => {
        const { stdout } = await model('maker', 'promote', 'ranker', version, '--to', 'production');
        return (JSON.parse(stdout) as { awaiting: { approvalId: string } }).awaiting.approvalId;
      };
      const [second, third] = [await ask('2.0.0'), await ask('3.0.0')];
      for (const name of ['ann', 'bob']) await decide(third, name);
      await until(
        async () => (await show(third)).state,
        (state) => state === 'carried-out',
        20_000,
      );
      for (const name of ['ann', 'bob']) await decide(second, name);
      // It was measured against 1.0.0, and 3.0.0 is there by now.
      const voided = await until(
        async () => await show(second),
        ({ round }) => round === 2,
        20_000,
      );
      expect(voided).toMatchObject({
        state: 'pending',
        decisions: [],
        action: { version: '2.0.0', replaces: '3.0.0' },
      });
      expect(voided.evidence).toMatchObject([{ value: 0.72, baseline: 0.73 }]);
      expect(await ask('2.0.0')).toBe(second);
      expect(await show(second)).toMatchObject({ round: 2, decisions: [] });
    });

    it('ends when its version is retired, says why, and takes no decision any more', async () => {
      const { approvalId, resource } = await request();
      const [, name = '', version = ''] = resource.split('/');
      expect((await model('engineer', 'retire', name, version, '--yes')).stderr).toBe('');
      await until(
        async () => (await show(approvalId)).state,
        (state) => state === 'voided',
        20_000,
      );
      const [event] = await query<{ why: string }>(
        pool,
        `SELECT canonical::json -> 'facts' ->> 'why' AS why FROM ledger_event WHERE type = 'approval.voided' AND resource = $1`,
        [resourceOfApproval(approvalId)],
      );
      expect(event).toEqual({ why: 'version-retired' });
      const late = await as('ann', 'approval', 'approve', approvalId);
      expect(late).toMatchObject({ code: 4, stderr: expect.stringContaining('it is voided') });
    });
  });

  it('an event that is a claim pends until somebody has approved it', async () => {
    const mlops = connect({
      workingDirectory: project.root,
      env: { ...process.env, MLOPS_PORT_OFFSET: String(OFFSETS.approvals), MLOPS_IDENTITY: 'engineer' },
    });
    const order = {
      eventType: 'model_deployment',
      resourceId: 'rag-api-v2.1.0',
      action: 'deploy_production',
      complianceFrameworks: ['gdpr', 'soc2'],
      metadata: { explainable: true, consent_tracked: true },
    } as const;
    const recorded = async () =>
      (
        await pool.query<{ canonical: string }>(
          `SELECT canonical FROM ledger_event WHERE type = 'recorded.deploy_production' ORDER BY sequence`,
        )
      ).rows.map(({ canonical }) => JSON.parse(canonical) as { facts: Record<string, unknown>; frameworks: string[] });
    try {
      const pending = await mlops.governance.recordEvent(order);
      expect(pending).toMatchObject({ state: 'pending', unshown: ['consent_tracked', 'explainable'] });
      const { approvalId } = pending as { approvalId: string };
      expect(await recorded()).toEqual([]);
      for (const name of ['ann', 'bob', 'author']) await decide(approvalId, name).catch(() => undefined);
      await until(
        async () => (await show(approvalId)).state,
        (state) => state === 'carried-out',
        20_000,
      );
      expect(await recorded()).toMatchObject([
        { frameworks: ['gdpr', 'soc2'], facts: { approval: approvalId, unshown: ['consent_tracked', 'explainable'] } },
      ]);
      // What is there, and about something else, shows nothing.
      const foreign = { explainable: 'ledger:0', consent_tracked: 'ledger:1' };
      const both = ['consent_tracked', 'explainable'];
      for (const metadata of [order.metadata, { explainable: 'yes', consent_tracked: 1 }])
        expect(await mlops.governance.recordEvent({ ...order, metadata, evidence: foreign })).toMatchObject({
          state: 'pending',
          unshown: both,
        });
      const check = {
        ...order,
        eventType: 'compliance_check',
        metadata: { consents: 12, consent_tracked: false },
      } as const;
      expect(
        await mlops.governance.recordEvent({ ...check, resourceId: 'wiki', action: 'consent_counted' }),
      ).toMatchObject({
        state: 'pending',
        unshown: ['consents'],
      });
      const counted = { resourceId: 'dataset/wiki', action: 'consent_counted', metadata: { people: 12 } };
      for (const one of [counted, { metadata: {}, action: 'explanation_read' }])
        expect(await mlops.governance.recordEvent({ ...check, ...one })).toEqual({ state: 'recorded', unshown: [] });
      const sequenceOf = async (action: string) =>
        (
          await query<{ sequence: string }>(pool, 'SELECT sequence FROM ledger_event WHERE type = $1', [
            `recorded.${action}`,
          ])
        )[0]?.sequence;
      const evidence = {
        explainable: `ledger:${await sequenceOf('explanation_read')}`,
        consent_tracked: `ledger:${await sequenceOf('consent_counted')}`,
      };
      expect(await mlops.governance.recordEvent({ ...order, evidence })).toEqual({ state: 'recorded', unshown: [] });
      expect(
        await mlops.governance.recordEvent({ ...order, evidence: { ...evidence, explainable: 'ledger:999999999' } }),
      ).toMatchObject({ state: 'pending', unshown: ['explainable'] });
      expect(
        await mlops.governance.recordEvent({ ...order, evidence, action: 'deploy_again', approvalRequired: true }),
      ).toMatchObject({ state: 'pending', unshown: [] });
      await expect(mlops.governance.recordEvent({ ...order, action: 'Words of Ada' })).rejects.toMatchObject({
        code: 'USAGE_INVALID',
      });
      expect(await recorded()).toHaveLength(2);
      // Texts may be about people: none stands in the log, or beside it where nothing is erased.
      const words = 'Ada of ada@example.org looked at it';
      const noted = { ...check, action: 'noted', metadata: { people: 12, note: words } };
      expect(await mlops.governance.recordEvent(noted)).toMatchObject({ state: 'recorded' });
      const waiting = await mlops.governance.recordEvent({ ...noted, action: 'noted_later', approvalRequired: true });
      const { action } = await show((waiting as { approvalId: string }).approvalId);
      expect(action['metadata']).toEqual({ people: 12, note: expect.stringMatching(/^ledger:\d+$/) as string });
      const { rows } = await pool.query<{ sequence: string; canonical: string }>(
        `SELECT sequence, canonical FROM ledger_event WHERE type IN ('recorded.noted', 'recorded.texts-sealed') ORDER BY sequence`,
      );
      expect(rows).toHaveLength(2);
      const reader = await composeLedgerReader(config, pool);
      for (const { canonical, sequence } of rows) {
        expect(canonical).not.toContain('example.org');
        const opened = await reader.event(Number(sequence), { withPayload: true, actor: ME });
        expect(opened?.payload).toMatchObject({ metadata: { note: words } });
      }
    } finally {
      await mlops.close();
    }
  });

  describe('a TypeScript program', () => {
    const programOf = (identity: string | null): Mlops =>
      connect({
        workingDirectory: project.root,
        env: {
          ...process.env,
          MLOPS_PORT_OFFSET: String(OFFSETS.approvals),
          ...(identity === null ? {} : { MLOPS_IDENTITY: identity }),
        },
      });
    const inProgram = async <T>(identity: string | null, work: (mlops: Mlops) => Promise<T>): Promise<T> => {
      const mlops = programOf(identity);
      try {
        return await work(mlops);
      } finally {
        await mlops.close();
      }
    };

    it('takes the whole registry out, and in again where it is the same', async () => {
      await request();
      await inProgram(null, async ({ registry }) => {
        const { transfer } = registry;
        const { rows } = await transfer.exportTo('registry.jsonl');
        expect(rows).toBeGreaterThan(2);
        expect(await transfer.import(transfer.export())).toEqual({ rows: 0, isNew: false });
        await expect(transfer.takeOver({ url: `http://127.0.0.1:${config.ports.api}` })).rejects.toMatchObject({
          code: 'REGISTRY_SOURCE_OWN',
        });
      });
    });

    it('asks under an id of its own where an imported registry has used the one that comes first', async () => {
      const { environment } = config;
      const resource = `model/m${number + 1}/1.0.0/stage/${environment}/production`;
      const hash = createHash('sha256').update([environment, 'stage-promotion', resource, 0].join('\n')).digest('hex');
      const first = `apr-${hash.slice(0, 12)}`;
      await pool.query(`BEGIN; SET LOCAL session_replication_role = replica;
        INSERT INTO used_approval (approval_id, resource, ledger_sequence) VALUES ('${first}', '${resource}', 0); COMMIT`);
      const { approvalId, resource: asked } = await request();
      expect(asked).toBe(resource);
      expect(approvalId).not.toBe(first);
      await decide(approvalId, 'ann');
      await decide(approvalId, 'bob');
      const done = await until(
        async () => (await show(approvalId)).state,
        (state) => state === 'carried-out',
        20_000,
      );
      expect(done, 'it is good for the promotion').toBe('carried-out');
    });

    it('lists, shows, delegates and decides as the identity that it runs by', async () => {
      const { approvalId: older } = await request();
      const { approvalId, contentDigest } = await request();
      const text = (await project.mlops(['approval', 'list', '--limit', '1'])).stdout;
      expect(text).toMatch(new RegExp(`^${approvalId} .*\\nMore: --after ${approvalId}$`, 'm'));
      expect(text).not.toContain(older);
      await inProgram('eve', async ({ approvals: asked }) => {
        const first = await asked.list({ limit: 1 });
        expect(first).toMatchObject({ approvals: [{ approvalId }], cursor: approvalId });
        expect(await asked.list({ limit: 1, after: approvalId })).toMatchObject({ approvals: [{ approvalId: older }] });
        expect((await asked.list()).cursor).toBeNull();
        await expect(asked.list({ after: 'apr-nothing' })).rejects.toMatchObject({ code: 'APPROVAL_NOT_FOUND' });
        expect(await asked.show(approvalId)).toMatchObject({ state: 'pending', contentDigest });
        await expect(asked.approve({ approvalId })).rejects.toMatchObject({ code: 'NOT_AUTHORISED', exitCode: 4 });
        await expect(asked.show('apr-nothing')).rejects.toMatchObject({ code: 'APPROVAL_NOT_FOUND', exitCode: 2 });
      });
      await inProgram('ann', async ({ approvals: asked }) => {
        expect(await asked.foresee('approve', { approvalId })).toMatchObject({ approvalId, decisions: [] });
        await expect(asked.approve({ approvalId, seen: DIGEST.b })).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
        const { approval, ...decided } = await asked.approve({ approvalId, reason: 'fine', seen: contentDigest });
        expect(decided).toMatchObject({ verdict: 'approve', seen: contentDigest, stateBefore: 'pending', missing: 1 });
        expect(approval.decisions).toMatchObject([{ principal: (await identityOf('ann')).actor }]);
      });
      await inProgram('bob', async ({ approvals: asked }) => {
        const delegated = await asked.delegate({ to: 'deputy', approvalId, forSeconds: 3600 });
        expect(delegated).toEqual({ to: (await identityOf('deputy')).actor, until: expect.any(String) as string });
        await inProgram('deputy', async (mlops) => {
          expect(await mlops.approvals.deny({ approvalId, reason: 'recall' })).toMatchObject({ state: 'denied' });
        });
        expect(await asked.undelegate({ to: 'deputy' })).toBe(1);
        await expect(asked.approve({ approvalId })).rejects.toMatchObject({ code: 'APPROVAL_REFUSED', exitCode: 4 });
        await expect(asked.link(approvalId)).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
      });
    });

    it('finds, exports and verifies evidence', async () => {
      const { approvalId } = await request();
      await decide(approvalId, 'ann');
      await inProgram(null, async ({ audit }) => {
        const resource = `approval/${approvalId}`;
        const first = await audit.query({ resource, limit: 1, oldestFirst: true });
        expect(first.events).toMatchObject([{ resource, type: 'approval.requested' }]);
        const after = first.cursor ?? -1;
        const next = await audit.query({ resource, type: 'approval.approve', oldestFirst: true, after });
        expect(next).toMatchObject({ events: [{ type: 'approval.approve' }], cursor: null });
        const types: string[] = [];
        for await (const { type } of audit.events({ resource, since: '2026-01-01' })) types.push(type);
        // Readings are there too, as often as chance has it.
        expect(types.filter((type) => type !== 'approval.read')).toEqual(['approval.approve', 'approval.requested']);

        const proven = await audit.event(after, { withPayload: true });
        expect(proven).toMatchObject({ event: { resource }, payload: { reason: 'release' } });
        await expect(audit.event(999_999_999)).rejects.toMatchObject({ code: 'EVENT_NOT_FOUND', exitCode: 2 });

        const written = await audit.exportTo('program.jsonl');
        expect(await audit.verify({ file: 'program.jsonl' })).toMatchObject({
          valid: true,
          events: written.events,
          signedBy: [expect.any(String)],
        });
        expect(await audit.verify({ file: '.mlops/audit' })).toMatchObject({ valid: true });
        const lines: string[] = [];
        for await (const line of audit.export({ from: after, to: after })) lines.push(line);
        expect(lines).toHaveLength(2);
        expect(JSON.parse(lines[1] ?? '')).toMatchObject({ sequence: after });
      });
      await inProgram('eve', async ({ audit }) => {
        await expect(audit.exportTo('eve.jsonl')).rejects.toMatchObject({ code: 'NOT_AUTHORISED' });
      });
    });

    it('keeps identities, and what is held and erased', async () => {
      await inProgram(null, async ({ governance, identities }) => {
        const made = await identities.create({ name: 'gwen', roles: ['viewer'], reason: 'joins' });
        await expect(identities.create({ name: 'gwen', file: join(project.root, 'gwen.json') })).rejects.toMatchObject({
          code: 'IDENTITY_EXISTS',
        });
        expect(await identities.grant({ name: 'gwen', roles: ['viewer', 'reviewer'] })).toEqual(['reviewer']);
        const { principal } = made;
        const { identities: known, you } = await identities.list();
        expect(known.find((one) => one.principal === principal)).toMatchObject({
          name: 'gwen',
          roles: ['reviewer', 'viewer'],
          keys: [made.key],
        });
        expect(you).toBe((await currentIdentity(config)).actor);
        const rotated = await identities.rotate({ name: 'gwen' });
        expect(rotated).toMatchObject({ replaced: [made.key], file: made.file });
        expect(await identities.revoke({ name: 'gwen', role: 'reviewer' })).toEqual({ roles: ['reviewer'], keys: [] });
        expect(await identities.revoke({ name: 'gwen', role: null })).toEqual({
          roles: ['viewer'],
          keys: [rotated.key],
        });

        const held = { subject: 'gwen', caseId: '2026-17' };
        expect(await governance.holds.place(held)).toBe(true);
        expect(await governance.holds.place(held)).toBe(false);
        expect(await governance.holds.list()).toMatchObject([{ subject: principal, caseId: '2026-17' }]);
        expect(await governance.foreseeErasure('gwen')).toMatchObject({ subject: principal, held: principal });
        await expect(governance.erase({ subject: 'gwen' })).rejects.toMatchObject({ code: 'LEGAL_HOLD', exitCode: 3 });
        await governance.holds.release(held);
        await expect(governance.holds.release(held)).rejects.toMatchObject({ code: 'HOLD_UNKNOWN' });
        expect(await governance.erase({ subject: 'gwen' })).toMatchObject({ subject: principal, name: true });
        await expect(governance.erase({ subject: 'gwen' })).rejects.toMatchObject({ code: 'SUBJECT_UNKNOWN' });

        expect(await governance.watch()).toMatchObject({ enabled: true, falseAlarmsPerMonth: expect.any(Number) });
        const none = { alarm: 999_999_999, reason: 'looked' };
        await expect(governance.acknowledge(none)).rejects.toMatchObject({ code: 'ALARM_UNKNOWN' });
        const key = await governance.addKey();
        expect(await governance.rotateKeys({ reason: 'yearly' })).toMatchObject({ key });
      });
    });
  });

  describe('an order that somebody sends straight to the engine', () => {
    let forged = 0;
    /** Starts the workflow itself, with whatever it is given; says how it ended, or how it stands. */
    const send = async (order: object): Promise<string> => {
      const approvalId = `apr-forged-${(forged += 1)}`;
      const handle = await temporal.workflow.start('approval', {
        workflowId: `approval/${approvalId}`,
        taskQueue: TASK_QUEUE,
        args: [{ approvalId, order }],
      });
      const isOpen = await handle.executeUpdate('opened', { args: [null] }).then(
        () => true,
        () => false,
      );
      if (isOpen) return approvalId;
      const failure = (await handle.result().catch((error: unknown) => error)) as { cause: ActivityFailure };
      return (failure.cause.cause as ApplicationFailure).type ?? '';
    };
    const signed = async (name: string, ask: Omit<ApprovalAsk, 'claim'>): Promise<ApprovalAsk> => {
      const { resource } = ask;
      const content = contentOfAsk(ask);
      return { ...ask, claim: (await identityOf(name)).claim({ action: 'model.promote', resource, content }) };
    };
    /** How it is known who asked. */
    const authenticationOf = async (approvalId: string) =>
      (
        await query<{ authentication: string }>(
          pool,
          `SELECT canonical::json -> 'actor' ->> 'authentication' AS authentication FROM ledger_event
           WHERE type = 'approval.requested' AND resource = $1`,
          [resourceOfApproval(approvalId)],
        )
      )[0]?.authentication;
    /** A version that its author has registered, and nobody has asked about. */
    const unasked = async (): Promise<ApprovalAsk> => {
      const { approvalId, resource } = await request();
      await createApprovalStore(evidence).changeContent(approvalId, null, config.governance.approvalPolicy);
      const requestedBy = (await evidence.principals.person(ME)).id;
      return { kind: 'stage-promotion', resource, environment: 'staging', requestedBy, reason: '' };
    };

    it('gets the terms that the worker finds, whatever it says of risk, exclusion, digests and figures', async () => {
      const ask = await unasked();
      const harmless = { ...createOrder().risk, trafficPercent: 0, modelType: 'reranker', daysSinceLastChange: 5 };
      const bound = { artifact: DIGEST.c, tests: DIGEST.c, policy: DIGEST.c };
      const forgery = { excluded: {}, risk: { ...harmless, changeSize: 'patch' }, bound, quorum: 1, roles: ['viewer'] };
      const approvalId = await send({ ...createOrder(), ...ask, ...forgery });
      const view = await show(approvalId);
      const [author, engineer] = [(await identityOf('author')).actor, (await identityOf('engineer')).actor];
      expect(view).toMatchObject({
        quorum: 2,
        roles: ['approver'],
        risk: { band: 'high' },
        evidence: [{ name: 'recall_at_5', value: 0.89 }],
        action: { model: ask.resource.split('/')[1], replaces: null },
        excluded: { [author]: 'author', [ask.requestedBy]: 'requester' },
      });
      expect(Object.values(view.bound)).not.toContain(DIGEST.c);
      expect(view.excluded, 'it did not ask').not.toHaveProperty(engineer);
      await expect(decide(approvalId, 'author')).rejects.toThrow('an author of what is asked for may not decide');
      await decide(approvalId, 'ann');
      const renewed = temporal.workflow.getHandle(`approval/${approvalId}`);
      await renewed.executeUpdate('renew', { args: [{ ...ask, ...forgery, evidence: createOrder().evidence }] });
      await expect(renewed.executeUpdate('renew', { args: [{ bound, risk: harmless }] })).rejects.toThrow();
      const { ledgerSequence: _, ...unchanged } = view;
      expect(await show(approvalId)).toMatchObject({ ...unchanged, decisions: [{ verdict: 'approve' }] });
      expect(await authenticationOf(approvalId), 'nothing was signed').toBe('operating-system');
    });

    it('is refused when nobody may ask for that, or there is no such thing', async () => {
      const ask = await unasked();
      const { requestedBy: me, resource } = ask;
      const engineer = (await identityOf('engineer')).actor;
      const elsewhere = resource.replace('/staging/', '/production/');
      const refusals = async (asks: readonly object[]) => await Promise.all(asks.map(async (one) => await send(one)));
      const eve = (await identityOf('eve')).actor;
      expect(
        await refusals([
          { ...ask, environment: 'production' },
          { ...ask, resource: elsewhere },
          { ...ask, resource: resource.replace('1.0.0', '9.0.0') },
          { ...ask, resource: 'model/nothing/1.0.0/stage/staging/production' },
          { ...ask, kind: 'rollout-gate', resource: 'rollout/staging/rag_api/gate/1/key' },
          { ...ask, kind: 'erasure', resource: `erasure/${ME}` },
          { ...ask, kind: 'recorded-action', resource: 'recorded/model/x/deploy', action: { action: 'deploy' } },
          { ...ask, kind: 'whatever' },
          { ...ask, requestedBy: engineer },
          { ...ask, requestedBy: 'principal:00000000000000ff' },
          await signed('eve', { ...ask, requestedBy: eve }),
          await signed('engineer', { ...ask, requestedBy: eve }),
          { ...(await signed('engineer', { ...ask, requestedBy: engineer })), reason: 'another' },
          {},
        ]),
      ).toEqual([
        'ENVIRONMENT_FOREIGN',
        'APPROVAL_REFUSED',
        'APPROVAL_REFUSED',
        'APPROVAL_REFUSED',
        'APPROVAL_REFUSED',
        'APPROVAL_REFUSED',
        'APPROVAL_REFUSED',
        'APPROVAL_REFUSED',
        'NOT_AUTHENTICATED',
        'NOT_AUTHENTICATED',
        'NOT_AUTHORISED',
        'APPROVAL_REFUSED',
        'NOT_AUTHENTICATED',
        'APPROVAL_REFUSED',
      ]);
      expect(me).not.toBe(engineer);
      const rows = await query(pool, `SELECT FROM approval_request WHERE state = 'pending' AND resource = $1`, [
        resource,
      ]);
      expect(rows).toHaveLength(0);
    });

    it('that was taken for what it said, before the worker looked itself, is asked for anew before it is carried out', async () => {
      const { resource } = await unasked();
      const author = (await identityOf('author')).actor;
      const harmless = { ...createOrder().risk, trafficPercent: 0, modelType: 'reranker', daysSinceLastChange: 5 };
      const risk = { ...harmless, changeSize: 'patch', signed: null } as const;
      const before = await written({ kind: 'stage-promotion', resource, excluded: {}, risk });
      expect(before).toMatchObject({ quorum: 1 });
      expect(await decide(before.approvalId, 'author')).toMatchObject({ state: 'approved' });
      const after = await until(
        async () => await show(before.approvalId),
        ({ round }) => round === 2,
        20_000,
      );
      expect(after).toMatchObject({ state: 'pending', quorum: 2, decisions: [], excluded: { [author]: 'author' } });
      await expect(decide(before.approvalId, 'author')).rejects.toThrow('an author of what is asked for');
    });

    it('about an approval of another environment is not obeyed', async () => {
      const { approvalId } = await written({ environment: 'production', resource: 'model/foreign/1.0.0' });
      await expect(decide(approvalId, 'ann')).rejects.toMatchObject({ code: 'ENVIRONMENT_FOREIGN' });
      expect(await show(approvalId)).toMatchObject({ state: 'pending', decisions: [] });
    });

    it('is signed by who asks, or by a program that vouches for who came to it by a token', async () => {
      const { kind, reason, resource } = await unasked();
      const order = { kind, reason, resource, requestedBy: (await identityOf('engineer')).actor };
      const connect = async () => await Promise.resolve(temporal);
      const asking = (identity: string | null) => composeApprovals({ ...config, identity }, { evidence, connect });
      for (const other of ['ann', null])
        await expect(asking(other).request(order)).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
      await expectOk(['identity', 'create', 'gate', '--service', '--role', 'engineer']);
      const { approvalId, requestedBy } = await asking('gate').request(order);
      expect(requestedBy).toBe(order.requestedBy);
      const gate = (await identityOf('gate')).actor;
      expect(await authenticationOf(approvalId)).toBe(`vouched-by:${gate}`);
    });

    it('says why to who asks by the command line', async () => {
      const asking = composeApprovals(
        { ...config, environment: 'production' },
        { evidence, connect: async () => await Promise.resolve(temporal) },
      );
      const { kind, reason, requestedBy, resource } = await unasked();
      const foreign = asking.request({ kind, reason, requestedBy, resource });
      await expect(foreign).rejects.toMatchObject({ code: 'ENVIRONMENT_FOREIGN' });
      const nothing = approvals.request({
        kind,
        reason,
        requestedBy,
        resource: 'model/nothing/1.0.0/stage/staging/staging',
      });
      await expect(nothing).rejects.toMatchObject({
        code: 'APPROVAL_REFUSED',
        message: expect.stringContaining('is not there'),
      });
    });
  });

  describe('over HTTP', () => {
    const api = () => `http://127.0.0.1:${config.ports.api}`;
    const send = async (path: string, body: object, headers: Record<string, string> = {}) => {
      const response = await fetch(`${api()}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      return {
        status: response.status,
        body: (await response.json()) as Record<string, unknown>,
        headers: response.headers,
      };
    };
    const linkFor = async (approvalId: string, name: string) => {
      const { stdout } = await as(name, 'approval', 'show', approvalId, '--link', '-o', 'json');
      const { link } = JSON.parse(stdout) as { link: { url: string } };
      const [path = '', secret = ''] = link.url.slice(api().length).split('#');
      return { url: link.url, path, secret };
    };

    it('nothing is answered under a name that merely leads here, nor to MLflow clients; pages of links say where they are', async () => {
      const paths = [
        '/healthz',
        '/metrics',
        '/api/v1/approvals',
        '/codec/decode',
        '/api/2.0/mlflow/registered-models/search',
      ];
      for (const path of paths) {
        const answer = await askAs('evil.example:5000', `${api()}${path}`);
        expect([path, answer.status, JSON.parse(answer.body)]).toMatchObject([
          path,
          403,
          { error: { code: 'HOST_NOT_ALLOWED' }, error_code: 'PERMISSION_DENIED' },
        ]);
      }
      expect((await askAs('localhost:5000', `${api()}/healthz`)).status).toBe(200);
      expect((await askAs('evil.example:5000', `${api()}/approve/apr-1`)).status).toBe(421);
    });

    it('every event says which call, workflow run or command it is of', async () => {
      const requestsOf = async (...asked: string[]) => {
        const { stdout } = await project.mlops(['audit', 'query', ...asked, '-o', 'jsonl']);
        const events = stdout
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as { requestId?: string });
        return events.map(({ requestId }) => requestId);
      };
      const path = '/api/2.0/mlflow/registered-models/create';
      const named = await send(path, { name: 'called_twice' }, { 'x-request-id': 'ci-4711/step-2' });
      expect([named.status, named.headers.get('x-request-id')]).toEqual([200, 'ci-4711/step-2']);
      const unnamed = await send(path, { name: 'called_once' }, { 'x-request-id': 'no name: it has blanks' });
      expect(unnamed.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(await requestsOf('--text', 'ci-4711')).toEqual(['call/ci-4711/step-2']);
      expect(await requestsOf('--resource', 'model/called_once')).toEqual([
        `call/${unnamed.headers.get('x-request-id')}`,
      ]);
      const { approvalId } = await request();
      const [asked] = await requestsOf('--type', 'approval.requested', '--resource', `approval/${approvalId}`);
      expect(asked).toMatch(/^run\/[0-9a-f-]{36}$/);
      const [first, second] = await requestsOf('--type', 'audit.queried');
      expect(first).toMatch(/^command\/[0-9a-f-]{36}$/);
      expect(second, 'of another command').not.toBe(first);
    });

    it('what a registry of MLflow elsewhere has comes by itself, once it answers, and is nobody’s act here', async () => {
      const schedule = temporal.schedule.getHandle(scheduleId('registry-source', config.environment));
      await source.serveFrom(databaseUrlOf(config));
      const metadata = { tokenizer: 'bert', max_input_tokens: 512 };
      const registration = { model: 'known_here', version: '0.0.1', type: 'reranker', metadata };
      const actor = (await identityOf('author')).actor;
      await (
        await registryOf('engineer')
      ).register({ registration, artifactPath: null, wantsProduction: false, actor });
      await source.add('known_here', 's3://elsewhere/2', '0.0.1');
      await source.add('from_elsewhere', 's3://elsewhere/1');
      const look = async () => {
        await schedule.trigger();
        const { stdout } = await project.mlops(['model', 'show', 'from_elsewhere', '0.0.1', '-o', 'json']);
        return stdout === '' ? null : (JSON.parse(stdout) as { readonly stage: string });
      };
      const found = await until(look, (shown) => shown !== null, 60_000);
      expect(found?.stage).toBe('development');
      const { stdout } = await project.mlops('audit query --resource model/from_elsewhere -o json'.split(' '));
      const { events } = JSON.parse(stdout) as { events: readonly { actor: { id: string; kind: string } }[] };
      expect(new Set(events.map(({ actor }) => actor.id))).toEqual(new Set(['system:registry-source']));
      const status = await project.mlops(['status']);
      expect(status, 'the stack is well').toMatchObject({ code: 0 });
      expect(status.stdout).toMatch(/^registry-source +up .* 1 version not taken over/m);
      expect(status.stderr).toContain('mlops model import --conflicts');
      const kept = await project.mlops(['model', 'import', '--conflicts']);
      expect(kept.stdout).toMatch(/#known_here\/1 .* already exists as 0\.0\.1.* tag mlops\.version$/m);
    }, 120_000);

    it('who approves before anybody could have read is told of by the watch over access', async () => {
      const schedule = temporal.schedule.getHandle(scheduleId('access-watch', config.environment));
      const left = async () =>
        (await query<{ left: string }>(pool, 'SELECT size - next_sequence AS left FROM ledger_head, access_watch'))[0]
          ?.left;
      // What is older than its first look is learned from.
      await schedule.trigger();
      await until(left, (value) => value !== undefined, 30_000);
      const { approvalId } = await request();
      await decide(approvalId, 'bob');
      const bob = (await identityOf('bob')).actor;
      const alarmed = async () => {
        await schedule.trigger();
        return receiver.of(bob).filter(({ event, signed }) => event === 'access-alarm' && signed).length;
      };
      await until(alarmed, (count) => count > 0, 60_000);
      const { stdout } = await project.mlops(['governance', 'watch', '-o', 'json']);
      type Alarm = { readonly principal: string; readonly detector: string; readonly sequence: number };
      const { newest } = JSON.parse(stdout) as { newest: readonly Alarm[] };
      const alarm = newest.find(({ detector, principal }) => principal === bob && detector === 'hasty-approval');
      const acknowledge = `governance watch --acknowledge ${alarm?.sequence} --reason known`.split(' ');
      expect((await project.mlops(acknowledge.slice(0, -2))).code, 'without a reason').toBe(2);
      expect((await project.mlops([...acknowledge, '--dry-run'])).code).toBe(0);
      const acknowledged = await project.mlops(acknowledge);
      expect(acknowledged.stdout, acknowledged.stderr).toContain('Acknowledged: hasty-approval of bob');
      expect((await project.mlops(acknowledge)).code, 'once').toBe(3);
      expect((await project.mlops(['governance', 'watch'])).stdout).toContain(`acknowledged by ${ME}`);
      const alarms = await project.mlops(['audit', 'query', '--type', 'security_event', '-o', 'json']);
      expect(alarms.stdout).toContain('"access.hasty-approval"');
    });

    it('programs decide by signed statements', async () => {
      const { approvalId, contentDigest: seen } = await request();
      const who = await identityOf('ann');
      const resource = resourceOfApproval(approvalId);
      const order = { seen, reason: 'by program' };
      const header = (verdict: Verdict) => {
        const { statement } = who.claim({
          action: 'approval.decide',
          resource,
          content: decisionContent(verdict, order),
        });
        return { authorization: `Mlops-Statement ${Buffer.from(JSON.stringify(statement)).toString('base64url')}` };
      };
      const path = `/api/v1/approvals/${approvalId}/decisions`;
      expect(await send(path, { verdict: 'deny', ...order }, header('approve'))).toMatchObject({ status: 401 });
      expect(await send(path, { verdict: 'approve', ...order }, { authorization: 'Bearer x' })).toMatchObject({
        status: 401,
      });
      expect(await send(path, { verdict: 'maybe' })).toMatchObject({ status: 400 });
      expect(await send(path, { verdict: 'approve', ...order }, { origin: 'https://evil.example' })).toMatchObject({
        status: 403,
      });
      // Nobody trusts this one to speak for others.
      const forwarded = { ...header('approve'), 'x-forwarded-for': '203.0.113.9' };
      expect(await send(path, { verdict: 'approve', ...order }, forwarded)).toMatchObject({
        status: 200,
        body: { schemaVersion: 1, accepted: true, missing: 1 },
      });
      const listed = (await (await fetch(`${api()}/api/v1/approvals`)).json()) as { approvals: ApprovalView[] };
      expect(listed.approvals.find((one) => one.approvalId === approvalId)?.decisions).toHaveLength(1);
      expect((await fetch(`${api()}/api/v1/approvals/apr-nothing`)).status).toBe(404);
      expect((await fetch(`${api()}/api/v1/approvals?after=apr-nothing`)).status).toBe(404);
      const after = (await (await fetch(`${api()}/api/v1/approvals?after=${approvalId}`)).json()) as typeof listed;
      expect(after.approvals.map((one) => one.approvalId)).toEqual(
        listed.approvals.map((one) => one.approvalId).filter((id) => id !== approvalId),
      );
      const [decided] = await query<{ sequence: string }>(
        pool,
        `SELECT sequence FROM ledger_event WHERE type = 'approval.approve' AND resource = $1`,
        [resource],
      );
      const reader = await composeLedgerReader(config, pool);
      const found = await reader.event(Number(decided?.sequence), { withPayload: true, actor: ME });
      expect(found?.payload, 'through the workflow').toMatchObject({ source: { address: '127.0.0.1' } });
    });

    it('answers as its own description says, which is the committed one', async () => {
      const { approvalId } = await written();
      await decide(approvalId, 'ann');
      const at = (path: string) => `${api()}/api/v1${path.replace('{approvalId}', approvalId)}`;
      const document: unknown = await (await fetch(at('/openapi.json'))).json();
      const committed = join(import.meta.dirname, '../../docs/reference/openapi.json');
      expect(document).toEqual(JSON.parse(await readFile(committed, 'utf8')));
      for (const { answer, path } of ROUTES.filter(({ method }) => method === 'GET')) {
        const response = await fetch(at(path));
        const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
        const told: unknown = isJson ? await response.json() : await response.text();
        expect([path, response.status, problemsByAll(answer, told)]).toEqual([path, 200, []]);
      }
      const all: unknown = await (await fetch(at('/approvals?all=true'))).json();
      const list = ROUTES.find(({ path }) => path === '/approvals');
      expect(problemsByAll(list?.answer ?? REFUSAL, all)).toEqual([]);

      // One that is open still afterwards: of one that is over a statement is not looked at.
      const { approvalId: open, contentDigest: seen } = await written();
      const path = `/api/v1/approvals/${open}/decisions`;
      const order = { seen, reason: 'as described' };
      const { statement } = (await identityOf('bob')).claim({
        action: 'approval.decide',
        resource: resourceOfApproval(open),
        content: decisionContent('approve', order),
      });
      const authorization = `Mlops-Statement ${Buffer.from(JSON.stringify(statement)).toString('base64url')}`;
      const decided = await send(path, { verdict: 'approve', ...order }, { authorization });
      const decision = ROUTES.find(({ method }) => method === 'POST');
      expect([decided.status, problemsByAll(decision?.answer ?? REFUSAL, decided.body)]).toEqual([200, []]);

      // A statement counts once.
      const again = await send(path, { verdict: 'approve', ...order }, { authorization });
      const elsewhere = await send(path, {}, { origin: 'https://evil.example' });
      const unknown = await fetch(at('/approvals/apr-nothing'));
      expect([again.status, elsewhere.status, unknown.status]).toEqual([401, 403, 404]);
      for (const refused of [again.body, elsewhere.body, await unknown.json()])
        expect(problemsByAll(REFUSAL, refused)).toEqual([]);
    });

    it('nobody decides by being on this machine, nor reads through a proxy of it or by another name', async () => {
      const { approvalId, contentDigest: seen } = await request();
      const path = `/api/v1/approvals/${approvalId}`;
      const order = { verdict: 'approve', seen, reason: '' };
      const unsigned = await send(`${path}/decisions`, order);
      expect(unsigned).toMatchObject({ status: 401, body: { error: { code: 'NOT_AUTHENTICATED' } } });
      expect(JSON.stringify(unsigned.body)).toContain('a decision is signed, everywhere');
      expect((await show(approvalId)).decisions).toEqual([]);
      const { stdout } = await project.mlops(['audit', 'query', '--resource', `approval/${approvalId}`, '-o', 'json']);
      expect(stdout).toContain('"approval.decide-refused"');
      const reads = async () =>
        (
          await query<{ resource: string; actor: string }>(
            pool,
            `SELECT resource, actor FROM ledger_event WHERE type = 'approval.read' AND resource = ANY ($1) ORDER BY sequence`,
            [['approval', `approval/${approvalId}`]],
          )
        ).slice(-2);
      const proxied = { headers: { 'x-forwarded-for': '203.0.113.9' } };
      for (const read of ['/api/v1/approvals', path]) {
        expect((await fetch(`${api()}${read}`)).status, read).toBe(200);
        expect((await fetch(`${api()}${read}`, proxied)).status, read).toBe(401);
        const wrong = { headers: { authorization: 'Bearer nobody.knows.it' } };
        expect((await fetch(`${api()}${read}`, wrong)).status, read).toBe(401);
      }
      const { id: actor } = await evidence.principals.loopback();
      expect(await reads()).toEqual([
        { resource: 'approval', actor },
        { resource: `approval/${approvalId}`, actor },
      ]);
    });

    it('who asks is not the one who approves, as another principal of his name either', async () => {
      // `mlops up` has made an identity of that name, which has every role.
      const { id: requestedBy } = await evidence.principals.person(ME);
      const { approvalId } = await written({ requestedBy });
      const own = await as(ME, 'approval', 'approve', approvalId);
      expect(own).toMatchObject({
        code: 4,
        stderr: expect.stringContaining(`${ME} is also ${requestedBy}, requester`),
      });
      expect((await show(approvalId)).decisions).toEqual([]);
    });

    it('a link is refused from another site, without its secret, its cookie or its token, and when what it is for changed', async () => {
      const { approvalId } = await written();
      const { path, secret } = await linkFor(approvalId, 'ann');
      const own = { origin: api() };
      const page = await fetch(`${api()}${path}`);
      expect(await page.text()).not.toContain(approvalId);
      expect(Object.fromEntries(page.headers)).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; script-src 'sha256-[^ ;]+'; style-src 'sha256-/,
        ),
      });
      expect((await send(`${path}/open`, { secret })).status, 'no origin').toBe(403);
      expect((await send(`${path}/open`, { secret }, { origin: 'https://evil.example' })).status).toBe(403);
      expect((await send(`${path}/open`, { secret: 'x'.repeat(43) }, own)).body).toEqual({
        problem: 'Link to decide is not valid: it is not known',
      });
      expect(await send(`${path}/open`, {}, own), 'of a page that is too old').toMatchObject({
        status: 403,
        body: { problem: 'Link to decide is not valid: its secret is not here: open the link as you got it' },
      });
      const opened = await send(`${path}/open`, { secret }, own);
      expect(opened.status).toBe(200);
      const behindTls = await send(`${path}/open`, { secret }, { origin: api().replace('http:', 'https:') });
      expect(behindTls.headers.get('set-cookie')).toMatch(/; Secure$/);
      const cookie = opened.headers.get('set-cookie') ?? '';
      expect(cookie).toMatch(
        new RegExp(`^mlops-link=${secret}; Path=${path}; Max-Age=1800; HttpOnly; SameSite=Strict$`),
      );
      const withCookie = { ...own, cookie: cookie.split(';')[0] ?? '' };
      const decision = { verdict: 'approve', reason: '', csrf: opened.body['csrf'] };
      expect((await send(`${path}/decide`, decision, own)).status, 'no cookie').toBe(400);
      expect((await send(`${path}/decide`, { ...decision, csrf: 'x' }, withCookie)).status, 'no token').toBe(400);
      expect((await send(`${path}/decide`, decision, { ...withCookie, origin: 'null' })).status).toBe(403);
      expect((await send(`${path}/decide`, { ...decision, verdict: 'deny' }, withCookie)).body).toEqual({
        problem: 'Say why you deny it.',
      });
      expect((await show(approvalId)).decisions).toEqual([]);
      const changed = { ...createOrder(), bound: { ...createOrder().bound, tests: DIGEST.a }, risk: null };
      await createApprovalStore(evidence).changeContent(approvalId, changed, config.governance.approvalPolicy);
      expect((await send(`${path}/decide`, decision, withCookie)).status).toBe(403);
      expect((await show(approvalId)).decisions).toEqual([]);
    });

    it('what can be the name of nothing is not asked of the database', async () => {
      const decisionBody = JSON.stringify({ verdict: 'approve', seen: DIGEST.a });
      const nul = await fetch(`${api()}/api/v1/approvals/%00`);
      expect([nul.status, await nul.json()]).toMatchObject([400, { error: { code: 'USAGE_INVALID' } }]);
      expect((await fetch(`${api()}/api/v1/approvals?after=%00`)).status).toBe(400);
      const forged = { method: 'POST', headers: { 'content-type': 'application/json' }, body: decisionBody };
      expect((await fetch(`${api()}/api/v1/approvals/ada@example.org/decisions`, forged)).status).toBe(400);
      const kept = await pool.query(`SELECT FROM ledger_event WHERE resource LIKE '%ada@example.org%'`);
      expect(kept.rowCount, 'whoever calls puts nothing into the log that is there for good').toBe(0);
      expect(await send('/approve/%00/open', { secret: 'x'.repeat(43) }, { origin: api() })).toMatchObject({
        status: 403,
        body: { problem: 'Link to decide is not valid: it is not known' },
      });
    });

    it('a denial by link is written once, and said again to who sends it again', async () => {
      const { approvalId } = await written();
      // Whatever somebody sends who is nobody, the approval ends when it has ended.
      await temporal.workflow.signalWithStart('approval', {
        workflowId: resourceOfApproval(approvalId),
        taskQueue: TASK_QUEUE,
        args: [{ approvalId, order: null }],
        signal: 'approve',
        signalArgs: [{ actor: '\ud83d', reason: '' }],
      });
      const { path, secret } = await linkFor(approvalId, 'ann');
      const opened = await send(`${path}/open`, { secret }, { origin: api() });
      const cookie = (opened.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      const post = async (verdict: Verdict) => {
        const decision = { verdict, reason: 'recall is too low \ud83d', csrf: opened.body['csrf'] };
        return await send(`${path}/decide`, decision, { origin: api(), cookie });
      };
      const first = await post('deny');
      expect(first).toMatchObject({ status: 200, body: { title: 'Denied' } });
      await temporal.workflow.getHandle(resourceOfApproval(approvalId)).result();
      expect(await post('deny')).toMatchObject({ status: 200, body: first.body });
      expect(await post('approve')).toMatchObject({
        status: 403,
        body: { problem: 'Link to decide is not valid: it was used already' },
      });
      expect(await show(approvalId)).toMatchObject({ state: 'denied', decisions: [{ verdict: 'deny' }] });
    });

    describe.skipIf(CHROMIUM === null)('in a browser', () => {
      let browser: Awaited<ReturnType<typeof startBrowser>>;
      beforeAll(async () => void (browser = await startBrowser(CHROMIUM ?? '')));
      afterAll(async () => await browser?.close());

      it('somebody approves on a phone by the keyboard alone, once', async () => {
        const { approvalId } = await written();
        await decide(approvalId, 'bob');
        const { path, secret, url } = await linkFor(approvalId, 'ann');
        const page = await browser.open({ width: 360, height: 740 });
        await page.goto(url);
        await page.until(`document.querySelector('form') !== null`);
        if (process.env['SCREENSHOTS'] !== undefined)
          await writeFile(join(process.env['SCREENSHOTS'], 'phone.png'), await page.screenshot());
        expect(await page.read('location.href')).toBe(`${api()}${path}`);
        const text = await page.read<string>('document.body.innerText');
        for (const words of [
          'recorded-action of model/m',
          'You decide as ann',
          '1 more of 2 approvals wanted, of approver, until',
          'May not decide: ',
          'author (author)',
          'engineer (requester)',
          'wanted at least 0.85: met',
          'Approved by bob',
          DIGEST.a,
        ])
          expect(text).toContain(words);
        expect(await page.read(`document.querySelectorAll('svg[role=img][aria-label]').length`)).toBe(2);
        expect(await page.read('document.documentElement.scrollWidth <= innerWidth'), 'nothing sticks out').toBe(true);
        expect(await page.read('document.cookie'), 'no script reads the cookie').toBe('');
        await page.press('Tab', 'seen on the train', 'Tab', 'Enter');
        await page.until(`document.querySelector('h1').textContent === 'Approved, thank you'`);
        expect(await page.read('document.body.innerText')).toContain('this is approved now');
        expect((await show(approvalId)).decisions.at(-1)).toMatchObject({
          verdict: 'approve',
          principal: (await identityOf('ann')).actor,
        });
        expect(page.requests.filter((one) => one.url.includes(secret) || (one.referer ?? '') !== '')).toEqual([]);
        expect(page.complaints.filter((text) => !text.includes('favicon'))).toEqual([]);
        await page.goto('about:blank');
        await page.goto(url);
        await page.until(`document.querySelector('h1')?.textContent === 'This link does not work'`);
        expect(await page.read('document.body.innerText')).toContain('it was used already');
      });

      it('somebody denies it, and has to say why', async () => {
        const { approvalId } = await written({
          evidence: [
            { name: 'recall <b>@5</b>', value: 0.5, baseline: null, limit: 0.85, unit: '', better: 'higher' },
            { name: 'x'.repeat(90), value: 1e308, baseline: -1e308, limit: null, unit: 'ms', better: 'lower' },
          ],
          action: { [`y${'z'.repeat(90)}`]: 1 },
        });
        const { url } = await linkFor(approvalId, 'ann');
        const phone = await browser.open({ width: 320, height: 640 });
        await phone.goto(url);
        await phone.until(`document.querySelector('form') !== null`);
        await phone.read(`document.body.dataset.isOld = 'yes'`);
        await phone.goto(url);
        await phone.until(`document.body.dataset.isOld === undefined && document.querySelector('form') !== null`);
        expect(await phone.read('location.hash'), 'the same link in the same tab').toBe('');
        expect(await phone.read('document.documentElement.scrollWidth <= 320'), 'however long a name is').toBe(true);
        expect(phone.complaints.filter((text) => !text.includes('favicon'))).toEqual([]);
        const page = await browser.open({ width: 1200, height: 800 });
        await page.goto(url);
        await page.until(`document.querySelector('form') !== null`);
        if (process.env['SCREENSHOTS'] !== undefined)
          await writeFile(join(process.env['SCREENSHOTS'], 'desk.png'), await page.screenshot());
        expect(await page.read('document.body.innerText')).toContain('recall <b>@5</b>');
        expect(await page.read('document.body.innerText')).toContain(': missed');
        await page.press('Tab', 'Tab', 'Tab', 'Space');
        await page.until(`document.getElementById('said').textContent === 'Say why you deny it.'`);
        expect(await page.read('document.activeElement.id')).toBe('reason');
        await page.press('recall is too low', 'Tab', 'Tab', 'Enter');
        await page.until(`document.querySelector('h1').textContent === 'Denied'`);
        expect((await show(approvalId)).state).toBe('denied');
      });
    });
  });

  it('leaves histories that replay', async () => {
    const { approvalId } = await request();
    await decide(approvalId, 'ann');
    const client = await connectTemporal(config);
    const handle = client.workflow.getHandle(`approval/${approvalId}`);
    await handle.signal('approve', { actor: 'ann' });
    await handle.signal('contentChanged');
    const { statement: _, ...unsigned } = (await identityOf('bob')).claim({ action: 'approval.decide', resource: '' });
    await handle
      .executeUpdate('approve', {
        args: [{ claim: unsigned, code: null, reason: '', seen: (await show(approvalId)).contentDigest }],
      })
      .catch(() => undefined);
    await decide(approvalId, 'deputy', 'deny').catch(() => undefined);
    await decide(approvalId, 'author', 'deny').catch(() => undefined);
    await project.mlops(['approval', 'deny', approvalId, '--reason', 'second thoughts']);
    expect(await handle.result()).toMatchObject({ state: 'denied', round: 1 });
    await client.connection.close();
    const history = await readHistory(project.root, OFFSETS.approvals, `approval/${approvalId}`);
    await replayHistory(history, `approval/${approvalId}`, join(project.root, '.mlops'));
  });

  it('has webhooks of the registry told what happened while the worker was dead', async () => {
    const hook = await startHook();
    const ask = async (path: string, body: object): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${config.ports.api}/api/2.0/mlflow/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return await response.json();
    };
    const events = [{ entity: 'MODEL_VERSION', action: 'CREATED' }];
    await ask('webhooks', { name: 'ci', url: hook.urlOf('ci'), events, secret: 'quokka' });
    process.kill(await project.pidOf('worker'), 'SIGKILL');
    await ask('registered-models/create', { name: 'hooked' });
    for (const at of [1, 2, 3]) await ask('model-versions/create', { name: 'hooked', source: `s3://m/${at}` });
    await expectOk(['up', '--detach']);
    const calls = await until(
      async () => await Promise.resolve(hook.of('ci')),
      ({ length }) => length >= 3,
      60_000,
    );
    expect(calls.map(({ body }) => body.data)).toMatchObject([1, 2, 3].map((at) => ({ version: String(at) })));
    expect(calls.every((call) => isSignedWith('quokka', call))).toBe(true);
    hook.close();
  });

  it('leaves a ledger that verifies', async () => {
    const file = join(project.root, 'export.jsonl');
    expect((await project.mlops(['audit', 'export', '--out', file])).code).toBe(0);
    expect((await project.mlops(['audit', 'verify', '--file', file])).code).toBe(0);
    await expectKnownTypes(pool);
  });
});
