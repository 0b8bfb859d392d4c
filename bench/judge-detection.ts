// Looks until a harmful canary is rolled back, in clean data, and errors against Wald's floor. `--runs N`.
import { rollbackTick } from '../domain/rollout/calibration/rollback-tick.ts';
import { errorsOnly } from './support/policy.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';
import { simulate, type World } from './support/streams.ts';
import { waldFloorErrors } from './support/wald-floor.ts';

const RUNS = wholeOption('runs', 400);
/** So many that the median is certain to one error. */
const WALD_RUNS = 25 * RUNS;
const RATIOS = [2, 4, 10];

function ticksToDetect(name: string, world: World, noise: 'default' | 'quiet'): number[] {
  return Array.from({ length: RUNS }, (_, run) => rollbackTick(errorsOnly(noise), simulate(world, `${name}/${run}`)));
}

function render(ticks: readonly number[]): string {
  return `${quantileOf(ticks, 0.5)} (${quantileOf(ticks, 0.9)})`;
}

for (const noise of ['default', 'quiet'] as const)
  printTable(
    `Median looks to roll back (90th percentile), base 0.5 %, share 50 %, assumption \`${noise}\`, ${RUNS} streams a cell`,
    ['requests a tick', ...RATIOS.map((ratio) => `${ratio}x`), 'recipe'],
    (
      [
        [600, '39, 11, 3'],
        [6000, '19, 6, 2'],
      ] as const
    ).map(([volume, recipe]) => [
      String(volume),
      ...RATIOS.map((ratio) =>
        render(
          ticksToDetect(
            `detect/${volume}/${ratio}`,
            { ticks: 450, requestsPerTick: volume, share: 0.5, base: 0.005, ratio },
            noise,
          ),
        ),
      ),
      noise === 'default' ? recipe : volume === 600 ? '2x: at most 20' : '2x: at most 8',
    ]),
  );

function errorsUntilRollback(world: World, seed: string): number {
  let errors = 0;
  const counted = (function* () {
    for (const tick of simulate(world, seed)) {
      errors += Number(tick.canary?.errors) + Number(tick.control?.errors);
      yield tick;
    }
  })();
  return Number.isFinite(rollbackTick(errorsOnly(), counted)) ? errors : Number.POSITIVE_INFINITY;
}

printTable(
  `Errors needed at 60 requests a tick against Wald's floor, share 50 %, base 0.5 %, ${WALD_RUNS} streams a cell`,
  ['ratio', "Wald's floor", 'median', 'p90', 'median / floor', 'wanted'],
  RATIOS.map((ratio) => {
    const world = { ticks: 3000, requestsPerTick: 60, share: 0.5, base: 0.005, ratio };
    const errors = Array.from({ length: WALD_RUNS }, (_, run) => errorsUntilRollback(world, `wald/${ratio}/${run}`));
    const floor = waldFloorErrors(ratio);
    const median = quantileOf(errors, 0.5);
    return [
      `${ratio}x`,
      floor.toFixed(1),
      String(median),
      String(quantileOf(errors, 0.9)),
      (median / floor).toFixed(2),
      ratio === 2 ? '≤ 1.3' : ratio === 4 ? '≤ 1.4' : '-',
    ];
  }),
);
