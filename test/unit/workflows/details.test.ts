import { describe, expect, it } from 'vitest';
import { renderDetails } from '../../../workflows/rollout/details.ts';
import { createStatus } from '../../support/statuses.ts';

describe('the details panel of the Temporal Web UI', () => {
  it('is a headline and a Markdown list, whatever the state', () => {
    const states = [createStatus(), createStatus({ lastVerdict: null, observedWeightPercent: null, missing: [] })];
    for (const status of states) {
      const [head, blank, ...list] = renderDetails(status).split('\n');
      expect(head).toBe('**rag_api** 1.0.0 → 1.1.0: **canary**');
      expect(blank).toBe('');
      for (const line of list) expect(line).toMatch(/^- \S/);
    }
  });

  it('says what the next step needs, the share of users, and each evidence by its size', () => {
    const text = renderDetails(createStatus());
    expect(text).toContain('- The next step needs: 612 s of the observation window\n');
    expect(text).toContain('- Share of users: **15 %** (seen: 15 %)');
    expect(text).toContain('**errors**: 0.004 against 0.005 in 812 requests, limit 0.05; of harm 0.41, of safety 3.21');
    expect(text).toContain('**slow** (shown only): nothing in 0 requests; of harm 1.2e4');
  });

  it('begins with the person who is waited for, and the command that answers', () => {
    const waitingFor = { kind: 'gate', since: '2026-01-01T08:00:00.000Z', reason: 'needs an approval' } as const;
    const answer = 'mlops rollout approve --model rag_api';
    const lines = renderDetails(createStatus({ waitingFor: { ...waitingFor, answer } })).split('\n');
    expect(lines[2]).toBe('- **Waits for a person** since 2026-01-01 08:00:00 UTC: needs an approval');
    expect(lines[3]).toBe(`- Answer with: \`${answer}\``);
  });

  it('begins with how it ended, and lets no words from outside change the layout', () => {
    const ended = createStatus({ outcome: 'aborted', reason: 'aborted: <b>*done*</b>\n- [x](y)' });
    const lines = renderDetails(ended).split('\n');
    expect(lines[0]).toContain('**aborted**');
    expect(lines[2]).toBe(String.raw`- Why: aborted: \<b\>\*done\*\</b\> - \[x\](y)`);
  });
});
