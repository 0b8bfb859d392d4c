import { createRandom } from '../../statistics/seeded-random.ts';
import { createSampler, type Sampler } from '../../statistics/sampler.ts';
import type { JudgeTick } from '../judge.ts';
import type { NoiseNumbers } from './burst-model.ts';
import type { CountSeries } from './history.ts';

/** Length of a simulated release, ticks: the shipped plan takes about as many looks before 100 %. */
export const TRIAL_TICKS = 120;
/** Length of a stretch of history, ticks: shorter, so that a history of a day has some that share nothing. */
const STRETCH_TICKS = 60;
/** Between the two stretches of a history that play the arms lie at least this many ticks. */
const LEAST_GAP = 60;
/** Shares of the canary in a ramp, a quarter of the trial each. */
const RAMP = [0.05, 0.1, 0.25, 0.5] as const;

/** What a simulated service is like. */
export interface TrialWorld {
  readonly noise: NoiseNumbers;
  /** Events a request, in (0, 1), the mean over calm and bursts. */
  readonly rate: number;
  /** Requests of both arms together, a tick. */
  readonly requestsPerTick: number;
  readonly split: 'even' | 'ramp';
  /** How many times as high the canary's rate is: 1 is a healthy one. */
  readonly ratio: number;
  readonly ticks: number;
}

/** A stream with the fitted noise: each arm has its own, as two processes have. The same seed gives the same stream. */
export function* simulateTrial(world: TrialWorld, seed: string): Generator<JudgeTick> {
  const sampler = createSampler(createRandom(seed));
  const { bursts, fastCv } = world.noise;
  const calm = world.rate / (1 + (bursts === null ? 0 : bursts.share * (bursts.factor - 1)));
  const arms = [world.ratio, 1].map((ratio) => ({
    ratio,
    inBurst: bursts !== null && sampler.uniform() < bursts.share,
  }));
  for (let tick = 0; tick < world.ticks; tick += 1) {
    const share = world.split === 'even' ? 0.5 : RAMP[Math.min(3, Math.floor((4 * tick) / world.ticks))]!;
    const [canary, control] = arms.map((arm, index) => {
      if (tick > 0) arm.inBurst = stepBurst(bursts, arm.inBurst, sampler);
      const factor = arm.inBurst && bursts !== null ? bursts.factor : 1;
      const rate = Math.min(1, calm * arm.ratio * factor * sampler.gammaNoise(fastCv));
      const requests = sampler.poisson(world.requestsPerTick * (index === 0 ? share : 1 - share));
      return { requests, errors: sampler.binomial(requests, rate) };
    });
    yield { canary: canary!, control: control! };
  }
}

function stepBurst(bursts: NoiseNumbers['bursts'], on: boolean, sampler: Sampler): boolean {
  if (bursts === null) return false;
  const leave = 1 / bursts.meanTicks;
  const enter = (leave * bursts.share) / (1 - bursts.share);
  return on ? sampler.uniform() >= leave : sampler.uniform() < enter;
}

/**
 * A stretch of the history against another one, both whole, so that bursts keep their length and shape (a moving-block
 * bootstrap with blocks as long as the trial). The slow drift between them is taken out of the requests of the second:
 * two arms at the same time share it.
 *
 * @param series at least 3 × STRETCH_TICKS + LEAST_GAP long
 * @source Künsch, The jackknife and the bootstrap for general stationary observations (1989), for the blocks
 */
export function drawFromHistory(series: CountSeries, seed: string): JudgeTick[] {
  const random = createRandom(seed);
  const starts = series.events.length - STRETCH_TICKS + 1;
  const one = Math.floor(random() * starts);
  let other = Math.floor(random() * starts);
  while (Math.abs(one - other) < STRETCH_TICKS + LEAST_GAP) other = Math.floor(random() * starts);
  return Array.from({ length: STRETCH_TICKS }, (_, i) => {
    const [a, b] = [one + i, other + i];
    const exposure = Math.round(series.requests[b]! * (series.base[b]! / series.base[a]!));
    return {
      canary: { requests: series.requests[a]!, errors: series.events[a]! },
      control: { requests: Math.max(exposure, series.events[b]!, 1), errors: series.events[b]! },
    };
  });
}

/** Stretches of a history that have nothing in common: how much a share drawn from it may be trusted. */
export function independentTrials(series: CountSeries): number {
  return Math.max(1, Math.floor(series.events.length / STRETCH_TICKS));
}
