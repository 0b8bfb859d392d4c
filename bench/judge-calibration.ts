// Calibration on simulated services: what is fitted to a week of history, what it does to fresh streams, and how fast a
// doubled error rate is found. `--runs N` streams a cell, `--histories N`.
import { calibrateNoise } from '../domain/rollout/calibration/calibrate.ts';
import { assembleSeries } from '../domain/rollout/calibration/history.ts';
import { NOISE_ASSUMPTIONS, type NoiseAssumption } from '../domain/rollout/judge/noise.ts';
import { rollbackTick } from '../domain/rollout/calibration/rollback-tick.ts';
import { errorsOnly } from './support/policy.ts';
import { printTable, quantileOf, renderShare, wholeOption } from './support/report.ts';
import { simulate, type World } from './support/streams.ts';

const RUNS = wholeOption('runs', 400);
const HISTORIES = wholeOption('histories', 3);
const HISTORY_TICKS = 7 * 24 * 60;
/** A history is of the time before a rollout: one version has nearly all the traffic. */
const SHARE_BEFORE = 0.01;
const LOOKS = 120;
/** The ceiling is a limit of its own, and bursts of the noisy service do reach it. */
const POLICY = { ...errorsOnly(), maxErrorRate: 0.999 };

const SERVICES: readonly (readonly [string, Partial<World>])[] = [
  ['quiet', {}],
  ['default: CV 0.3, x3 bursts of 5 looks', { fastCv: 0.3, bursts: { factor: 3, meanTicks: 5, share: 0.13 } }],
  ['bursty: CV 0.3, x3 bursts of 20 looks', { fastCv: 0.3, bursts: { factor: 3, meanTicks: 20, share: 0.13 } }],
  ['noisy: CV 0.6, x6 bursts of 5 looks', { fastCv: 0.6, bursts: { factor: 6, meanTicks: 5, share: 0.13 } }],
];

for (const volume of [600, 6000])
  printTable(
    `Calibrated on a week, ${volume} requests a look, base 0.5 %, ${HISTORIES} histories each; false rollbacks over ${LOOKS} looks of ${RUNS} fresh streams a history`,
    ['service', 'CV fitted', 'bursts fitted', 'chosen', 'false rollbacks', 'with `default`', 'looks for 2x, median'],
    SERVICES.map(([name, noise]) =>
      measure(name, { requestsPerTick: volume, share: 0.5, base: 0.005, ticks: LOOKS, ...noise }),
    ),
  );

function measure(name: string, world: World): string[] {
  const calibrations = Array.from({ length: HISTORIES }, (_, run) =>
    calibrate(world, `${name}/${world.requestsPerTick}/${run}`),
  );
  const chosen = calibrations.flatMap(({ chosen: one, proved }) => (one === null || !proved ? [] : [one]));
  const fits = calibrations.flatMap(({ fits: [fit] }) => (fit === undefined ? [] : [fit.first]));
  const all = (cells: readonly string[]): string => [...new Set(cells)].join('; ');
  return [
    name,
    all(fits.map(({ fastCv }) => fastCv.value.toFixed(2))),
    all(
      fits.map(({ bursts }) =>
        bursts === null
          ? 'none'
          : `x${bursts.factor.value.toFixed(1)}, ${bursts.meanTicks.value.toFixed(0)} looks, ${(100 * bursts.share.value).toFixed(0)} %`,
      ),
    ),
    all([
      ...chosen.map((one) => `\`${one.name}\``),
      ...(chosen.length < HISTORIES ? [`none (${HISTORIES - chosen.length})`] : []),
    ]),
    chosen.length === 0
      ? '-'
      : falseRollbacks(
          name,
          world,
          chosen.map(({ assumption }) => assumption),
        ),
    falseRollbacks(name, world, [NOISE_ASSUMPTIONS['default']!]),
    all(chosen.map(({ assumption }) => String(looksFor2x(name, world, assumption)))),
  ];
}

function calibrate(world: World, seed: string) {
  const history = [...simulate({ ...world, ticks: HISTORY_TICKS, share: SHARE_BEFORE }, `history/${seed}`)].map(
    ({ control }) => ({
      requests: Number(control?.requests),
      errors: Number(control?.errors),
    }),
  );
  return calibrateNoise([['errors', assembleSeries(history, 'errors')]], {
    policy: POLICY,
    known: NOISE_ASSUMPTIONS,
    seed,
  });
}

function falseRollbacks(name: string, world: World, assumptions: readonly NoiseAssumption[]): string {
  const hits = assumptions.flatMap((noise, index) =>
    Array.from({ length: RUNS }, (_, run) =>
      rollbackTick({ ...POLICY, noise }, simulate(world, `fresh/${name}/${world.requestsPerTick}/${index}/${run}`)),
    ),
  );
  return renderShare(hits.filter(Number.isFinite).length, hits.length);
}

/** With the noise of the service. */
function looksFor2x(name: string, world: World, noise: NoiseAssumption): number {
  const found = Array.from({ length: RUNS / 2 }, (_, run) =>
    rollbackTick(
      { ...POLICY, noise },
      simulate({ ...world, ticks: 450, ratio: 2 }, `found/${name}/${world.requestsPerTick}/${run}`),
    ),
  );
  return quantileOf(found, 0.5);
}
