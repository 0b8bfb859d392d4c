import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { renderSize } from './evidence-size.ts';
import { escapeHtml } from '../../domain/escape-html.ts';
import { renderDuration, renderTime } from './html.ts';
import { outcomeWords } from './outcome-words.ts';
import { renderReceiptCharts } from './receipt-charts.ts';
import { limitOf, shareOf } from './receipt-facts.ts';
import { RECEIPT_STYLE } from './receipt-style.ts';
import { renderEvents, renderSettings, renderTurns, renderVerdicts, renderWrites } from './receipt-tables.ts';

/**
 * A receipt as one HTML page without any outside file: how it ended and why, what is to be known of it, share and
 * evidence over time, verdicts, events, and what it rests on.
 *
 * @param digest of the receipt as JSON, so that page and file can be told to be of one rollout
 */
export function renderReceiptHtml(receipt: RolloutReceipt, digest: string): string {
  const { rollout } = receipt;
  const title = `${rollout.model} ${rollout.fromVersion} → ${rollout.toVersion}`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title><style>${RECEIPT_STYLE}</style></head>
<body>
${renderHeader(receipt, title)}
${renderFacts(receipt)}
<h2>Share and evidence over time</h2>
<p class="dim">Evidence is a likelihood ratio: 1 says nothing, 20 is twenty times as likely under harm (or safety) as without it. The scale is logarithmic.</p>
${renderReceiptCharts(receipt)}
<h2>Last verdict on every metric</h2>
${renderVerdicts(receipt)}
<h2>What happened</h2>
${renderEvents(receipt)}
<h2>How the answer changed</h2>
${renderTurns(receipt)}
<h2>What it rests on</h2>
<details><summary>Orders to the router (${receipt.writes.length})</summary>${renderWrites(receipt)}</details>
<details><summary>Assumptions and limits of the judge</summary>${renderSettings(rollout.policy)}</details>
<details><summary>Plan</summary>${renderSettings(isSettings(rollout.plan) ? rollout.plan : {})}</details>
${renderCheck(receipt, digest)}
</body></html>
`;
}

function renderHeader(receipt: RolloutReceipt, title: string): string {
  const { word, tone, sentence } = outcomeWords(receipt);
  return `<header class="${tone}"><h1>${escapeHtml(title)}</h1>
<p><strong class="outcome ${tone}">${escapeHtml(word)}</strong></p>
<p>${escapeHtml(sentence)}</p></header>`;
}

function renderFacts(receipt: RolloutReceipt): string {
  const { rollout, outcome, ticks, writes } = receipt;
  const judged = ticks.filter((tick) => tick.judged).length;
  const limit = limitOf(receipt);
  const shares = writes.filter(({ appliedAt }) => appliedAt !== null).map((write) => shareOf(receipt, write));
  const facts: [string, string][] = [
    ['Environment', escapeHtml(rollout.environment)],
    ['Started', `${renderTime(rollout.startedAt)} UTC by ${escapeHtml(rollout.startedBy)}`],
    [
      'Ended',
      outcome === null ? 'not yet' : `${renderTime(outcome.at)} UTC, after ${lengthOf(rollout.startedAt, outcome.at)}`,
    ],
    ['Looks', `${ticks.length}, judged ${judged}`],
    ['Judged requests', String(ticks.reduce((sum, { verdict }) => sum + verdict.canaryRequests, 0))],
    ['Largest share of users', `${Math.max(0, ...shares)} %`],
    [
      outcome === null ? 'Evidence of harm so far' : 'Evidence of harm at the end',
      `${renderSize(ticks.at(-1)?.verdict.wealth ?? 1)} (acts at ${renderSize(limit)})`,
    ],
    ['Chance to roll a good version back', `at most ${Number((100 / limit).toPrecision(3))} %`],
  ];
  return `<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>`;
}

function renderCheck({ rollout }: RolloutReceipt, digest: string): string {
  const { program, node, v8 } = rollout.engine;
  const commands = [
    `mlops rollout receipt --model ${rollout.model} --key ${rollout.rolloutKey} --out receipt.json`,
    'mlops rollout receipt --verify receipt.json',
  ];
  return `<h2>How to check it</h2>
<p>These decide every look again from the recorded counts, the second without any server:</p>
<pre>${escapeHtml(commands.join('\n'))}</pre>
<p class="dim">Decided by ${escapeHtml(`${program} on Node ${node}, V8 ${v8}`)}: bit for bit the same there, the same decisions on any other. Digest of the receipt: ${escapeHtml(digest)}</p>`;
}

function lengthOf(from: string, to: string): string {
  return renderDuration(Date.parse(to) - Date.parse(from));
}

function isSettings(plan: unknown): plan is Record<string, unknown> {
  return typeof plan === 'object' && plan !== null && !Array.isArray(plan);
}
