import { quantileSorted } from 'simple-statistics';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { bootstrapMean, type BootstrapInterval } from '../../domain/statistics/bootstrap-interval.ts';
import { measureRanking, type RankingQuality } from '../../domain/statistics/ranking-quality.ts';

/** A question and the one document that answers it. */
export interface LabelledQuery {
  readonly query: string;
  readonly relevantId: string;
}

/** What one version of a retrieval service is worth. */
export interface QualityReport {
  readonly version: string;
  readonly endpoint: string;
  readonly queries: number;
  /** Share of queries without a usable answer; they count as not retrieved. */
  readonly errorRate: number;
  /** Means with 95 % bootstrap intervals, 0 to 1. */
  readonly quality: Readonly<Record<keyof RankingQuality, BootstrapInterval>>;
  /** Of answered queries, one at a time, in milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number };
}

const K = 10;
const GIVE_UP_AFTER = 20;
const TIMEOUT_MS = 30_000;
const NOTHING: RankingQuality = measureRanking([], '');

/**
 * Asks a service every query, one at a time, and measures what it retrieves.
 *
 * @param ask posts a query and gives the ids it ranked; replaced in tests
 * @throws SERVICE_NOT_MEASURED when it stops answering, or never does
 */
export async function measureQuality(
  service: { readonly version: string; readonly endpoint: string },
  queries: readonly LabelledQuery[],
  signal: AbortSignal,
  ask: (endpoint: string, query: string) => Promise<string[]> = askService,
): Promise<QualityReport> {
  const judged: RankingQuality[] = [];
  const latencies: number[] = [];
  let failuresInRow = 0;
  for (const { query, relevantId } of queries) {
    signal.throwIfAborted();
    const started = performance.now();
    try {
      judged.push(measureRanking(await ask(service.endpoint, query), relevantId));
      latencies.push(performance.now() - started);
      failuresInRow = 0;
    } catch (error) {
      judged.push(NOTHING);
      failuresInRow += 1;
      const problem = messageOf(error);
      if (failuresInRow === Math.min(GIVE_UP_AFTER, queries.length))
        throw new MlopsError('SERVICE_NOT_MEASURED', { ...service, problem }, { cause: error });
    }
  }
  return assembleReport(service, judged, latencies);
}

function assembleReport(
  service: { readonly version: string; readonly endpoint: string },
  judged: readonly RankingQuality[],
  latencies: readonly number[],
): QualityReport {
  const interval = (name: keyof RankingQuality): BootstrapInterval => {
    const values = judged.map((quality) => quality[name]);
    return bootstrapMean(values, { seed: name }) ?? { mean: 0, low: 0, high: 0 };
  };
  const sorted = latencies.toSorted((a, b) => a - b);
  return {
    ...service,
    queries: judged.length,
    errorRate: judged.length === 0 ? 0 : 1 - latencies.length / judged.length,
    quality: {
      recallAt1: interval('recallAt1'),
      recallAt5: interval('recallAt5'),
      recallAt10: interval('recallAt10'),
      reciprocalRank: interval('reciprocalRank'),
      ndcgAt10: interval('ndcgAt10'),
    },
    latencyMs: {
      p50: quantileSorted(sorted, 0.5),
      p95: quantileSorted(sorted, 0.95),
      p99: quantileSorted(sorted, 0.99),
    },
  };
}

async function askService(endpoint: string, query: string): Promise<string[]> {
  const answer = await fetch(`${endpoint}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, k: K }),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  const { results } = JSON.parse(text) as { results?: { id?: unknown }[] };
  if (!Array.isArray(results)) throw new Error('its answer has no list `results`');
  return results.map(({ id }) => String(id));
}
