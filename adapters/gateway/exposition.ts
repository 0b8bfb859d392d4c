import { LATENCY_BOUNDS_MS } from '../../domain/rollout/telemetry.ts';
import { OUTCOMES, type ArmTally, type Counters } from './counters.ts';
import type { SplitStore } from './split-store.ts';

/** The counters as Prometheus text, under the names of contract §7. */
export function renderExposition(counters: Counters, splits: SplitStore, environment: string): string {
  for (const model of splits.models()) {
    const split = splits.get(model)?.split;
    if (split === undefined) continue;
    // Every series exists from the start, at 0.
    counters.declare(model, 'stable', split.stable.version);
    if (split.canary !== null) counters.declare(model, 'canary', split.canary.version);
  }
  const arms = counters.tallies().flatMap(({ model, arms: tallies }) => tallies.map((tally) => ({ model, tally })));
  return [
    '# HELP model_predictions_total Requests by model, version, arm and how they ended.',
    '# TYPE model_predictions_total counter',
    ...arms.flatMap(({ model, tally }) =>
      OUTCOMES.map(
        (outcome) => `model_predictions_total{${labels(model, tally)},outcome="${outcome}"} ${tally.outcomes[outcome]}`,
      ),
    ),
    '# HELP prediction_latency_seconds Time from request to the end of the answer.',
    '# TYPE prediction_latency_seconds histogram',
    ...arms.flatMap(({ model, tally }) => renderHistogram(model, tally)),
    '# HELP rollout_weight_percent Share of requests that go to the canary.',
    '# TYPE rollout_weight_percent gauge',
    ...splits
      .models()
      .map(
        (model) =>
          `rollout_weight_percent{model="${escape(model)}",environment="${escape(environment)}",kind="observed"} ${(splits.get(model)?.split.canaryBasisPoints ?? 0) / 100}`,
      ),
    '# HELP gateway_forced_requests_total Requests whose arm was chosen by the override header; not judged.',
    '# TYPE gateway_forced_requests_total counter',
    ...counters
      .tallies()
      .map(({ model, forced }) => `gateway_forced_requests_total{model="${escape(model)}"} ${forced}`),
    '',
  ].join('\n');
}

function renderHistogram(model: string, tally: ArmTally): string[] {
  let below = 0;
  const buckets = LATENCY_BOUNDS_MS.map((edge, index) => {
    below += tally.latency[index] ?? 0;
    return `prediction_latency_seconds_bucket{${labels(model, tally)},le="${edge / 1000}"} ${below}`;
  });
  const count = tally.latency.reduce((sum, value) => sum + value, 0);
  return [
    ...buckets,
    `prediction_latency_seconds_bucket{${labels(model, tally)},le="+Inf"} ${count}`,
    `prediction_latency_seconds_sum{${labels(model, tally)}} ${tally.latencySumMs / 1000}`,
    `prediction_latency_seconds_count{${labels(model, tally)}} ${count}`,
  ];
}

function labels(model: string, { version, arm }: ArmTally): string {
  return `model="${escape(model)}",version="${escape(version)}",arm="${arm}"`;
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
