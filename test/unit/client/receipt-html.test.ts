import { describe, expect, it } from 'vitest';
import { renderReceiptHtml } from '../../../client/reports/receipt-html.ts';
import { createJudgedReceipt, createReceipt, event } from '../../support/receipts.ts';

const DIGEST = 'd1f2';
const REFUSED = createReceipt({
  outcome: {
    outcome: 'aborted',
    reason: 'aborted',
    detail: '<script>alert(1)</script>',
    at: '2026-01-01T08:00:09.000Z',
  },
  events: [
    event(2, 'weight-set', 'aborted: aborted', 'ada'),
    event(1, 'held', 'the same moment', 'judge'),
    event(1, 'abort', 'weight goes to 0 (<b onclick="x">enough</b>)', `ada'<i>`),
  ],
});

/** What a reader sees of a cell, without its tags. */
const textOf = (html: string): string => html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

describe('the HTML receipt', () => {
  const aborted = renderReceiptHtml(REFUSED, DIGEST);
  const promoted = renderReceiptHtml(createJudgedReceipt(0.01, 0.72), DIGEST);
  const rolledBack = renderReceiptHtml(createJudgedReceipt(0.035, 0.7), DIGEST);

  it('runs nothing and loads nothing, whatever a person gave as a reason', () => {
    for (const html of [aborted, promoted, rolledBack])
      expect(html).not.toMatch(/<script|<b |<i>|\bsrc=|<link|@import|url\(|https?:\/\/(?!127\.0\.0\.1)/);
    expect(aborted).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(aborted).toContain('ada&#39;&lt;i&gt;');
  });

  it('tells what happened in the order in which it happened, with who did it', () => {
    expect(aborted.indexOf('>abort<')).toBeGreaterThan(0);
    expect(aborted.indexOf('>abort<')).toBeLessThan(aborted.indexOf('>weight-set<'));
    expect(aborted.indexOf('>abort<'), 'a cause comes before what follows').toBeLessThan(aborted.indexOf('>held<'));
    expect(textOf(rolledBack)).toContain('pause frozen at 5 % (lunch &lt;soon&gt;) grace');
    const { events } = createJudgedReceipt(0.035, 0.7);
    for (const { at, actor } of events) {
      expect(rolledBack).toContain(`datetime="${at}"`);
      expect(rolledBack).toContain(`>${actor}</td>`);
    }
  });

  it('says first how it ended and why, in words', () => {
    expect(textOf(promoted)).toContain('Promoted The evidence of safety was enough on every required metric');
    expect(textOf(rolledBack)).toMatch(/Rolled back Evidence of harm in errors: errors of the canary 3\.\d+ %/);
    expect(textOf(aborted)).toContain('Aborted A person ended it');
    expect(textOf(renderReceiptHtml(createReceipt(), DIGEST))).toContain('Open It has not ended yet');
  });

  it('does not call a promotion that a person forced one by evidence', () => {
    const receipt = createJudgedReceipt(0.01, 0.72);
    const forced = { ...receipt, events: [...receipt.events, event(61, 'overridden', 'straight to 100 %', 'ada')] };
    expect(textOf(renderReceiptHtml(forced, DIGEST))).toContain('A person let it pass although something was missing');
  });

  it('says of a rollout that pre-flight refused that nothing was moved', () => {
    const outcome = {
      outcome: 'failed',
      reason: 'PREFLIGHT_UNHEALTHY',
      detail: 'canary is dead',
      at: '2026-01-01T08:00:09.000Z',
    } as const;
    expect(textOf(renderReceiptHtml(createReceipt({ outcome }), DIGEST))).toContain(
      'Failed Pre-flight refused it, and nothing was moved: canary is dead.',
    );
  });

  it('says exactly what became of the users of a stable version that was down', () => {
    const detail = 'stable 1.0.0 is down (503); all traffic went to 1.1.0, the arm that works, which had 50 %';
    const outcome = { outcome: 'failed', reason: 'stable-down', detail, at: '2026-01-01T08:00:09.000Z' } as const;
    expect(textOf(renderReceiptHtml(createReceipt({ outcome }), DIGEST))).toContain(
      `Failed The stable version could not serve: ${detail}.`,
    );
  });

  it('draws the share of users, the total evidence and that of every metric, each with its name and its axes', () => {
    for (const name of ['total', 'errors', 'slow', 'scores', 'ceiling'])
      expect(promoted).toContain(`aria-label="Evidence, ${name} over time, logarithmic"`);
    expect(promoted).toContain('aria-label="Share of users on 1.1.0 over time"');
    for (const label of ['>0 %<', '>100 %<', '>start<', '>1 h<', '>1<', '>of harm<', '>of safety<'])
      expect(promoted, label).toContain(label);
    expect(promoted.match(/>limit 20</g)?.length).toBe(5);
  });

  it('writes evidence by its size beside its line and in the table', () => {
    expect(promoted).toMatch(/class="end"[^>]*>\d(\.\d)?e\d</);
    expect(rolledBack).toMatch(/class="end"[^>]*>31</);
    expect(rolledBack).not.toMatch(/class="end"[^>]*>\d+\.\d{4,}</);
  });

  it('names the limit and both ends of the axes without any look too', () => {
    for (const words of ['>limit 20<', '>0 %<', '>100 %<', '>0.1<', '>1000<']) expect(aborted).toContain(words);
  });

  it('has a row for every metric and for every turn of the judge', () => {
    expect(textOf(rolledBack)).toMatch(/errors fail 0\.0\d+ 0\.01\d+ 0\.05 \d+ \d+ 0\.\d+ canary/);
    expect(textOf(rolledBack)).toContain('rollback');
    expect(textOf(promoted)).toMatch(/ promote 0\.\d+ evidence of safety is enough/);
  });

  it('shows orders the router refused as refused, and does not draw them', () => {
    const receipt = createJudgedReceipt(0.035, 0.7);
    const [first] = receipt.writes;
    if (first === undefined) throw new Error('no write');
    const late = { ...first, generation: 99, appliedAt: null, refusedCode: 'TRAFFIC_STALE_GENERATION' };
    const html = renderReceiptHtml({ ...receipt, writes: [...receipt.writes, late] }, DIGEST);
    expect(html).toContain('not applied: TRAFFIC_STALE_GENERATION');
    expect(html.match(/<svg.*?<\/svg>/s)?.[0]).toBe(rolledBack.match(/<svg.*?<\/svg>/s)?.[0]);
  });

  it('stays small over weeks of looks, and keeps every peak', () => {
    const receipt = createJudgedReceipt(0.035, 0.7);
    const [look] = receipt.ticks.slice(-1);
    if (look === undefined) throw new Error('no look');
    const ticks = Array.from({ length: 43_200 }, (_, tick) => {
      const wealth = tick === 20_000 ? 1e8 : 1;
      return {
        ...look,
        tick,
        at: new Date(1_767_254_400_000 + tick * 60_000).toISOString(),
        verdict: { ...look.verdict, wealth },
      };
    });
    const html = renderReceiptHtml({ ...receipt, outcome: null, ticks }, DIGEST);
    expect(html.length).toBeLessThan(1_000_000);
    const total = html.match(/<svg[^>]*aria-label="Evidence, total.*?<path class="line" d="([^"]*)"/s)?.[1] ?? '';
    expect(total).toMatch(/L\d+(\.\d)? (2[6-9]|[3-9]\d)/);
    expect(total.split('L').length).toBeLessThan(3500);
  });

  it('says what it rests on and the commands that decide it again', () => {
    expect(promoted).toContain('mlops rollout receipt --model rag_api --key 0197-key --out receipt.json');
    expect(promoted).toContain('mlops rollout receipt --verify receipt.json');
    expect(textOf(promoted)).toContain(`Digest of the receipt: ${DIGEST}`);
    for (const name of ['errorBudget', 'noise', 'deadlineSeconds']) expect(promoted).toContain(`>${name}<`);
  });
});
