// The same streams under the published rules of other tools and under ours. `--runs N`.
import { openJudge } from '../domain/rollout/judge.ts';
import { errorsOnly } from './support/policy.ts';
import { printTable, quantileOf, renderShare, wholeOption } from './support/report.ts';
import { createArgo, createFlagger, createKayenta, type Rival } from './support/rivals.ts';
import { simulate, type World } from './support/streams.ts';

const RUNS = wholeOption('runs', 400);
/** The line static rules are given: twice the base rate. */
const LINE = 0.01;
const BURSTS = { factor: 3, meanTicks: 5, share: 0.13 };

const RULES: readonly (readonly [string, () => Rival])[] = [
  ['ours', createOurs],
  ['Argo, line 1 %, failureLimit 3', () => createArgo(LINE, 3)],
  ['Flagger, line 1 %, threshold 5', () => createFlagger(LINE, 5)],
  ['Kayenta, a look every 5', createKayenta],
];

function createOurs(): Rival {
  const judge = openJudge(errorsOnly());
  return (tick) => {
    judge.take(tick);
    return judge.decision().decision === 'rollback';
  };
}

function rollbackTicks(create: () => Rival, name: string, world: World): number[] {
  return Array.from({ length: RUNS }, (_, run) => {
    const rule = create();
    let number = 0;
    for (const tick of simulate(world, `${name}/${run}`)) {
      number += 1;
      if (rule(tick)) return number;
    }
    return Number.POSITIVE_INFINITY;
  });
}

const CLEAN = { ticks: 60, share: 0.5, base: 0.005 };
const HEALTHY: readonly (readonly [string, World])[] = [
  ['2000 a tick', { ...CLEAN, requestsPerTick: 2000 }],
  ['600', { ...CLEAN, requestsPerTick: 600 }],
  ['6000', { ...CLEAN, requestsPerTick: 6000 }],
  ['600, CV 0.6', { ...CLEAN, requestsPerTick: 600, fastCv: 0.6 }],
  ['600, bursts', { ...CLEAN, requestsPerTick: 600, fastCv: 0.3, bursts: BURSTS }],
  ['6000, bursts', { ...CLEAN, requestsPerTick: 6000, fastCv: 0.3, bursts: BURSTS }],
  ['6000, base rises to 1.5 %', { ...CLEAN, requestsPerTick: 6000, base: (tick) => 0.005 + (0.01 * tick) / 60 }],
];
const HARMFUL: readonly (readonly [string, World])[] = [
  ['2x at 600', { ...CLEAN, requestsPerTick: 600, ratio: 2 }],
  ['4x at 600', { ...CLEAN, requestsPerTick: 600, ratio: 4 }],
  ['2x at 6000', { ...CLEAN, requestsPerTick: 6000, ratio: 2 }],
  ['4x at 2000', { ...CLEAN, requestsPerTick: 2000, ratio: 4 }],
];

printTable(
  `Healthy canaries rolled back within 60 looks, base 0.5 %, ${RUNS} streams a cell`,
  ['rule', ...HEALTHY.map(([name]) => name)],
  RULES.map(([rule, create]) => [
    rule,
    ...HEALTHY.map(([name, world]) =>
      renderShare(rollbackTicks(create, name, world).filter(Number.isFinite).length, RUNS),
    ),
  ]),
);
printTable(
  `Harmful canaries: median look of the rollback, and the share found within 60 looks`,
  ['rule', ...HARMFUL.map(([name]) => name)],
  RULES.map(([rule, create]) => [
    rule,
    ...HARMFUL.map(([name, world]) => {
      const ticks = rollbackTicks(create, name, world);
      const found = ticks.filter(Number.isFinite).length / RUNS;
      const median = quantileOf(ticks, 0.5);
      return `${Number.isFinite(median) ? median : '-'}, ${(100 * found).toFixed(0)} %`;
    }),
  ]),
);
