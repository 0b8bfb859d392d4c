import { setTimeout as sleep } from 'node:timers/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool, databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { connectTemporal } from '../../adapters/temporal/connect.ts';
import { loadConfig } from '../../config/load.ts';
import { currentIdentity } from '../../adapters/identity/own-identity.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import {
  decisionContent,
  resourceOfApproval,
  type ApprovalOrder,
  type ApprovalView,
  type Verdict,
} from '../../domain/registry/approval/request.ts';
import { composeApprovals } from '../../workers/approvals.ts';
import { composeEvidence } from '../../workers/ledger.ts';
import { createOrder, DIGEST } from '../support/approvals.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createProject, until, type TestProject } from '../support/stack.ts';

const ME = userInfo().username;

let project: TestProject;
let config: MlopsConfig;
let pool: Pool;
let approvals: ReturnType<typeof composeApprovals>;
let evidence: EvidenceParts;
let closeTemporal: () => Promise<void>;

beforeAll(async () => {
  project = await createProject(OFFSETS.approvals, null);
  await expectOk(['up', '--detach']);
  config = loadConfig({ env: {}, workingDirectory: project.root, portOffset: OFFSETS.approvals }).config;
  pool = createPool(databaseUrlOf(config), 5);
  evidence = await composeEvidence(config, pool);
  const client = await connectTemporal(config);
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
    await expectOk(['identity', 'create', name, '--role', role]);
});
afterAll(async () => {
  await closeTemporal?.();
  await pool?.end();
  await project?.remove();
});

async function expectOk(args: readonly string[]): Promise<void> {
  const { code, stderr } = await project.mlops(args);
  expect(code, stderr).toBe(0);
}

const identityOf = async (name: string) => await currentIdentity({ ...config, identity: name });
/** The command line as somebody else. */
const as = async (name: string, ...args: string[]) => await project.mlops(args, { env: { MLOPS_IDENTITY: name } });

let number = 0;
async function request(change: Partial<ApprovalOrder> = {}): Promise<ApprovalView> {
  number += 1;
  const { environment: _, ...order } = createOrder({
    resource: `model/m${number}/1.0.0/stage/dev/production`,
    requestedBy: (await identityOf('engineer')).actor,
    excluded: { [(await identityOf('author')).actor]: 'author' },
    risk: { ...createOrder().risk, failedGates: ['recall'] },
    ...change,
  });
  return await approvals.request(order);
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
    expect(shown.stdout).toContain('at least 0.85');

    const refused = await as('eve', 'approval', 'approve', approvalId);
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('NOT_AUTHORISED'),
    });
    const reviewer = await as('deputy', 'approval', 'approve', approvalId);
    expect(reviewer).toMatchObject({ code: 4, stderr: expect.stringContaining('wanted approver') });
    const author = await as('author', 'approval', 'approve', approvalId);
    expect(author).toMatchObject({ code: 4, stderr: expect.stringContaining('an author of what is asked for') });
    const dry = await project.mlops(['approval', 'approve', approvalId, '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining(`would approve stage-promotion of model/m`) });
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
    expect((await project.mlops(['approval', 'show', 'apr-nothing'])).code).toBe(2);
    expect((await project.mlops(['approval', 'list'])).stdout).not.toContain(approvalId);
    expect((await project.mlops(['approval', 'list', '--all'])).stdout).toContain(approvalId);
  });

  it('the same request is taken up; another content of it voids what was given', async () => {
    const resource = 'model/same/1.0.0/stage/dev/production';
    const { approvalId } = await request({ resource });
    await decide(approvalId, 'ann');
    expect(await request({ resource })).toMatchObject({ approvalId, round: 1, decisions: [{}] });
    expect(await request({ resource, bound: { ...createOrder().bound, artifact: DIGEST.c } })).toMatchObject({
      approvalId,
      round: 2,
      decisions: [],
    });
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
    expect(await decide(approvalId, 'bob')).toMatchObject({ accepted: true });
    const view = await until(
      async () => await show(approvalId),
      ({ state }) => state === 'approved',
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

  it('leaves a ledger that verifies', async () => {
    const file = join(project.root, 'export.jsonl');
    expect((await project.mlops(['audit', 'export', '--out', file])).code).toBe(0);
    expect((await project.mlops(['audit', 'verify', '--file', file])).code).toBe(0);
  });
});
