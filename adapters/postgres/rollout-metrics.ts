import type { Pool } from 'pg';
import { renderHistogram, renderMetric, type HistogramSample } from '../exposition/text.ts';
import { query } from './query.ts';

/** Upper edges of the duration histograms, seconds: a minute to four weeks. */
const DURATION_BOUNDS = [60, 300, 900, 3600, 7200, 14_400, 43_200, 86_400, 604_800, 2_419_200] as const;
const OUTCOMES = ['promoted', 'rolled-back', 'aborted', 'failed', 'completed'] as const;

interface NewestRow {
  readonly model: string;
  readonly from_version: string;
  readonly to_version: string;
  readonly outcome: string | null;
}

interface ClosedRow {
  readonly model: string;
  readonly outcome: string;
  readonly duration_seconds: number;
  readonly human_wait_seconds: number;
}

/**
 * Rollouts of an environment as Prometheus text, under the names of contract §7, read from the database at each call:
 * any number of processes may answer, and all say the same. Durations are of rollouts that closed in the last 90 days.
 *
 * @throws DATABASE_UNREACHABLE
 */
export async function renderRolloutMetrics(pool: Pool, environment: string): Promise<string> {
  const newest = await query<NewestRow>(
    pool,
    `SELECT DISTINCT ON (model) model, from_version, to_version, outcome FROM rollout
     WHERE environment = $1 ORDER BY model, started_at DESC`,
    [environment],
  );
  const intended = await query<{ model: string; basis_points: number }>(
    pool,
    `SELECT DISTINCT ON (model) model, (split->>'canaryBasisPoints')::float8 AS basis_points FROM traffic_write
     WHERE environment = $1 AND refused_code IS NULL ORDER BY model, generation DESC`,
    [environment],
  );
  const closed = await query<ClosedRow>(
    pool,
    `SELECT model, outcome, extract(epoch FROM closed_at - started_at)::float8 AS duration_seconds, human_wait_seconds
     FROM rollout WHERE environment = $1 AND outcome IS NOT NULL AND closed_at > now() - interval '90 days'`,
    [environment],
  );
  const models = newest.map(({ model }) => model);
  return [
    ...renderMetric(
      'rollout_info',
      'gauge',
      'The newest rollout of each model; its value is always 1.',
      newest.map((row) => ({ labels: infoOf(row, environment), value: 1 })),
    ),
    ...renderMetric(
      'rollout_weight_percent',
      'gauge',
      'Share of requests that go to the canary.',
      intended.map((row) => ({
        labels: { model: row.model, environment, kind: 'intended' },
        value: row.basis_points / 100,
      })),
    ),
    ...renderHistogram(
      'rollout_duration_seconds',
      'From the start of a rollout to its end.',
      DURATION_BOUNDS,
      durationsOf(models, environment, closed, (row) => row.duration_seconds),
    ),
    ...renderHistogram(
      'rollout_manual_pause_duration_seconds',
      'How long a rollout waited for people.',
      DURATION_BOUNDS,
      durationsOf(models, environment, closed, (row) => row.human_wait_seconds),
    ),
    '',
  ].join('\n');
}

function infoOf({ model, from_version, to_version, outcome }: NewestRow, environment: string): Record<string, string> {
  return { model, environment, from_version, to_version, outcome: outcome ?? 'open' };
}

/** One sample per model and outcome: every outcome exists from the start, at 0. */
function durationsOf(
  models: readonly string[],
  environment: string,
  closed: readonly ClosedRow[],
  secondsOf: (row: ClosedRow) => number,
): HistogramSample[] {
  return models.flatMap((model) =>
    OUTCOMES.map((outcome) => {
      const values = closed.filter((row) => row.model === model && row.outcome === outcome).map(secondsOf);
      const sum = values.reduce((total, value) => total + value, 0);
      return { labels: { model, environment, outcome }, counts: countBelow(values), sum };
    }),
  );
}

function countBelow(values: readonly number[]): number[] {
  const counts = Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0);
  for (const value of values) {
    const bucket = DURATION_BOUNDS.findIndex((bound) => value <= bound);
    counts[bucket === -1 ? DURATION_BOUNDS.length : bucket]! += 1;
  }
  return counts;
}
