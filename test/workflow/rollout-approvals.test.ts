import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BLIND,
  openTheatre,
  statementOf,
  STARTER,
  type RolloutTheatre,
  type Scene,
} from '../support/rollout-workflow.ts';

const ANN = 'principal:00000000000000a1';
const BEN = 'principal:00000000000000b1';
const OLGA = 'principal:00000000000000c1';
const production = { environment: 'production' };
const HOURS = { windowMinutes: 600 };
/** Where nothing has to be looked at. */
const SLOW = { tickSeconds: 10 };

let theatre: RolloutTheatre;
beforeAll(async () => void (theatre = await openTheatre()));
afterAll(async () => await theatre?.close());

/** Somebody decides by the rollout itself, about what its status shows. */
async function act(scene: Scene, verb: string, actor: string, more: object = {}): Promise<unknown> {
  const { model, requests = [] } = await scene.status();
  const open = requests.find(({ about }) => about === 'review') ?? requests.find(({ about }) => about === 'gate');
  const seen = open === undefined || verb === 'promote' || verb === 'abort' ? {} : { seen: open.contentDigest };
  return await scene.act(verb, { actor, statement: statementOf(model, verb, actor), ...seen, ...more });
}

/** Somebody decides by command line, HTTP or link, and the approval tells the rollout. */
async function decide(scene: Scene, actor: string, verdict: 'approve' | 'deny' = 'approve'): Promise<void> {
  scene.book.decide(actor, verdict);
  await scene.signal('approvalDecided');
}

const untilAsked = async (scene: Scene, about = 'gate') =>
  await scene.until(({ requests }) => requests?.some((one) => one.about === about) === true);
const eventsOf = (scene: Scene, name: string) => scene.events.filter(({ event }) => event === name);

