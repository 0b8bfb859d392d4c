import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeQuorum, problemOfDecision, type Candidate } from '../../../../domain/registry/approval/quorum.ts';
import { APPROVAL_STATES, isFinal, type ApprovalRecord } from '../../../../domain/registry/approval/request.ts';
import { parseDecisionSignal } from '../../../../domain/registry/approval/signal.ts';
import { createAuthority, createDecision, createRecord, DIGEST } from '../../../support/approvals.ts';

const NOW = Date.parse('2026-01-02T00:00:00.000Z');
const candidate = (principal: string, change: Partial<Candidate> = {}): Candidate => ({
  principal,
  verdict: 'approve',
  seen: DIGEST.a,
  authorities: [createAuthority(principal)],
  ...change,
});
const problem = (change: Partial<ApprovalRecord>, asked: Candidate, now: number | null = NOW) =>
  problemOfDecision(createRecord(change), asked, now);

describe('who may decide', () => {
  it('is an approver who has no part in it', () => {
    expect(problem({}, candidate('principal:ann'))).toBeNull();
  });

  it.each([
    ['the author', 'principal:author', 'an author of what is asked for may not decide about it'],
    ['the data owner', 'principal:owner', 'a data owner of what is asked for may not decide about it'],
    ['who asked', 'principal:engineer', 'a requester of what is asked for may not decide about it'],
  ])('is not %s', (_, principal, words) => {
    expect(problem({}, candidate(principal))).toBe(words);
  });

  it.each(APPROVAL_STATES.filter(isFinal))('is nobody any more when it is %s', (state) => {
    expect(problem({ state }, candidate('principal:ann'))).toMatch(
      state === 'voided'
        ? /^it is voided: what was asked about is not there any more$/
        : new RegExp(`^it is ${state}$`),
    );
  });

  it('is nobody after the end, to the millisecond', () => {
    const end = Date.parse('2026-01-08T00:00:00.000Z');
    expect(problem({}, candidate('principal:ann'), end - 1)).toBeNull();
    expect(problem({}, candidate('principal:ann'), end)).toBe('it expired at 2026-01-08T00:00:00.000Z');
  });

  it('is nobody who has seen something else', () => {
    expect(problem({}, candidate('principal:ann', { seen: DIGEST.b }))).toContain('is not what is asked for now');
  });

  it('is nobody who has decided otherwise; the same again is no harm', () => {
    const decisions = [createDecision('principal:ann')];
    expect(problem({ decisions }, candidate('principal:ann', { verdict: 'deny' }))).toBe(
      'you have decided already: approve at 2026-01-01T01:00:00.000Z',
    );
    expect(problem({ decisions }, candidate('principal:ann'))).toBeNull();
  });

  it.each(APPROVAL_STATES)('is who sends the same again, as its answer may have been lost: when it is %s', (state) => {
    const decisions = [createDecision('principal:ann'), createDecision('principal:bob', { verdict: 'deny' })];
    const after = Date.parse('2026-02-01T00:00:00.000Z');
    expect(problem({ state, decisions }, candidate('principal:ann'), after)).toBeNull();
    expect(problem({ state, decisions }, candidate('principal:bob', { verdict: 'deny' }), after)).toBeNull();
    expect(problem({ state, decisions }, candidate('principal:bob'), after)).not.toBeNull();
    expect(problem({ state, decisions }, candidate('principal:ann', { seen: DIGEST.b }), after)).not.toBeNull();
  });

  it('of what is approved already is who denies it, before it is carried out', () => {
    expect(problem({ state: 'approved' }, candidate('principal:ann'))).toBe('it is approved already');
    expect(problem({ state: 'approved' }, candidate('principal:ann', { verdict: 'deny' }))).toBeNull();
  });

  it.each([
    ['no role', [createAuthority('principal:ann', { roles: ['engineer'] })], 'you have none of the roles'],
    ['nobody known', [], 'you have none of the roles'],
    [
      'a right that was handed on twice',
      [createAuthority('principal:ann', { roles: [] }), createAuthority('principal:eve', { handovers: 2 })],
      'the right of principal:eve was handed on 2 times, wanted at most 1',
    ],
    [
      'the right of the author',
      [createAuthority('principal:ann', { roles: [] }), createAuthority('principal:author', { handovers: 1 })],
      'the right is that of an author',
    ],
  ])('is not who has %s', (_, authorities, words) => {
    expect(problem({}, candidate('principal:ann', { authorities }))).toContain(words);
  });

  it('is not who has a right that was used', () => {
    const decisions = [createDecision('principal:bob')];
    const authorities = [
      createAuthority('principal:ann', { roles: [] }),
      createAuthority('principal:bob', { handovers: 1 }),
    ];
    expect(problem({ decisions }, candidate('principal:ann', { authorities }))).toContain('was used already');
  });
});

