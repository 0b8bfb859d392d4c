import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createApprovalActivities, type ApprovalActivityPorts } from '../../../activities/approval.ts';
import type { AskedThing, RefusedDecision } from '../../../activities/approval-ports.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { Claim } from '../../../domain/governance/statement.ts';
import type { ApprovalAsk, ApprovalOrder, ApprovalView } from '../../../domain/registry/approval/request.ts';
import { APPROVAL_POLICY } from '../../support/approval-policy.ts';
import { createOrder, createRecord, DIGEST } from '../../support/approvals.ts';

const ENGINEER = 'principal:0000000000000001';
const API = 'principal:0000000000000002';
const OTHER = 'principal:0000000000000003';
const KINDS: Readonly<Record<string, EventActor['kind']>> = { [ENGINEER]: 'human', [API]: 'service', [OTHER]: 'human' };
const FOUND = { ...createOrder(), excluded: { 'principal:author': 'author' as const } };
const ASK: ApprovalAsk = {
  kind: 'stage-promotion',
  resource: 'model/rag_api/2.1.0/stage/production/production',
  environment: 'production',
  requestedBy: ENGINEER,
  reason: '',
};

/** A claim by somebody; the authority of these tests takes every one for genuine. */
const claimOf = (actor: string): Claim => ({ actor, statement: {} as never });

/** A worker of production, which writes down what it is given. */
function createWorker(
  known: Partial<ApprovalView> = {},
  found: object | null | 'unknown' = FOUND,
  kind: 'human' | 'service' = 'human',
) {
  const written: { order: ApprovalOrder; requester: EventActor }[] = [];
  const assessed: AskedThing[] = [];
  const changes: unknown[] = [];
  const claims: Claim[] = [];
  const refused: [string, string][] = [];
  const view = { ...createRecord(), evidence: [], action: {}, ...known } as unknown as ApprovalView;
  const standing = { record: view, nowMs: 0 };
  const ports = {
    environment: 'production',
    approvalPolicy: APPROVAL_POLICY,
    approvals: {
      standing: async () => await Promise.resolve(standing),
      view: async () => await Promise.resolve(view),
      open: async (_: string, order: ApprovalOrder, __: unknown, requester: EventActor) => {
        written.push({ order, requester });
        return await Promise.resolve(standing);
      },
      refuse: async ({ actor, problem }: RefusedDecision) => {
        refused.push([actor.id, problem]);
        await Promise.resolve();
      },
      changeContent: async (_: string, change: unknown) => {
        changes.push(change);
        return await Promise.resolve(standing);
      },
    },
    authority: {
      authorise: async (claim: Claim) => {
        const { actor } = claim;
        claims.push(claim);
        return await Promise.resolve({ id: actor, kind: KINDS[actor] ?? 'human', authentication: 'ed25519' });
      },
    },
    boundContent: {
      whyGone: async () => await Promise.resolve(null),
      assess: async (asked: AskedThing) => {
        assessed.push(asked);
        return await Promise.resolve(found);
      },
    },
    identities: {
      principal: async (id: string) =>
        await Promise.resolve(
          id === OTHER ? { id, kind: 'human', roles: ['viewer'] } : { id, kind, roles: ['engineer', 'approver'] },
        ),
    },
    outbox: { send: async () => await Promise.resolve() },
  } as unknown as ApprovalActivityPorts;
  return { activities: withContext(createApprovalActivities(ports)), assessed, changes, claims, refused, written };
}

/** As a worker runs them: they say that they are alive. */
function withContext<T extends object>(activities: T): T {
  const wrapped = Object.entries(activities).map(([name, run]) => [
    name,
    async (input: unknown) =>
      await new MockActivityEnvironment().run(run as (input: unknown) => Promise<unknown>, input),
  ]);
  return Object.fromEntries(wrapped) as T;
}

const open = async (worker: ReturnType<typeof createWorker>, order: object) =>
  await worker.activities.openApproval({ approvalId: 'apr-test', order: order as ApprovalAsk });

describe('a request', () => {
  it('is written as it was found, and nothing of what the order says beside', async () => {
    const worker = createWorker();
    const forged = { bound: { artifact: DIGEST.c }, excluded: {}, evidence: [], risk: { trafficPercent: 0 } };
    await open(worker, { ...ASK, ...forged });
    const { bound, evidence, risk } = createOrder();
    expect(worker.written).toMatchObject([{ order: { bound, evidence, risk, excluded: FOUND.excluded } }]);
    expect(worker.assessed).toEqual([ASK]);
  });

  it.each([
    ['what is not there', createWorker({}, null), ASK],
    ['what nobody here can look at', createWorker({}, 'unknown'), ASK],
    ['a gate, which its rollout asks for', createWorker(), { ...ASK, kind: 'rollout-gate' }],
    ['a kind that there is none', createWorker(), { ...ASK, kind: 'whatever' }],
    ['nothing', createWorker(), { ...ASK, resource: '' }],
    ['nobody', createWorker(), { ...ASK, requestedBy: '' }],
    ['words that are none', createWorker(), { ...ASK, reason: 7 }],
    ['an order that is none', createWorker(), []],
    ['a token, which no workflow may have', createWorker(), { ...ASK, claim: { actor: 'token', token: 'secret' } }],
  ])('for %s is refused', async (_, worker, order) => {
    await expect(open(worker, order)).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
    expect(worker.written).toEqual([]);
  });

  it('is of who has signed it; a program vouches for who may ask, and a person for nobody else', async () => {
    const worker = createWorker();
    await open(worker, { ...ASK, claim: claimOf(ENGINEER) });
    await open(worker, { ...ASK, claim: claimOf(API) });
    expect(worker.written.map(({ order, requester }) => [order.requestedBy, requester.authentication])).toEqual([
      [ENGINEER, 'ed25519'],
      [ENGINEER, `vouched-by:${API}`],
    ]);
    await expect(open(worker, { ...ASK, claim: claimOf(OTHER) })).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
    const viewer = open(worker, { ...ASK, requestedBy: OTHER, claim: claimOf(API) });
    await expect(viewer, 'who may not promote').rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
    expect(worker.written).toHaveLength(2);
  });
});

