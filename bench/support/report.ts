import { renderTable } from '../../client/cli/render-table.ts';

/** Prints a table under a heading, as Markdown when asked with --md. */
export function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n`);
  if (!process.argv.includes('--md')) return console.log(renderTable(head, rows));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
}

/** A share in per cent with its 95 % Wilson interval. */
export function renderShare(hits: number, total: number): string {
  const z = 1.96;
  const p = hits / total;
  const centre = (p + (z * z) / (2 * total)) / (1 + (z * z) / total);
  const half = (z / (1 + (z * z) / total)) * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total));
  const percent = (value: number): string => (100 * Math.max(0, value)).toFixed(1);
  return `${percent(p)} % (${percent(centre - half)}-${percent(centre + half)})`;
}

/** Quantile of numbers that may be infinite ("never"). */
export function quantileOf(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** A whole option of the command line, `--runs 200`. */
export function wholeOption(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}