describe('a quorum', () => {
  const judge = (...decisions: Parameters<typeof judgeQuorum>[1]) => judgeQuorum(createRecord(), decisions);

  it('is reached by as many different people as are wanted', () => {
    expect(judge()).toEqual({ verdict: 'pending', missing: 2 });
    expect(judge(createDecision('p:a'))).toEqual({ verdict: 'pending', missing: 1 });
    expect(judge(createDecision('p:a'), createDecision('p:b'))).toEqual({ verdict: 'approved', missing: 0 });
  });

  it.each([
    ['the same person twice', createDecision('p:a')],
    ['the same right twice', createDecision('p:b', { onBehalfOf: 'p:a' })],
    ['another content', createDecision('p:b', { seen: DIGEST.b })],
    ['the author', createDecision('principal:author')],
    ['the right of the author', createDecision('p:b', { onBehalfOf: 'principal:author' })],
  ])('does not count %s', (_, second) => {
    expect(judge(createDecision('p:a'), second)).toEqual({ verdict: 'pending', missing: 1 });
  });

  it('is of no use after a denial', () => {
    const denial = createDecision('p:c', { verdict: 'deny' });
    expect(judge(createDecision('p:a'), createDecision('p:b'), denial).verdict).toBe('denied');
  });

  it('needs at least as many people and as many rights as it says, whatever comes in which order', () => {
    const people = fc.constantFrom('p:a', 'p:b', 'p:c', 'principal:author');
    const decisions = fc.array(
      fc.record({ principal: people, onBehalfOf: fc.option(people), seen: fc.constantFrom(DIGEST.a, DIGEST.b) }),
    );
    fc.assert(
      fc.property(decisions, fc.integer({ min: 1, max: 4 }), (given, quorum) => {
        const all = given.map((one) => createDecision(one.principal, one));
        const { verdict } = judgeQuorum(createRecord({ quorum }), all);
        expect(judgeQuorum(createRecord({ quorum }), [...all].reverse()).verdict).toBe(verdict);
        if (verdict !== 'approved') return;
        const valid = all.filter(
          ({ onBehalfOf, principal, seen }) =>
            seen === DIGEST.a && ![principal, onBehalfOf].includes('principal:author'),
        );
        expect(new Set(valid.map(({ principal }) => principal)).size).toBeGreaterThanOrEqual(quorum);
        expect(new Set(valid.map(({ onBehalfOf, principal }) => onBehalfOf ?? principal)).size).toBeGreaterThanOrEqual(
          quorum,
        );
      }),
    );
  });
});

describe('a signal', () => {
  it('counts by the code of a link alone', () => {
    expect(parseDecisionSignal([{ code: 'l.s', reason: 'fine' }])).toMatchObject({
      code: 'l.s',
      reason: 'fine',
      problem: null,
    });
    expect(parseDecisionSignal([{ actor: 'ann' }])).toMatchObject({
      claimed: 'ann',
      problem: expect.stringContaining('nobody knows'),
    });
    expect(parseDecisionSignal([]).problem).toContain('nobody knows who sent it');
  });

  it.each([[[{ approved: false }]], [['ann']], [[{ code: 5 }]], [[{ code: 'a.b' }, 1]], [[[]]]])(
    'is not understood: %j',
    (inputs) => {
      expect(parseDecisionSignal(inputs).problem).toContain('not understood');
    },
  );
});
