import { describe, expect, it } from 'vitest';
import { renderExplanation } from '../../../client/reports/rollout-explanation.ts';
import { renderStatus } from '../../../client/reports/rollout-status.ts';
import { createStatus } from '../../support/statuses.ts';

const ANSWER = 'mlops rollout approve --model rag_api (or deny)';
const waiting = {
  kind: 'gate',
  since: '2026-01-01T08:00:00.000Z',
  reason: 'needs an approval',
  answer: ANSWER,
} as const;

describe('a rollout in a terminal', () => {
  it('shows header, every step and where it stands, evidence by its size, and what is missing', () => {
    const text = renderStatus(createStatus());
    expect(text).toMatch(/^Rollout: +rag_api \(dev\)\nStatus: +◌ canary\n/);
    expect(text).toMatch(/├─ ✔ weight 5 %\n├─ ◌ weight 15 % +812\/100 requests, window ends .+\n└─ · bake 100 %/);
    expect(text).toContain('evidence of harm 0.41, of safety 3.2; 812 requests');
    expect(text).toContain('evidence of harm 1.2e4; 0 requests (shown only)');
    expect(text).toMatch(/Next step needs: 612 s of the observation window$/);
  });

  it('ends with the command that answers when a person is waited for', () => {
    expect(renderStatus(createStatus({ waitingFor: waiting, phase: 'awaiting-approval' }))).toMatch(
      /Answer with: mlops rollout approve --model rag_api \(or deny\)$/,
    );
  });
});

describe('the explanation of a rollout', () => {
  it('says where it stands, why, and what would change that', () => {
    const text = renderExplanation(createStatus());
    expect(text).toContain(
      'rag_api 1.0.0 → 1.1.0 is in phase canary, step 2 of 7 (weight), with 15 % of the users on 1.1.0.',
    );
    expect(text).toContain('The last look (number 11');
    expect(text).toContain('The next step needs:\n  - 612 s of the observation window');
    expect(text).toContain('Without enough evidence it rolls back at 2026-01-01T11:45:00.000Z.');
  });

  it('names the command that takes a promotion back: a rollout to the version before', () => {
    expect(renderExplanation(createStatus({ outcome: 'promoted', reason: 'promoted' }))).toContain(
      'Take it back with: mlops rollout start --model rag_api --to 1.0.0',
    );
  });

  it.each([
    ['while it goes on', null],
    ['while a person is waited for', waiting],
  ])('promises no rollback %s where automatic rollback is off', (_when, waitingFor) => {
    const automaticRollback = { on: false, armed: true, limit: 20, holds: ['slow'] };
    const noise = { text: 'assumption default; automatic rollback is off', armed: true };
    const text = renderExplanation(createStatus({ automaticRollback, noise, waitingFor }));
    expect(text).toContain(
      'Total evidence of harm that reaches the limit (20 at an error budget of 5 %) freezes the weight and pages',
    );
    expect(text).toContain('a person does with: mlops rollout abort --model rag_api');
    expect(text).not.toMatch(/rolls back at once|still rolls back|rollback is armed/);
  });

  it('goes by the error budget of the policy', () => {
    const automaticRollback = { on: true, armed: true, limit: 100, holds: [] };
    for (const waitingFor of [null, waiting])
      expect(renderExplanation(createStatus({ automaticRollback, waitingFor }))).toContain(
        'Total evidence of harm that reaches the limit (100 at an error budget of 1 %) rolls back at once',
      );
  });
});