describe('asking again', () => {
  const renew = async (worker: ReturnType<typeof createWorker>, renewal: object) =>
    await worker.activities.renewApproval({ approvalId: 'apr-test', renewal: renewal as ApprovalAsk });

  it('has the worker look, whatever content it brings', async () => {
    const worker = createWorker();
    await renew(worker, { ...ASK, bound: { artifact: DIGEST.c } });
    expect(worker.changes).toEqual([FOUND]);
  });

  it('for something else, or in the name of somebody else, is refused', async () => {
    const worker = createWorker({ requestedBy: ENGINEER });
    const refused = { code: 'APPROVAL_REFUSED' };
    await expect(renew(worker, { ...ASK, resource: 'model/other' })).rejects.toMatchObject(refused);
    await expect(renew(worker, { ...ASK, kind: 'erasure' })).rejects.toMatchObject(refused);
    await expect(renew(worker, { ...ASK, requestedBy: API, action: {} })).rejects.toMatchObject(refused);
    await expect(renew(worker, { bound: { artifact: DIGEST.c } }), 'as it was before').rejects.toMatchObject(refused);
    expect(worker.changes).toEqual([]);
  });
});

describe('a decision', () => {
  it('of a program is refused, whatever roles it has', async () => {
    const worker = createWorker({}, FOUND, 'service');
    const decision = { claim: claimOf(API), code: null, reason: '', seen: DIGEST.a, verdict: 'approve' } as const;
    await expect(
      worker.activities.decideApproval({ ...decision, approvalId: 'apr-test', occasion: 'test' }),
    ).rejects.toMatchObject({ details: { isRecorded: true, problem: 'people decide, and you are a program' } });
    expect(worker.refused).toEqual([[API, expect.stringContaining('people decide, and you are a program')]]);
  });
});

describe('a claim that comes with a token', () => {
  it('is looked at for what is signed, and for nothing else', async () => {
    const worker = createWorker({}, FOUND, 'service');
    const decision = { code: null, reason: '', seen: DIGEST.a, verdict: 'approve', approvalId: 'apr-test' } as const;
    const rollout = { rolloutId: 'rollout/production/rag_api', content: {} };
    const [byIt, byRollout] = [worker, createWorker({ resource: `${rollout.rolloutId}/gate/1/key` }, FOUND, 'service')];
    const claim = { ...claimOf(API), token: 'secret' };
    await expect(byIt.activities.decideApproval({ ...decision, claim, occasion: 'a' })).rejects.toThrow('a program');
    const through = byRollout.activities.decideApproval({ ...decision, claim, occasion: 'b', rollout });
    await expect(through).rejects.toThrow('a program');
    expect([...byIt.claims, ...byRollout.claims]).toEqual([claimOf(API), claimOf(API)]);
  });
});

describe('what belongs to another environment', () => {
  const foreign = { code: 'ENVIRONMENT_FOREIGN' };
  const decision = { claim: claimOf(ENGINEER), code: null, reason: '', seen: DIGEST.a, verdict: 'approve' } as const;

  it('is neither opened nor decided, renewed, checked or carried out', async () => {
    const { activities, assessed, changes, written } = createWorker({ environment: 'staging', state: 'approved' });
    const approvalId = 'apr-test';
    const order = { ...ASK, environment: 'staging' };
    await expect(activities.openApproval({ approvalId, order })).rejects.toMatchObject(foreign);
    await expect(activities.renewApproval({ approvalId, renewal: order })).rejects.toMatchObject(foreign);
    await expect(activities.renewApproval({ approvalId, renewal: ASK })).rejects.toMatchObject(foreign);
    await expect(activities.checkApproval({ approvalId })).rejects.toMatchObject(foreign);
    await expect(activities.carryOutApproval({ approvalId })).rejects.toMatchObject(foreign);
    const decided = activities.decideApproval({ ...decision, approvalId, occasion: 'test' });
    await expect(decided).rejects.toMatchObject(foreign);
    expect([assessed, changes, written]).toEqual([[], [], []]);
  });
});
