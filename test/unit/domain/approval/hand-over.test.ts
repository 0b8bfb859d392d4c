import { describe, expect, it } from 'vitest';
import { askedOfHandOver, parseHandOver, type HandOver } from '../../../../domain/registry/approval/hand-over.ts';
import { problemOfDelegation } from '../../../../domain/registry/approval/quorum.ts';

const CLAIM = { actor: 'principal:0000000000000001', statement: {} };
const BASE = { id: 'order-000000', environment: 'production', claim: CLAIM };
const LINK = { ...BASE, what: 'link', approvalId: 'apr-1', seen: 'a'.repeat(64), secretHash: 'b'.repeat(64) };
const DELEGATION = { ...BASE, what: 'delegation', to: 'principal:2', approvalId: null, forSeconds: 60, reason: '' };
const TAKE_BACK = { ...BASE, what: 'take-back', to: 'principal:2', reason: 'back' };

describe('a right that is handed over', () => {
  it.each([LINK, DELEGATION, TAKE_BACK])('is read as it is, and without what is said beside: %j', (order) => {
    expect(parseHandOver({ ...order, roles: ['approver'], source: { host: 'h' } })).toEqual({
      ...order,
      source: { host: 'h' },
    });
    expect(parseHandOver({ ...order, source: 'elsewhere' })).toEqual(order);
  });

  it.each([
    [null, 'its id is none'],
    [{ ...LINK, id: 'short' }, 'its id is none'],
    [{ ...LINK, id: 'a/../../another-id' }, 'its id is none'],
    [{ ...LINK, environment: '' }, 'of which environment'],
    [{ ...LINK, claim: { ...CLAIM, token: 't' } }, 'its claim is none'],
    [{ ...LINK, claim: { ...CLAIM, actor: '' } }, 'its claim is none'],
    [{ ...LINK, claim: { ...CLAIM, statement: 'signed' } }, 'its claim is none'],
    [{ ...LINK, approvalId: null }, 'what is decided about'],
    [{ ...LINK, seen: '' }, 'what is decided about'],
    [{ ...LINK, secretHash: 'B'.repeat(64) }, 'the hash of its secret is none'],
    [{ ...LINK, secretHash: 'b'.repeat(63) }, 'the hash of its secret is none'],
    [{ ...DELEGATION, to: 7 }, 'to whom'],
    [{ ...DELEGATION, reason: null }, 'its reason is no text'],
    [{ ...DELEGATION, approvalId: '' }, 'what is decided about'],
    [{ ...DELEGATION, forSeconds: '60' }, 'for how long'],
    [{ ...TAKE_BACK, what: 'roles' }, 'neither a link nor a delegation'],
  ])('is refused as %j', (given, words) => expect(parseHandOver(given)).toContain(words));

  it('is signed for what it is: a decision about one approval, or the handing on', () => {
    const asked = (order: object) => askedOfHandOver(order as HandOver);
    const { claim: _, ...content } = LINK;
    expect(asked(LINK)).toEqual({ action: 'approval.decide', resource: 'approval/apr-1', content });
    for (const order of [DELEGATION, TAKE_BACK])
      expect(asked(order)).toMatchObject({ action: 'approval.delegate', resource: 'approval' });
  });

  it('is handed on for a time, and 90 days at most', () => {
    for (const seconds of [1, 90 * 86_400]) expect(problemOfDelegation(seconds)).toBeNull();
    for (const seconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 90 * 86_400 + 1])
      expect(problemOfDelegation(seconds)).toContain('wanted more than 0 and at most 90 days');
  });
});
