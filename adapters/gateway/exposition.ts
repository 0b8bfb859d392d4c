import { LATENCY_BOUNDS_MS, SCORE_BINS } from '../../domain/rollout/telemetry.ts';
import { renderHistogram, renderMetric } from '../exposition/text.ts';
import { OUTCOMES, type ArmTally, type Counters, type MirrorTally } from './counters.ts';
import type { SplitStore } from './split-store.ts';

/** The counters as Prometheus text, under the names of contract §7. */
export function renderExposition(counters: Counters, splits: SplitStore, environment: string): string {
  declareAll(counters, splits);
  const tallies = counters.tallies();
  const arms = tallies.flatMap(({ model, arms: ofModel }) => ofModel.map((tally) => ({ model, tally })));
  return [
    ...renderMetric(
      'model_predictions_total',
      'counter',
      'Requests by model, version, arm and how they ended.',
      arms.flatMap(({ model, tally }) =>
        OUTCOMES.map((outcome) => ({ labels: { ...labels(model, tally), outcome }, value: tally.outcomes[outcome] })),
      ),
    ),
    ...renderHistogram(
      'prediction_latency_seconds',
      'Time from request to the end of the answer.',
      LATENCY_BOUNDS_MS.map((edge) => edge / 1000),
      arms.map(({ model, tally }) => ({
        labels: labels(model, tally),
        counts: tally.latency,
        sum: tally.latencySumMs / 1000,
      })),
    ),
    ...renderMetric(
      'rollout_weight_percent',
      'gauge',
      'Share of requests that go to the canary.',
      splits.models().map((model) => ({
        labels: { model, environment, kind: 'observed' },
        value: (splits.get(model)?.split.canaryBasisPoints ?? 0) / 100,
      })),
    ),
    ...renderMetric(
      'gateway_forced_requests_total',
      'counter',
      'Requests whose arm was chosen by the override header; not judged.',
      tallies.map(({ model, forced }) => ({ labels: { model }, value: forced })),
    ),
    ...renderMirrors(tallies),
    '',
  ].join('\n');
}

/** What the copies to the canary showed; the overlap as a sum and a count, whose quotient is the mean. */
function renderMirrors(tallies: ReturnType<Counters['tallies']>): string[] {
  const render = (name: string, help: string, valueOf: (tally: MirrorTally) => number): string[] =>
    renderMetric(
      `gateway_mirror_${name}_total`,
      'counter',
      help,
      tallies.flatMap(({ model, mirrors }) =>
        mirrors.map(({ version, tally }) => ({ labels: { model, version }, value: valueOf(tally) })),
      ),
    );
  return [
    ...render('requests', 'Copies of requests of stable that were sent to the canary.', ({ requests }) => requests),
    ...render('errors', 'Copies that failed where stable answered.', ({ errors }) => errors),
    ...render(
      'status_mismatches',
      "Copies answered with another status than stable's.",
      ({ statusMismatches }) => statusMismatches,
    ),
    ...render('compared', 'Copies whose answer named ids, as that of stable did.', ({ overlap }) =>
      overlap.reduce((sum, count) => sum + count, 0),
    ),
    ...render(
      'overlap',
      'Sum of the overlap of these, 0 to 1 each.',
      ({ overlap }) => overlap.reduce((sum, count, bin) => sum + count * bin, 0) / (SCORE_BINS - 1),
    ),
  ];
}

/** Every series exists from the start, at 0. */
function declareAll(counters: Counters, splits: SplitStore): void {
  for (const model of splits.models()) {
    const split = splits.get(model)?.split;
    if (split === undefined) continue;
    counters.declare(model, 'stable', split.stable.version);
    if (split.canary !== null) counters.declare(model, 'canary', split.canary.version);
  }
}

function labels(model: string, { version, arm }: ArmTally): Record<string, string> {
  return { model, version, arm };
}
