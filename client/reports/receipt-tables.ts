import type { ReceiptEvent, ReceiptTick, RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { eventsInOrder } from './events-in-order.ts';
import { renderSize } from './evidence-size.ts';
import { escapeHtml } from '../../domain/escape-html.ts';
import { renderHtmlTable, renderTime } from './html.ts';
import { shareOf } from './receipt-facts.ts';
import { detailOf } from './receipt-text.ts';
import { waiversOf } from './waivers.ts';

const TONES: Readonly<Record<string, string>> = { pass: 'good', fail: 'bad', inconclusive: 'wait', error: 'bad' };

/** The last verdict on every metric: what was measured, against what, and how sure the judge is. */
export function renderVerdicts(receipt: RolloutReceipt): string {
  const { metrics = [], overlap } = receipt.ticks.at(-1)?.verdict ?? {};
  const waived = new Set(waiversOf(receipt).map(({ metric }) => metric));
  const nameOf = (name: string, isShown: boolean): string =>
    escapeHtml(waived.has(name) ? `${name} (waived)` : isShown ? `${name} (shown only)` : name);
  if (metrics.length === 0 && overlap === undefined) return '<p class="dim">Nothing was judged.</p>';
  return renderHtmlTable({
    head: ['metric', 'verdict', 'new', 'stable', 'limit', 'requests', 'of harm', 'of safety', 'why'],
    rows: [
      ...metrics.map((metric) => [
        nameOf(metric.name, metric.dryRun),
        renderVerdict(metric.verdict),
        number(metric.canary),
        number(metric.control),
        number(metric.limit),
        String(metric.requests),
        renderSize(metric.evidence),
        metric.safe === null ? '' : renderSize(metric.safe),
        text(metric.reason),
      ]),
      // What mirrored answers have in common with stable's, where there was a shadow step.
      ...(overlap === undefined
        ? []
        : [[nameOf('overlap', false), renderVerdict(overlap.verdict), '', '', '', '', '', '', text(overlap.reason)]]),
    ],
  });
}

/** Every look at which the judge's answer was another than before, so that a long rollout stays short. */
export function renderTurns(receipt: RolloutReceipt): string {
  const turns = receipt.ticks.filter((tick, index) => isTurn(tick, receipt.ticks[index - 1]));
  if (turns.length === 0) return '<p class="dim">There was no look.</p>';
  return renderHtmlTable({
    head: ['look', 'time (UTC)', 'share', 'verdict', 'decision', 'total', 'why'],
    rows: turns.map(({ tick, at, verdict, judged }) => [
      String(tick),
      renderTime(at),
      verdict.observedBasisPoints === null ? '' : `${verdict.observedBasisPoints / 100} %`,
      renderVerdict(verdict.verdict),
      escapeHtml(judged ? verdict.decision : 'not judged'),
      renderSize(verdict.wealth),
      text([...verdict.problems, ...verdict.reasons].join('; ')),
    ]),
  });
}

/** Everything that happened, with who and why. */
export function renderEvents({ events }: RolloutReceipt): string {
  return renderHtmlTable({
    head: ['time (UTC)', 'event', 'what and why', 'who'],
    rows: eventsInOrder(events).map((event) => [
      renderTime(event.at),
      `<span class="whole">${escapeHtml(event.event)}</span>`,
      text(whatOf(event)),
      escapeHtml(event.actor),
    ]),
  });
}

/** Every order to the router, the refused ones too. */
export function renderWrites(receipt: RolloutReceipt): string {
  return renderHtmlTable({
    head: ['generation', 'share', 'reason', 'who', 'confirmed (UTC)'],
    rows: receipt.writes.map((write) => [
      String(write.generation),
      `${shareOf(receipt, write)} %`,
      text(write.reason),
      escapeHtml(write.actor),
      write.appliedAt === null
        ? `<span class="bad">${escapeHtml(`not applied: ${write.refusedCode ?? 'pending'}`)}</span>`
        : renderTime(write.appliedAt),
    ]),
  });
}

/** Settings by name; what is nested is written out. */
export function renderSettings(settings: Readonly<Record<string, unknown>>): string {
  return renderHtmlTable({
    head: ['setting', 'value'],
    rows: Object.entries(settings).map(([name, value]) => [escapeHtml(name), renderSetting(value)]),
  });
}

function whatOf(event: ReceiptEvent): string {
  const { weightPercent, generation } = event.details;
  const detail = detailOf(event);
  // After a promotion there is no canary any more: its 0 % would be read as a retreat.
  const weight = typeof weightPercent === 'number' && !detail.startsWith('promoted ') ? `${weightPercent} %` : '';
  const more = [
    ...(detail.includes(weight) ? [] : [weight]),
    ...(typeof generation === 'number' ? [`generation ${generation}`] : []),
  ];
  return more.length === 0 ? detail : `${detail} (${more.join(', ')})`;
}

function isTurn(tick: ReceiptTick, before: ReceiptTick | undefined): boolean {
  if (before === undefined) return true;
  const [now, then] = [tick.verdict, before.verdict];
  return now.decision !== then.decision || now.verdict !== then.verdict;
}

function renderVerdict(verdict: string): string {
  return `<strong class="${TONES[verdict] ?? 'bad'}">${escapeHtml(verdict)}</strong>`;
}

/** Words that may be long, and broken anywhere. */
function text(words: string): string {
  return `<span class="text">${escapeHtml(words)}</span>`;
}

function number(value: number | null): string {
  return value === null ? '' : String(Number(value.toPrecision(3)));
}

function renderSetting(value: unknown): string {
  if (!Array.isArray(value) || typeof value[0] !== 'object') return text(plain(value));
  return `<ol>${value.map((one) => `<li>${text(plain(one))}</li>`).join('')}</ol>`;
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value))
    return value.length === 0
      ? 'none'
      : value.map((one) => (typeof one === 'object' ? `(${plain(one)})` : plain(one))).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name}: ${isObject(inner) ? `(${plain(inner)})` : plain(inner)}`)
    .join(', ');
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
