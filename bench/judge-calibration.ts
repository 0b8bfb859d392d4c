// Calibration on simulated services: what is chosen from a week of history, and what it does to fresh streams. `--runs N`.
import { assembleTrials, calibrateNoise } from '../domain/rollout/calibration.ts';
import { NOISE_ASSUMPTIONS } from '../domain/rollout/judge/noise.ts';
import { errorsOnly, rollbackTick } from './support/policy.ts';
import { printTable, quantileOf, renderShare, wholeOption } from './support/report.ts';
import { simulate, type World } from './support/streams.ts';

const RUNS = wholeOption('runs', 400);
const HISTORY = 7 * 24 * 60;
const ORDER = ['quiet', 'default', 'long-bursts', 'tall-bursts', 'sparse-bursts'] as const;
const CANDIDATES = ORDER.map((name) => [name, NOISE_ASSUMPTIONS[name]!] as const);

const SERVICES: readonly (readonly [string, Partial<World>])[] = [
  ['quiet', {}],
  ['fast noise, CV 0.3', { fastCv: 0.3 }],
  ['x3 bursts of 5 ticks', { fastCv: 0.3, bursts: { factor: 3, meanTicks: 5, share: 0.13 } }],
  ['x3 bursts of 20 ticks', { fastCv: 0.3, bursts: { factor: 3, meanTicks: 20, share: 0.13 } }],
  ['x6 bursts of 5 ticks', { fastCv: 0.3, bursts: { factor: 6, meanTicks: 5, share: 0.13 } }],
];

for (const volume of [60, 600, 6000])
  printTable(
    `Calibrated on a week of one service, ${volume} requests a tick, base 0.5 %; then ${RUNS} fresh streams of 60 ticks`,
    ['service', 'chosen', 'false rollbacks, fresh', 'with the default', '2x found after (median)'],
    SERVICES.map(([name, noise]) => {
      const world: World = { ticks: HISTORY, requestsPerTick: volume, share: 0.5, base: 0.005, ...noise };
      const history = [...simulate(world, `history/${name}/${volume}`)].map(({ control }) => ({
        requests: Number(control?.requests),
        errors: Number(control?.errors),
      }));
      const { chosen } = calibrateNoise(assembleTrials(history), errorsOnly(), CANDIDATES);
      const policyOf = (assumption: string) => ({ ...errorsOnly(), noise: NOISE_ASSUMPTIONS[assumption]! });
      const falseShare = (assumption: string): string => {
        const hits = Array.from({ length: RUNS }, (_, run) =>
          rollbackTick(policyOf(assumption), simulate({ ...world, ticks: 60 }, `fresh/${name}/${volume}/${run}`)),
        );
        return renderShare(hits.filter(Number.isFinite).length, RUNS);
      };
      if (chosen === null) return [name, 'none', '-', falseShare('default'), '-'];
      const found = Array.from({ length: 200 }, (_, run) =>
        rollbackTick(
          policyOf(chosen),
          simulate(
            { ticks: 450, requestsPerTick: volume, share: 0.5, base: 0.005, ratio: 2 },
            `found/${volume}/${run}`,
          ),
        ),
      );
      return [name, chosen, falseShare(chosen), falseShare('default'), String(quantileOf(found, 0.5))];
    }),
  );
