import type { QualityReport } from '../benchmark/quality.ts';
import type { BootstrapInterval } from '../../domain/statistics/bootstrap-interval.ts';

/** Columns of the quality report, for people. */
export const QUALITY_COLUMNS = [
  'VERSION',
  'RECALL@1',
  'RECALL@5',
  'RECALL@10',
  'MRR',
  'NDCG@10',
  'P50',
  'P95',
  'P99',
  'ERRORS',
];

/** One row per version; quality with its 95 % interval. */
export function assembleQualityRows(reports: readonly QualityReport[]): string[][] {
  return reports.map(({ version, quality, latencyMs, errorRate }) => [
    version,
    render(quality.recallAt1),
    render(quality.recallAt5),
    render(quality.recallAt10),
    render(quality.reciprocalRank),
    render(quality.ndcgAt10),
    ...[latencyMs.p50, latencyMs.p95, latencyMs.p99].map((ms) => `${ms.toFixed(1)} ms`),
    `${(100 * errorRate).toFixed(1)} %`,
  ]);
}

/** The same as a Markdown table. */
export function renderQualityMarkdown(reports: readonly QualityReport[]): string {
  return [
    renderRow(QUALITY_COLUMNS),
    renderRow(QUALITY_COLUMNS.map(() => '---')),
    ...assembleQualityRows(reports).map(renderRow),
  ].join('\n');
}

function render({ mean, low, high }: BootstrapInterval): string {
  return `${mean.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`;
}

function renderRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
