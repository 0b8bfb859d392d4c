import { describe, expect, it } from 'vitest';
import { principalsOf, problemOfSamePerson } from '../../../../domain/registry/approval/same-person.ts';
import { createAuthority, createDecision, createRecord } from '../../../support/approvals.ts';

const NAMES = new Map([
  ['principal:engineer', 'root'],
  ['principal:key', 'root'],
  ['principal:ann', 'ann'],
  ['principal:ann-os', 'ann'],
]);
const decided = (...decisions: ReturnType<typeof createDecision>[]) => createRecord({ decisions });

describe('a person who is several principals', () => {
  it('does not decide about what he asked for as another of them', () => {
    expect(problemOfSamePerson(createRecord(), 'principal:key', NAMES)).toBe(
      'root is also principal:engineer, requester of what is asked for: a person may not decide about it as another principal of that name',
    );
  });

  it('decides once, and so does his right', () => {
    const own = decided(createDecision('principal:ann'));
    expect(problemOfSamePerson(own, 'principal:ann-os', NAMES)).toContain('has decided already: approve at 2026-01-01');
    const handedOn = decided(createDecision('principal:deputy', { onBehalfOf: 'principal:ann' }));
    expect(problemOfSamePerson(handedOn, 'principal:ann-os', NAMES)).toContain('has decided already');
  });

  it.each([
    ['as the principal that he decided as: that is asked elsewhere', 'principal:ann'],
    ['when somebody of another name asked', 'principal:ann-os'],
    ['whose name was erased', 'principal:author'],
  ])('may be anybody %s', (_, principal) => {
    const record = principal === 'principal:ann' ? decided(createDecision(principal)) : createRecord();
    expect(problemOfSamePerson(record, principal, NAMES)).toBeNull();
  });

  it('is looked for among all who are named by a request and its decisions', () => {
    const record = decided(createDecision('principal:deputy', { onBehalfOf: 'principal:ann' }));
    const asked = { principal: 'principal:cid', authorities: [createAuthority('principal:dan')] };
    expect(principalsOf(record, asked).toSorted()).toEqual([
      'principal:ann',
      'principal:author',
      'principal:cid',
      'principal:dan',
      'principal:deputy',
      'principal:engineer',
      'principal:owner',
    ]);
  });
});
