import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendOwnKey } from '../../adapters/temporal/own-key-desk.ts';
import { MlopsError } from '../../domain/errors.ts';
import { openApprovalTheatre, type ApprovalScene } from '../support/approval-workflow.ts';
import { createOrder, DIGEST } from '../support/approvals.ts';
import { until } from '../support/stack.ts';

type Theatre = Awaited<ReturnType<typeof openApprovalTheatre>>;

const refusal = async (doing: Promise<unknown>): Promise<string> =>
  await doing.then(
    () => 'was allowed',
    (error: unknown) => (error as Error).message,
  );
const changedTo = (tests: string) => ({ ...createOrder(), bound: { ...createOrder().bound, tests } });

describe.concurrent('an approval', () => {
  let theatre: Theatre;
  beforeAll(async () => void (theatre = await openApprovalTheatre()));
  afterAll(async () => await theatre?.close());

  const approved = async (scene: ApprovalScene): Promise<void> => {
    await scene.decide('approve', 'approver:ann');
    await scene.decide('approve', 'approver:bob');
  };

  it('is carried out when enough people have approved', async () => {
    const scene = await theatre.start();
    expect(await scene.decide('approve', 'approver:ann')).toMatchObject({
      state: 'pending',
      missing: 1,
      what: 'approve: counted, 1 more of 2 wanted',
    });
    expect(await scene.decide('approve', 'approver:bob')).toMatchObject({ state: 'approved', missing: 0 });
    expect(await scene.result()).toMatchObject({ state: 'carried-out' });
    expect(scene.told).toEqual(['approval-requested', 'approval-granted']);
  });

  it('goes by what is written last, though the clock of the database was put back', async () => {
    const scene = await theatre.start();
    await scene.decide('approve', 'approver:ann');
    scene.world.now = () => Date.now() - 600_000;
    expect(await scene.decide('approve', 'approver:bob')).toMatchObject({ state: 'approved', missing: 0 });
    expect(await scene.result()).toMatchObject({ state: 'carried-out' });
  });

  it('answers after the decision is written, and not before', async () => {
    let isWritten = false;
    const write = async (what: string): Promise<void> => {
      if (what !== 'decide') return;
      await sleep(1500);
      isWritten = true;
    };
    const scene = await theatre.start({ write });
    await scene.decide('approve', 'approver:ann');
    expect(isWritten).toBe(true);
    expect(scene.record().decisions).toHaveLength(1);
  });

  it('counts the same person once, two at once both', async () => {
    const scene = await theatre.start();
    await Promise.all([scene.decide('approve', 'approver:ann'), scene.decide('approve', 'approver:ann')]);
    expect(scene.record()).toMatchObject({ state: 'pending', decisions: [{ principal: 'approver:ann' }] });
    const other = await theatre.start();
    await Promise.all([other.decide('approve', 'approver:ann'), other.decide('approve', 'approver:bob')]);
    expect(await other.result()).toMatchObject({ state: 'carried-out' });
  });

  it('refuses who may not decide, and goes on waiting', async () => {
    const scene = await theatre.start();
    expect(await refusal(scene.decide('approve', 'principal:author'))).toContain(
      'an author of what is asked for may not decide',
    );
    expect(await refusal(scene.decide('approve', 'somebody:eve'))).toContain('you have none of the roles');
    expect(await refusal(scene.decide('approve', 'approver:ann', DIGEST.c))).toContain('look at it again');
    expect(await refusal(scene.decide('approve', ''))).toContain('nobody claims it');
    await scene.signal('approve', { code: `${scene.record().approvalId}.principal:author` });
    await scene.until(() => scene.notes.length === 1);
    expect(scene.record()).toMatchObject({ state: 'pending', decisions: [] });
    // Whom it was is known where that was looked at, and written there.
    expect(scene.refused.map(({ who }) => who)).toEqual(['principal:author', 'somebody:eve', 'principal:author']);
    expect(scene.refused.at(-1)?.problem).toContain('whose link it is has no role that decides');
  });

  it('takes into its history nothing that is not signed in production, nor a statement of something else, nor a token', async () => {
    const scene = await theatre.start({}, {}, { environment: 'production' });
    await scene.until(({ askedAt }) => askedAt !== '');
    const { approvalId, contentDigest: seen } = scene.record();
    const principal = 'principal:0000000000000a11';
    const statement = {
      format: 'durable-mlops/statement@1',
      action: 'approval.decide',
      resource: `approval/${approvalId}`,
      content: DIGEST.a,
      principal,
      key: '0000000000000a11',
      at: '2026-01-01T00:00:00.000Z',
      nonce: '0'.repeat(32),
    };
    const signed = (change: object = {}) => ({
      actor: principal,
      statement: { statement: { ...statement, ...change }, signature: `${'A'.repeat(86)}==` },
    });
    const send = async (claim: unknown, verdict: 'approve' | 'deny' = 'approve', code: string | null = null) =>
      await refusal(scene.send(verdict, { claim, code, reason: '', seen }));
    for (const verdict of ['approve', 'deny'] as const) {
      expect(await send({ actor: 'approver:ann' }, verdict)).toContain('in production it must be signed');
      expect(await send({ actor: 'approver:ann' }, verdict, 'with.code')).toContain('in production it must be signed');
      expect(await send({ actor: 'approver:ann', token: 'secret' }, verdict)).toContain('a token decides nothing');
      expect(await send({ ...signed(), token: 'secret' }, verdict)).toContain('a token decides nothing');
      expect(await send({ actor: principal, statement: 'signed' }, verdict)).toContain('its statement is not valid');
      expect(await send(signed({ action: 'approval.read' }), verdict)).toContain('it is for approval.read');
      expect(await send(signed({ resource: 'approval/other' }), verdict)).toContain('it is about approval/other');
      expect(await send({ ...signed(), actor: 'approver:ann' }, verdict)).toContain(`it is signed by ${principal}`);
      expect(await send('ann', verdict, 'with.code')).toContain('nobody claims it');
    }
    expect(await scene.accepted()).toBe(0);
    // What is in order, and what comes with the code of a link, is looked at: this stage is none of production.
    expect(await send(signed())).toContain('staging');
    expect(await send(undefined, 'approve', 'with.code')).toContain('staging');
    expect(await scene.accepted()).toBe(2);
    const elsewhere = await theatre.start();
    const unsigned = { claim: { actor: principal }, code: null, reason: '', seen };
    expect(await refusal(elsewhere.send('approve', unsigned))).toContain(`it is not signed by ${principal}`);
  });

  it('ends with a denial', async () => {
    const scene = await theatre.start();
    await scene.decide('deny', 'approver:ann');
    expect(await scene.result()).toMatchObject({ state: 'denied' });
    expect(await refusal(scene.decide('approve', 'approver:bob'))).toContain('it is denied');
  });

  it('answers a decision whose news could not be sent at first, and ends by it', async () => {
    const failing = (wanted: string) => {
      let failures = 0;
      return async (event: string): Promise<void> => {
        if (event !== wanted || (failures += 1) > 1) return await Promise.resolve();
        throw new Error('the outbox is away');
      };
    };
    const denied = await theatre.start({ tell: failing('approval-denied') });
    expect(await denied.decide('deny', 'approver:ann')).toMatchObject({ state: 'denied' });
    expect(await denied.result()).toMatchObject({ state: 'denied' });
    expect(denied.told).toEqual(['approval-requested', 'approval-denied']);
    const byLink = await theatre.start({ tell: failing('approval-granted') });
    await byLink.decide('approve', 'approver:ann');
    await byLink.signal('approve', { code: `${byLink.record().approvalId}.approver:bob` });
    expect(await byLink.result()).toMatchObject({ state: 'carried-out' });
    expect([byLink.told.at(-1), byLink.notes]).toEqual(['approval-granted', []]);
  });

  it('says again what was decided when it is over, to who decided it', async () => {
    const scene = await theatre.start();
    const first = await scene.decide('deny', 'approver:ann');
    await scene.result();
    expect(await scene.decide('deny', 'approver:ann')).toEqual(first);
    for (const [verdict, who] of [
      ['deny', 'approver:bob'],
      ['approve', 'approver:ann'],
    ] as const)
      expect(await refusal(scene.decide(verdict, who))).toContain('it is denied');
    expect(await refusal(scene.decide('deny', 'approver:ann', DIGEST.c))).toContain('it is denied');
    const approval = await theatre.start();
    await approved(approval);
    await approval.result();
    expect(await approval.decide('approve', 'approver:bob')).toMatchObject({ state: 'carried-out', missing: 0 });
  });

  it('looks what came of a decision when every attempt to write it was lost', { timeout: 90_000 }, async () => {
    const tell = async (event: string): Promise<void> => {
      await Promise.resolve();
      if (event === 'approval-granted') throw new Error('the outbox is away');
    };
    const scene = await theatre.start({ tell });
    await scene.decide('approve', 'approver:ann');
    expect(await refusal(scene.decide('approve', 'approver:bob'))).toContain('got no answer within');
    expect((await scene.until(({ state }) => state === 'carried-out', 60_000)).state).toBe('carried-out');
  });

  it('reminds, escalates and ends by time', async () => {
    const scene = await theatre.start({ times: { expire: 6, remind: 2, escalate: 3 } });
    expect(await scene.result()).toMatchObject({ state: 'expired' });
    expect(scene.told).toEqual([
      'approval-requested',
      'approval-reminder',
      'approval-escalated',
      'approval-reminder',
      'approval-expired',
    ]);
  });

  it('is void when its content changes: what was given does not count any more', async () => {
    const scene = await theatre.start();
    await scene.decide('approve', 'approver:ann');
    const seen = scene.record().contentDigest;
    scene.world.current = async () => await Promise.resolve(changedTo(DIGEST.c));
    await scene.signal('contentChanged');
    await scene.until(({ round }) => round === 2);
    expect(scene.record()).toMatchObject({ state: 'pending', decisions: [] });
    expect(await refusal(scene.decide('approve', 'approver:bob', seen))).toContain('look at it again');
    await approved(scene);
    expect(await scene.result()).toMatchObject({ state: 'carried-out', round: 2 });
  });

  it('looks at the content once more before it is carried out', async () => {
    let applied = 0;
    const apply = async () => {
      applied += 1;
      return await Promise.resolve({ isDone: true, what: '' });
    };
    const scene = await theatre.start({ apply, current: async () => await Promise.resolve(changedTo(DIGEST.c)) });
    await approved(scene);
    await scene.until(({ round }) => round === 2);
    expect(applied).toBe(0);
    await approved(scene);
    expect(await scene.result()).toMatchObject({ state: 'carried-out', round: 2 });
    expect(applied).toBe(1);
  });

  it('is over when what it is about is gone', async () => {
    const scene = await theatre.start({ current: async () => await Promise.resolve(null) });
    await scene.signal('contentChanged');
    expect(await scene.result()).toMatchObject({ state: 'voided' });
  });

  it('about what has left reminds nobody: it ends, and people are told once', async () => {
    const scene = await theatre.start({ gone: 'version-retired', times: { expire: 600, remind: 2, escalate: 500 } });
    expect(await scene.result()).toMatchObject({ state: 'voided' });
    expect(scene.told).toEqual(['approval-requested', 'approval-voided']);
  });

  it('about what has left takes no decision: it is refused in words, and ends by that', async () => {
    const scene = await theatre.start();
    await scene.decide('approve', 'approver:ann');
    scene.world.gone = 'version-retired';
    expect(await refusal(scene.decide('approve', 'approver:bob'))).toContain(
      'it is voided: what was asked about is not there any more',
    );
    expect(await scene.result()).toMatchObject({ state: 'voided' });
    expect(scene.record().decisions).toHaveLength(1);
    const other = await theatre.start({ gone: 'version-retired' });
    await other.signal('approve', { code: `${other.record().approvalId}.approver:ann` });
    expect(await other.result()).toMatchObject({ state: 'voided' });
    expect(other.notes).toMatchObject([{ step: 'signal-refused', words: expect.stringContaining('it is voided') }]);
  });

  it('by a signal counts with the code of a link; without, it leaves a visible event', async () => {
    const scene = await theatre.start();
    const { approvalId } = scene.record();
    await scene.signal('approve', { actor: 'ann', reason: 'looks good' });
    await scene.signal('approve', { code: 'apr-unknown.approver:ann' });
    await scene.signal('aprove');
    await scene.until(() => scene.notes.length === 3);
    expect(scene.record().decisions).toEqual([]);
    const { refusals } = await scene.status();
    const problems = refusals.map(({ problem }) => problem).sort();
    expect(problems).toEqual([
      expect.stringContaining('apr-unknown is not there'),
      'no signal is named aprove: wanted approve or contentChanged',
      expect.stringContaining('nobody knows who sent it'),
    ]);
    await scene.signal('approve', { code: `${approvalId}.approver:ann`, reason: 'from the phone' });
    await scene.until(({ decisions }) => decisions.length === 1);
    await scene.signal('approve', { code: `${approvalId}.principal:author` });
    await scene.until(() => scene.notes.length === 4);
    expect(scene.record().decisions).toMatchObject([{ principal: 'approver:ann' }]);
  });

  it('that nobody here carries out stays approved for who asked, until it is used', async () => {
    const scene = await theatre.start({
      apply: async () => await Promise.resolve({ isDone: false, what: '' }),
      times: { expire: 8, remind: 3600, escalate: 3600 },
    });
    await scene.decide('approve', 'approver:ann');
    const { approvalId, contentDigest } = scene.record();
    const byLink = async (principal: string, seen = contentDigest) =>
      await scene.send('approve', { code: `${approvalId}.${principal}`, reason: '', seen });
    const counted = await byLink('approver:bob');
    expect(counted).toMatchObject({ state: 'approved', missing: 0 });
    expect(await byLink('approver:bob'), 'for its answer was lost').toEqual(counted);
    expect(scene.refused).toEqual([]);
    expect(await refusal(byLink('approver:bob', DIGEST.c))).toContain('look at it again');
    expect(await refusal(byLink('approver:dan'))).toContain('it is approved already');
    expect(scene.refused, 'by whom it was').toMatchObject([{ who: 'approver:dan' }]);
    expect(scene.record().decisions).toHaveLength(2);
    const { isLeft } = await scene.status();
    expect([scene.record().state, isLeft]).toEqual(['approved', expect.any(Boolean)]);
    expect(await refusal(scene.decide('approve', 'approver:cid'))).toContain('it is approved already');
    expect(await scene.result()).toMatchObject({ state: 'expired' });
  });

  it('is carried out again and again while who does it is away; what cannot be done is said', async () => {
    let attempts = 0;
    const apply = async () => {
      attempts += 1;
      return attempts < 4
        ? await Promise.reject(new Error('router is away'))
        : await Promise.resolve({ isDone: true, what: '' });
    };
    const scene = await theatre.start({ apply });
    await approved(scene);
    expect(await scene.result()).toMatchObject({ state: 'carried-out' });
    const refused = async () => await Promise.reject(new MlopsError('LEGAL_HOLD', { subject: 'ada', held: 'ada' }));
    const other = await theatre.start({ apply: refused });
    await approved(other);
    await other.until(() => other.notes.length === 1);
    expect(other.notes).toMatchObject([{ step: 'carry-out-failed', words: expect.stringContaining('legal hold') }]);
    expect(other.record().state).toBe('approved');
    expect(other.told).toContain('approval-carry-out-failed');
  });

  it('of another content is carried out, when that of before could not be, or was left to who asked', async () => {
    const firsts = [
      async () => await Promise.reject(new MlopsError('LEGAL_HOLD', { subject: 'ada', held: 'ada' })),
      async () => await Promise.resolve({ isDone: false, what: '' }),
    ];
    for (const apply of firsts) {
      const scene = await theatre.start({ apply });
      await approved(scene);
      await until(
        async () => await scene.status(),
        ({ isLeft }) => isLeft,
        20_000,
      );
      scene.world.apply = async () => await Promise.resolve({ isDone: true, what: 'done' });
      scene.world.current = async () => await Promise.resolve(changedTo(DIGEST.c));
      await scene.signal('contentChanged');
      await scene.until(({ round }) => round === 2);
      expect((await scene.status()).isLeft).toBe(false);
      await approved(scene);
      expect(await scene.result()).toMatchObject({ state: 'carried-out', round: 2 });
    }
  });

  it('does not end when what is there now cannot be read', async () => {
    const current = async () => await Promise.reject(new MlopsError('SUBJECT_UNKNOWN', { subject: 'model/x' }));
    const scene = await theatre.start({ current });
    await scene.signal('contentChanged');
    await scene.until(() => scene.notes.length === 1);
    await approved(scene);
    await scene.until(() => scene.notes.length === 2);
    expect(scene.notes.map(({ step }) => step)).toEqual(['signal-refused', 'carry-out-failed']);
    expect((await scene.status()).isLeft).toBe(true);
    await scene.decide('deny', 'approver:cid');
    expect(await scene.result()).toMatchObject({ state: 'denied' });
  });

  // Beside approvals: it waits for an answer as long as people do.
  it('and a key that nobody takes up is said to be unanswered', async () => {
    const order = { environment: 'dev', claim: { actor: 'a' }, reason: '', publicKey: '', proof: '' };
    await expect(
      sendOwnKey(theatre.client, { keyId: '00000000000000aa', order, taskQueue: 'nobody' }),
    ).rejects.toMatchObject({ code: 'OWN_KEY_UNANSWERED', retryable: true });
  });

  it('that the database does not know ends at once, and says so', async () => {
    expect(await theatre.takeUpUnknown('apr-never-was')).toMatchObject({
      type: 'APPROVAL_NOT_FOUND',
      nonRetryable: true,
      message: expect.stringContaining('apr-never-was') as string,
    });
  });

  it('outlives its workflow: what was decided is taken up again', async () => {
    const scene = await theatre.start();
    await scene.decide('approve', 'approver:ann');
    await scene.terminate();
    await scene.decide('approve', 'approver:bob');
    expect(await scene.result()).toMatchObject({ state: 'carried-out' });
  });
});

describe('an approval that continues as new', () => {
  let theatre: Theatre;
  beforeAll(async () => void (theatre = await openApprovalTheatre(60)));
  afterAll(async () => await theatre?.close());

  it('keeps what was decided and when it is due', async () => {
    const scene = await theatre.start({ times: { expire: 600, remind: 1, escalate: 500 } });
    await scene.decide('approve', 'approver:ann');
    const first = await scene.runs();
    await scene.until(({ reminders }) => reminders >= 12, 60_000);
    expect(await scene.runs()).not.toBe(first);
    expect(scene.record().decisions).toHaveLength(1);
    await scene.decide('approve', 'approver:bob');
    expect(await scene.result()).toMatchObject({ state: 'carried-out', round: 1 });
  });
});
