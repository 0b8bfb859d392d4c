import { escapeHtml } from '../../domain/escape-html.ts';

/** A chart (SVG) with its name and a note, which are text. */
export function renderFigure(title: string, chart: string, note: string): string {
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${chart}<p class="dim">${escapeHtml(note)}</p></figure>`;
}
