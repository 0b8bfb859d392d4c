import { LATENCY_BOUNDS_MS, type TelemetrySnapshot } from './telemetry.ts';

/**
 * The latency above which a response counts as slow, frozen at the start of a rollout.
 *
 * It is the smallest histogram edge at or above the stable version's p95 so far plus the tolerated degradation; without a
 * history, at or above the ceiling. It is never below `floorMs` (differences nobody notices do not matter). Being an
 * edge, the number of requests above it is exact; only the p95 that it is chosen by is interpolated.
 *
 * @param snapshot cumulative counters; stable's latency histogram is used
 * @returns milliseconds, one of LATENCY_BOUNDS_MS
 * @example evaluateSlowBound(p95IsThirtyMs, { degradationPercent: 20, floorMs: 25, ceilingMs: 100 }) // 40
 */
export function evaluateSlowBound(
  snapshot: TelemetrySnapshot,
  rule: { readonly degradationPercent: number; readonly floorMs: number; readonly ceilingMs: number },
): number {
  const p95 = quantileOf(snapshot.stable?.latency ?? [], 0.95);
  const wanted = p95 === null ? rule.ceilingMs : p95 * (1 + rule.degradationPercent / 100);
  return edgeAtOrAbove(Math.max(rule.floorMs, wanted));
}

/** A quantile, as if requests were spread evenly over their bucket; null for an empty histogram, Infinity in the open bucket. */
function quantileOf(counts: readonly number[], quantile: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    const upper = LATENCY_BOUNDS_MS[index];
    if (upper === undefined) break;
    const lower = LATENCY_BOUNDS_MS[index - 1] ?? 0;
    if (below + count >= quantile * total) return lower + ((quantile * total - below) / count) * (upper - lower);
    below += count;
  }
  return Number.POSITIVE_INFINITY;
}

function edgeAtOrAbove(wantedMs: number): number {
  const last = LATENCY_BOUNDS_MS.at(-1) ?? wantedMs;
  return LATENCY_BOUNDS_MS.find((edge) => edge >= wantedMs) ?? last;
}