describe.concurrent('a rollout in production', { timeout: 120_000 }, () => {
  it('opens a request at a gate, and goes on when enough people agreed, whatever way they came', async () => {
    const scene = await theatre.start([{ weight: 20, gate: true, ...HOURS }], SLOW, production);
    const { requests, waitingFor } = await untilAsked(scene);
    expect(waitingFor?.reason).toContain(`needs approval ${requests?.[0]?.approvalId}, 2 more of 2`);
    expect(scene.book.entries[0]?.order).toMatchObject({
      kind: 'rollout-gate',
      requestedBy: STARTER,
      trafficPercent: 20,
      action: { from: '1', to: '2', users: '0 % → 20 %', looks: 0, lastLook: 'none yet' },
    });
    await expect(act(scene, 'approve', STARTER)).rejects.toThrow('of what is asked for may not decide about it');
    await expect(act(scene, 'approve', ANN, { seen: 'f'.repeat(64) })).rejects.toThrow('look at it again');
    expect(await act(scene, 'approve', ANN)).toMatchObject({ awaiting: { missing: 1 } });
    await expect(scene.act('approve')).rejects.toThrow('in production it must be signed');
    expect(scene.weights).toEqual([]);
    await decide(scene, BEN);
    await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 20);
    expect(eventsOf(scene, 'approved')).toMatchObject([
      { actor: BEN, details: { approvalId: requests?.[0]?.approvalId, approvers: [ANN, BEN] } },
    ]);
    expect(scene.book.entries.map(({ record }) => record.state)).toEqual(['carried-out']);
    await act(scene, 'abort', OLGA);
    await scene.result();
  });

  it('goes back when a gate is denied, or nobody decides in time, and its request ends with it', async () => {
    const start = async () => await theatre.start([{ weight: 20, gate: true, ...HOURS }], SLOW, production);
    const [denied, byRollout, expired, aborted] = await Promise.all([start(), start(), start(), start()]);
    for (const scene of [denied, byRollout, expired, aborted]) await untilAsked(scene);
    await decide(denied, ANN, 'deny');
    expect(await denied.result()).toMatchObject({ outcome: 'rolled-back', reason: 'denied' });
    expect(eventsOf(denied, 'deny')).toMatchObject([{ actor: ANN }]);
    await act(byRollout, 'deny', ANN);
    expect(await byRollout.result()).toMatchObject({ outcome: 'rolled-back', reason: 'denied' });
    expired.book.set('expired');
    await expired.signal('approvalDecided');
    expect(await expired.result()).toMatchObject({ outcome: 'rolled-back', reason: 'approval-expired' });
    await act(aborted, 'abort', OLGA);
    expect(await aborted.result()).toMatchObject({ outcome: 'aborted' });
    expect(aborted.book.entries.map(({ record }) => record.state)).toEqual(['voided']);
  });

  it('asks anew when what was asked is void, and waits while nobody can be asked', async () => {
    const scene = await theatre.start([{ weight: 20, gate: true, ...HOURS }], SLOW, production);
    scene.book.isAway = true;
    await scene.until(({ waitingFor }) => waitingFor?.reason.includes('nobody could be asked') === true);
    scene.book.isAway = false;
    await untilAsked(scene);
    const before = scene.book.entries.length;
    scene.book.set('voided');
    await scene.signal('approvalDecided');
    await scene.until(() => scene.book.entries.length === before + 1);
    expect(scene.weights).toEqual([]);
    await act(scene, 'abort', OLGA);
    await scene.result();
  });

  it('has a promotion past a gate wait for its approval, says what it skips, and carries it out when granted', async () => {
    const scene = await theatre.start(
      [
        { weight: 20, gate: true, ...HOURS },
        { weight: 50, ...HOURS },
      ],
      {},
      production,
    );
    await untilAsked(scene);
    const answer = await act(scene, 'promote', OLGA, { full: true });
    expect(answer).toMatchObject({ awaiting: { missing: 2 }, what: expect.stringContaining('the approval of 20 %') });
    await untilAsked(scene, 'skip');
    expect(scene.book.entries.at(-1)?.order).toMatchObject({
      kind: 'gate-skip',
      requestedBy: OLGA,
      startedBy: STARTER,
    });
    expect(scene.book.entries.at(-1)?.order.action['skips']).toContain('the step at 50 %');
    await expect(act(scene, 'promote', OLGA, { full: false })).rejects.toThrow('waits for its approval');
    expect(scene.weights).toEqual([]);
    await decide(scene, ANN);
    await decide(scene, BEN);
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    const { approvalId } = scene.book.entries.at(-1)?.record ?? { approvalId: '' };
    expect(eventsOf(scene, 'overridden')).toMatchObject([{ actor: OLGA, details: { approvalId } }]);
    expect(
      scene.book.entries.map(({ record }) => record.state),
      'the gate is passed',
    ).toEqual(['voided', 'carried-out']);
  });

  it('voids a promotion that was overtaken, goes on where it was when one is denied, and needs none for nothing', async () => {
    let isBlind = true;
    const look = async () => await Promise.resolve(isBlind ? BLIND : {});
    const steps = [
      { weight: 20, windowMinutes: 0.01 },
      { weight: 50, ...HOURS },
    ];
    const scene = await theatre.start(steps, {}, { ...production, look });
    await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 20);
    await act(scene, 'promote', OLGA, { full: false });
    await untilAsked(scene, 'skip');
    await decide(scene, ANN, 'deny');
    await scene.until(({ timeline }) => timeline.some(({ event }) => event === 'promotion-denied'));
    expect((await scene.status()).phase).toBe('canary');
    await act(scene, 'promote', OLGA, { full: false });
    await untilAsked(scene, 'skip');
    isBlind = false;
    await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    await scene.until(() => scene.book.open().length === 0);
    expect(scene.book.entries.map(({ record }) => record.state)).toEqual(['denied', 'voided']);
    expect(eventsOf(scene, 'overridden')).toEqual([]);
    await act(scene, 'abort', OLGA);
    await scene.result();
  });

  it('asks people to review a hold, and what they accepted decides no more', async () => {
    let isSlow = true;
    const look = async () =>
      await Promise.resolve(isSlow ? ({ decision: 'hold', metric: 'slow', verdict: 'fail' } as const) : {});
    const scene = await theatre.start([{ weight: 20, windowMinutes: 0.05 }], {}, { ...production, look });
    await untilAsked(scene, 'review');
    isSlow = false;
    expect(scene.book.entries[0]?.order).toMatchObject({ failedGates: ['hold of slow'], action: { holds: ['slow'] } });
    await act(scene, 'approve', ANN);
    await decide(scene, BEN);
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    expect(eventsOf(scene, 'approve')).toMatchObject([{ details: { waived: ['slow'], approvers: [ANN, BEN] } }]);
  });
});
