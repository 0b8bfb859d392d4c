// How long the judge takes: a month of looks over five metrics, and many short streams, beside plain arithmetic.
import { openJudge } from '../domain/rollout/judge.ts';
import { errorsOnly } from './support/policy.ts';
import { printTable } from './support/report.ts';
import { simulate } from './support/streams.ts';

const MONTH = 43_200;

function time(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** What the same loop costs when it only adds the counts up. */
function addUp(ticks: readonly { canary: { errors: number } }[]): number {
  return ticks.reduce((sum, tick) => sum + tick.canary.errors, 0);
}

const world = { requestsPerTick: 600, share: 0.5, base: 0.005 };
const month = [...simulate({ ...world, ticks: MONTH }, 'speed')].map((tick) => ({
  canary: { ...tick.canary, slow: tick.canary?.errors },
  control: { ...tick.control, slow: tick.control?.errors },
  scores: { canary: [0.5, 0.6, 0.7], control: [0.6, 0.5, 0.7] },
}));
const policy = { ...errorsOnly(), requiredMetrics: ['errors', 'slow'] as const };

// Once to warm up, then the median of five.
const run = (): void => {
  const judge = openJudge(policy);
  for (const tick of month) judge.take(tick);
  judge.verdict();
};
time(run);
const monthMs = [1, 2, 3, 4, 5].map(() => time(run)).toSorted((a, b) => a - b)[2] ?? 0;
const plainMs = time(() => void addUp(month as never));

const streams = Array.from({ length: 2000 }, (_, i) => [...simulate({ ...world, ticks: 60 }, `short/${i}`)]);
const shortMs = time(() => {
  for (const stream of streams) {
    const judge = openJudge(policy);
    for (const tick of stream)
      judge.take({
        canary: { ...tick.canary, slow: tick.canary?.errors },
        control: { ...tick.control, slow: tick.control?.errors },
      });
    judge.verdict();
  }
});

printTable(
  'The judge, one thread',
  ['work', 'time', 'per tick', 'wanted'],
  [
    [
      `${MONTH} ticks: errors, slow, scores, ceiling and both tolerances`,
      `${(monthMs / 1000).toFixed(2)} s`,
      `${((1000 * monthMs) / MONTH).toFixed(1)} µs`,
      '≤ 1 s',
    ],
    [
      '10,000 streams of 60 ticks, errors and slow',
      `${((5 * shortMs) / 1000).toFixed(1)} s`,
      `${((1000 * shortMs) / (2000 * 60)).toFixed(1)} µs`,
      '≤ 20 s',
    ],
    [`${MONTH} ticks added up (baseline)`, `${plainMs.toFixed(2)} ms`, '-', '-'],
  ],
);
