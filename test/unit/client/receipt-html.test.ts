import { describe, expect, it } from 'vitest';
import { renderReceiptHtml } from '../../../client/reports/receipt-html.ts';
import type { RolloutReceipt } from '../../../domain/rollout/receipt.ts';

const event = (at: string, name: string, detail: string) => ({ at, event: name, actor: 'ada', details: { detail } });

const RECEIPT: RolloutReceipt = {
  schemaVersion: 1,
  kind: 'rollout-receipt',
  rollout: {
    rolloutKey: 'key',
    rolloutId: 'rollout/dev/m',
    model: 'm',
    environment: 'dev',
    fromVersion: '1.0.0',
    toVersion: '1.1.0',
    plan: {},
    policy: { errorBudget: 0.05 },
    startedBy: 'ada',
    startedAt: '2026-01-01T00:00:00.000Z',
    engine: { program: 'durable-mlops 0.1.0', node: '24', v8: '13' },
  },
  outcome: {
    outcome: 'aborted',
    reason: 'aborted',
    detail: '<script>alert(1)</script>',
    at: '2026-01-01T00:00:09.000Z',
  },
  events: [
    event('2026-01-01T00:00:05.000Z', 'weight-set', 'aborted: aborted'),
    event('2026-01-01T00:00:04.000Z', 'abort', 'weight goes to 0 (<b>enough</b>)'),
  ],
  writes: [],
  ticks: [],
};

describe('the HTML receipt', () => {
  const html = renderReceiptHtml(RECEIPT);

  it('runs nothing and loads nothing, whatever a person gave as a reason', () => {
    expect(html).not.toMatch(/<script|<b>|\bsrc=|<link|@import|url\(/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('tells what happened in the order in which it happened', () => {
    expect(html.indexOf('>abort<')).toBeGreaterThan(0);
    expect(html.indexOf('>abort<')).toBeLessThan(html.indexOf('>weight-set<'));
  });

  it('names the limit of the evidence and the ends of both axes, without any look too', () => {
    for (const words of ['rolls back at 20', '>0 %<', '>100 %<', '>0.01<', '>1000<']) expect(html).toContain(words);
  });
});
