import { describe, expect, it } from 'vitest';
import { outcomeWords } from '../../../client/reports/outcome-words.ts';
import { renderReceiptHtml } from '../../../client/reports/receipt-html.ts';
import { renderReceiptText } from '../../../client/reports/receipt-text.ts';
import type { RolloutReceipt } from '../../../domain/rollout/receipt.ts';
import { createJudgedReceipt, event } from '../../support/receipts.ts';

const PROMOTED = createJudgedReceipt(0.01, 0.72);

/** A promotion after people had accepted these: the ticks say what, the events who, where that was kept. */
function promotedWithout(waived: string[], by: string | null, requiredMetrics = ['errors', 'slow']): RolloutReceipt {
  const facts = by === null ? {} : { waived };
  return {
    ...PROMOTED,
    rollout: { ...PROMOTED.rollout, policy: { ...PROMOTED.rollout.policy, requiredMetrics } },
    events: [...PROMOTED.events, event(20, 'approve', 'review: goes on (worth it)', by ?? 'ann', facts)],
    ticks: PROMOTED.ticks.map((tick) => {
      const metrics = tick.verdict.metrics.map((metric) => ({ ...metric, dryRun: waived.includes(metric.name) }));
      return { ...tick, verdict: { ...tick.verdict, waived, metrics } };
    }),
  };
}

describe('the receipt of a promotion after a person accepted a hold', () => {
  it('says what was waived, by whom, and claims no evidence on it', () => {
    const receipt = promotedWithout(['errors'], 'ann');
    const words = 'The evidence of safety was enough on every required metric that was left (waived: errors by ann)';
    expect(outcomeWords(receipt).sentence).toBe(`${words}: 1.1.0 is the stable version of rag_api.`);
    expect(renderReceiptHtml(receipt, 'd1')).toContain(words);
    expect(renderReceiptHtml(receipt, 'd1')).toContain('errors (waived)');
    expect(renderReceiptText(receipt)).toContain('Waived, so that it decided nothing from then on: errors by ann\n');
    expect(renderReceiptText(receipt)).toMatch(/^ {2}errors: pass, .*; decides nothing: waived \(errors by ann\)$/m);
    expect(renderReceiptText(receipt), 'the others decide').toMatch(/^ {2}ceiling: pass, .*above it [\d.e+-]+$/m);
  });

  it('says when no required metric was left', () => {
    expect(outcomeWords(promotedWithout(['errors'], 'ann', ['errors'])).sentence).toMatch(
      /^No required metric was left that had to show safety \(waived: errors by ann\): /,
    );
  });

  it('says so of rollouts that did not keep who it was, and of one that was overridden as well', () => {
    const receipt = promotedWithout(['slow', 'health'], null);
    expect(outcomeWords(receipt).sentence).toContain('(waived: slow by a person, health by a person)');
    const overridden = { ...receipt, events: [...receipt.events, event(61, 'overridden', 'straight to 100 %', 'ada')] };
    expect(outcomeWords(overridden).sentence).toMatch(
      /^A person let it pass although something was missing \(waived: slow by a person, /,
    );
  });

  it('speaks of evidence on every required metric only where nothing was waived', () => {
    expect(outcomeWords(PROMOTED).sentence).toMatch(/^The evidence of safety was enough on every required metric: /);
    expect(renderReceiptText(PROMOTED)).not.toMatch(/[Ww]aived|decides nothing/);
  });
});
