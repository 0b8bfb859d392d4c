import type { JudgeTick } from '../../domain/rollout/judge.ts';
import { createRandom } from '../../domain/statistics/seeded-random.ts';
import { createSampler, type Sampler } from '../../domain/statistics/sampler.ts';

/** Bursts of one arm: its rate is `factor` times as high for `meanTicks` on average, `share` of the time. */
export interface Bursts {
  readonly factor: number;
  readonly meanTicks: number;
  readonly share: number;
}

/** What a simulated rollout is like; tick numbers start at 0. */
export interface World {
  readonly ticks: number;
  readonly requestsPerTick: number;
  /** Share of the canary, 0 to 1. */
  readonly share: number | ((tick: number) => number);
  readonly base: number | ((tick: number) => number);
  /** How many times as high the canary's error rate is. */
  readonly ratio?: number;
  /** The first tick at which it is. */
  readonly from?: number;
  /** Coefficient of variation of the noise of each arm and tick. */
  readonly fastCv?: number;
  readonly bursts?: Bursts;
}

/** Poisson traffic, binomial split and errors. The same world and seed give the same stream. */
export function* simulate(world: World, seed: string): Generator<JudgeTick> {
  const sampler = createSampler(createRandom(seed));
  const bursts = [startBurst(world.bursts, sampler), startBurst(world.bursts, sampler)] as [boolean, boolean];
  for (let tick = 0; tick < world.ticks; tick += 1) {
    const share = at(world.share, tick);
    const base = at(world.base, tick);
    const ratio = tick >= (world.from ?? 0) ? (world.ratio ?? 1) : 1;
    const requests = sampler.poisson(world.requestsPerTick);
    const canary = sampler.binomial(requests, share);
    const rates = [base * ratio, base].map((rate, arm) => {
      if (tick > 0) bursts[arm as 0 | 1] = stepBurst(world.bursts, bursts[arm as 0 | 1], sampler);
      const burst = bursts[arm as 0 | 1] ? (world.bursts?.factor ?? 1) : 1;
      return Math.min(1, rate * burst * sampler.gammaNoise(world.fastCv ?? 0));
    }) as [number, number];
    yield {
      canary: { requests: canary, errors: sampler.binomial(canary, rates[0]) },
      control: { requests: requests - canary, errors: sampler.binomial(requests - canary, rates[1]) },
    };
  }
}

function at(value: number | ((tick: number) => number), tick: number): number {
  return typeof value === 'number' ? value : value(tick);
}

function startBurst(bursts: Bursts | undefined, sampler: Sampler): boolean {
  return bursts !== undefined && sampler.uniform() < bursts.share;
}

function stepBurst(bursts: Bursts | undefined, on: boolean, sampler: Sampler): boolean {
  if (bursts === undefined) return false;
  const leave = 1 / bursts.meanTicks;
  const enter = (leave * bursts.share) / (1 - bursts.share);
  return on ? sampler.uniform() >= leave : sampler.uniform() < enter;
}
