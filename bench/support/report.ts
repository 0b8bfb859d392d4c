import { renderTable } from '../../client/cli/render-table.ts';
import { wilsonInterval } from '../../domain/statistics/wilson-interval.ts';

/** Prints a table under a heading, as Markdown when asked with --md. */
export function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n`);
  if (!process.argv.includes('--md')) return console.log(renderTable(head, rows));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
}

/** A share in per cent with its 95 % Wilson interval. */
export function renderShare(hits: number, total: number): string {
  const { low, high } = wilsonInterval(hits, total);
  const percent = (value: number): string => (100 * value).toFixed(1);
  return `${percent(hits / total)} % (${percent(low)}-${percent(high)})`;
}

/**
 * Quantile of numbers that may be infinite ("never"), so nothing is interpolated: the inverse of their distribution
 * function, the upper of two values where q·n is whole. NaN for no numbers.
 */
export function quantileOf(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** A whole option of the command line, `--runs 200`. */
export function wholeOption(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}
