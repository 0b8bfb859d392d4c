import { escapeHtml } from '../../domain/escape-html.ts';

/** A cell of a table, already HTML; `label` heads it where a row is shown as a card. */
export interface HtmlTable {
  readonly head: readonly string[];
  /** Cells are HTML. */
  readonly rows: readonly (readonly string[])[];
}

/** A table that becomes a list of cards on narrow screens. The head is text, the cells are HTML. */
export function renderHtmlTable({ head, rows }: HtmlTable): string {
  const titles = head.map(escapeHtml);
  const body = rows.map((cells) => {
    const data = cells.map((cell, column) => `<td data-label="${titles[column] ?? ''}">${cell}</td>`);
    return `<tr>${data.join('')}</tr>`;
  });
  return `<table><thead><tr>${titles.map((title) => `<th scope="col">${title}</th>`).join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

/** A moment for people, UTC to the second; machines find the whole of it. */
export function renderTime(iso: string): string {
  return `<time datetime="${escapeHtml(iso)}" title="${escapeHtml(iso)}">${escapeHtml(iso.slice(0, 19).replace('T', ' '))}</time>`;
}

/** A length of time for people: 8 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function renderDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
