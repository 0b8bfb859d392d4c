import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { detailOf } from './receipt-text.ts';
import { renderChart } from './svg-chart.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5b6675; --paper: #fff; --line: #d7dce3; --good: #1a7f4b; --bad: #c0362c; --a: #2563c9; --b: #b4630a; --c: #7a3fc4; --d: #1b8a8f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --dim: #9aa5b4; --paper: #14181e; --line: #333b47; --good: #4cc38a; --bad: #ff7b6e; --a: #79a9ff; --b: #f0a850; --c: #c09bff; --d: #5fd0d4; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } td, th { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } .dim { color: var(--dim); } .whole { white-space: nowrap; } svg { width: 100%; height: auto; }
@media (max-width: 40rem) { svg text { font-size: 18px; } .whole { white-space: normal; min-width: 5rem; } }
`;

/** A receipt as one HTML page without any outside file: outcome, weight and evidence over time, events, verdicts. */
export function renderReceiptHtml(receipt: RolloutReceipt): string {
  const { rollout, outcome, ticks } = receipt;
  const title = `${rollout.model} ${rollout.fromVersion} → ${rollout.toVersion}`;
  const tone = outcome?.outcome === 'promoted' || outcome?.outcome === 'completed' ? 'good' : 'bad';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style></head><body>
<h1>${escape(title)} <span class="dim">(${escape(rollout.environment)})</span></h1>
<p><strong class="${tone}">${escape(outcome?.outcome ?? 'open')}</strong> ${escape(outcome === null ? '' : `${outcome.reason}: ${outcome.detail}`)}</p>
<p class="dim">Started ${escape(rollout.startedAt)} by ${escape(rollout.startedBy)}; ${ticks.filter(({ judged }) => judged).length} of ${ticks.length} looks judged on ${escape(`${rollout.engine.program}, Node ${rollout.engine.node}, V8 ${rollout.engine.v8}`)}.</p>
<h2>Share of users on the new version</h2>
${renderChart({ label: 'share', steps: true, ticks: [0, 25, 50, 75, 100].map((value) => ({ value, label: `${value} %` })), limit: null, series: [{ name: 'weight', color: 'var(--a)', points: ticks.map((tick) => [tick.tick, (tick.verdict.observedBasisPoints ?? 0) / 100]) }] })}
<h2>Evidence of harm</h2>
<p class="dim">Likelihood ratios on a logarithmic scale. The judge acts on the total when it reaches ${limitOf(receipt)}; a metric alone may go higher.</p>
${renderEvidence(receipt)}
<h2>What happened</h2>
<table><tr><th>time</th><th>event</th><th>what</th><th>who</th></tr>${inOrder(receipt.events)
    .map(
      (event) =>
        `<tr><td class="dim whole">${escape(event.at)}</td><td class="whole">${escape(event.event)}</td><td>${escape(detailOf(event))}</td><td>${escape(event.actor)}</td></tr>`,
    )
    .join('')}</table>
<h2>Last verdict per metric</h2>
<table><tr><th>metric</th><th>verdict</th><th>why</th></tr>${(ticks.at(-1)?.verdict.metrics ?? []).map((metric) => `<tr><td>${metric.name}${metric.dryRun ? ' (shown only)' : ''}</td><td>${metric.verdict}</td><td>${escape(metric.reason)}</td></tr>`).join('')}${overlapRow(receipt)}</table>
<h2>Assumptions and limits</h2>
<table>${Object.entries(rollout.policy)
    .map(([name, value]) => `<tr><td>${escape(name)}</td><td>${escape(JSON.stringify(value))}</td></tr>`)
    .join('')}</table>
</body></html>
`;
}

/** Mirrored answers of the shadow step, where there was one. */
function overlapRow({ ticks }: RolloutReceipt): string {
  const overlap = ticks.at(-1)?.verdict.overlap;
  return overlap === undefined
    ? ''
    : `<tr><td>overlap</td><td>${overlap.verdict}</td><td>${escape(overlap.reason)}</td></tr>`;
}

/** By the time of what happened: what people did is written a moment after it was carried out. */
function inOrder(events: RolloutReceipt['events']): RolloutReceipt['events'] {
  return events.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function renderEvidence(receipt: RolloutReceipt): string {
  const names = [...new Set(receipt.ticks.flatMap(({ verdict }) => verdict.metrics.map(({ name }) => name)))];
  const colors = ['var(--b)', 'var(--c)', 'var(--d)', 'var(--good)'];
  const total = {
    name: 'total',
    color: 'var(--bad)',
    points: receipt.ticks.map((tick): [number, number] => [tick.tick, log10(tick.verdict.wealth)]),
  };
  const metrics = names.map((name, index) => ({
    name,
    color: colors[index % colors.length] ?? 'var(--ink)',
    points: receipt.ticks.flatMap((tick): [number, number][] =>
      tick.verdict.metrics
        .filter((metric) => metric.name === name)
        .map((metric) => [tick.tick, log10(metric.evidence)]),
    ),
  }));
  return renderChart({
    label: 'evidence of harm',
    steps: false,
    ticks: [-2, -1, 0, 1, 2, 3].map((power) => ({ value: power, label: String(10 ** power) })),
    limit: { value: Math.log10(limitOf(receipt)), label: `rolls back at ${Number(limitOf(receipt).toPrecision(3))}` },
    series: [total, ...metrics],
  });
}

/** Evidence of nothing at all stays drawable. */
function log10(value: number): number {
  return Math.log10(Math.max(value, 1e-6));
}

function limitOf({ rollout }: RolloutReceipt): number {
  const budget = rollout.policy['errorBudget'];
  return typeof budget === 'number' ? Math.round(1 / budget) : 20;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
