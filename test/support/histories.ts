import { simulate, type World } from '../../bench/support/streams.ts';
import type { HistoryTick } from '../../domain/rollout/calibration/history.ts';

/** Counts of a version that has nearly all of 600 requests a tick, of which one in two hundred fails. */
export function historyOf(noise: Partial<World>, seed = 'history'): HistoryTick[] {
  const world = { ticks: 4000, requestsPerTick: 600, share: 0.01, base: 0.005, ...noise };
  return [...simulate(world, seed)].map(({ control }) => ({
    requests: Number(control?.requests),
    errors: Number(control?.errors),
  }));
}
