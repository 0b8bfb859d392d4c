import { escapeHtml } from '../../domain/escape-html.ts';
import type { EvidenceFigure } from '../../domain/registry/approval/request.ts';

const WIDTH = 320;
const HEIGHT = 34;
/** Room beyond the largest value, so that its end is seen. */
const ROOM = 1.08;

/** A figure as bars: now above before, and a line at what is wanted. What it shows is said in words as well. */
export function renderFigure(figure: EvidenceFigure): string {
  const { baseline, better, limit, name, unit, value } = figure;
  const values = [value, baseline, limit].filter((one) => one !== null);
  // As shares of the largest: twice the largest number there is would be none.
  const largest = Math.max(...values.map(Math.abs)) || 1;
  const [low, high] = [Math.min(0, ...values) / largest, (Math.max(0, ...values) / largest) * ROOM || 1];
  const x = (at: number): number => Math.round(((at / largest - low) / (high - low)) * WIDTH * 10) / 10;
  const bar = (at: number, y: number, height: number, kind: string): string =>
    `<rect class="${kind}" x="${Math.min(x(0), x(at))}" y="${y}" width="${Math.max(1, Math.abs(x(at) - x(0)))}" height="${height}"/>`;
  const words = [
    `${said(value, unit)} now`,
    ...(baseline === null ? [] : [`${said(baseline, unit)} before`]),
    ...(limit === null ? [] : [`wanted ${better === 'higher' ? 'at least' : 'at most'} ${said(limit, unit)}`]),
  ].join(', ');
  return `<figure><figcaption><b>${escapeHtml(name)}</b> <span>${escapeHtml(words)}${verdictOf(figure)}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`${name}: ${words}`)}" preserveAspectRatio="none">${bar(value, 2, 16, isMissed(figure) ? 'now missed' : 'now')}${
    baseline === null ? '' : bar(baseline, 21, 9, 'before')
  }${limit === null ? '' : `<line class="limit" x1="${x(limit)}" x2="${x(limit)}" y1="0" y2="${HEIGHT}"/>`}</svg></figure>`;
}

function isMissed({ better, limit, value }: EvidenceFigure): boolean {
  return limit !== null && (better === 'higher' ? value < limit : value > limit);
}

function verdictOf(figure: EvidenceFigure): string {
  if (figure.limit === null) return '';
  return isMissed(figure) ? ': <strong class="bad">missed</strong>' : ': <strong class="good">met</strong>';
}

function said(value: number, unit: string): string {
  const number = String(Number(value.toPrecision(4)));
  return unit === '' ? number : `${number} ${unit}`;
}
