import { describe, expect, it } from 'vitest';
import { parseApprovalSignal } from '../../../domain/rollout/approval-signal.ts';

describe('a signal that approves', () => {
  it.each([
    [[], ''],
    [[null], ''],
    [[undefined], ''],
    [[{}], ''],
    [[{ reason: 'checked' }], 'checked'],
    [[{ actor: 'ann' }], 'claims to be ann'],
    [[{ actor: 'ann', reason: 'checked' }], 'checked; claims to be ann'],
  ])('is understood with the inputs %j, and nobody is taken for who it says', (inputs, reason) => {
    expect(parseApprovalSignal(inputs)).toMatchObject({ actor: 'signal', reason, problem: null });
  });

  it.each([
    [[[1, 2]]],
    [[[]]],
    [[{ approved: false }]],
    [[{ actor: 'ann', approved: true }]],
    [[{ actor: ['eve'] }]],
    [[{ actor: 'ann', reason: null }]],
    [['yes']],
    [[true]],
    [[false]],
    [[0]],
    [[null, { approved: false }]],
  ])('is none with the inputs %j', (inputs) => {
    expect(parseApprovalSignal(inputs)).toMatchObject({
      actor: 'signal',
      problem: expect.stringMatching(/^its input is not understood: wanted /) as string,
    });
  });
});
