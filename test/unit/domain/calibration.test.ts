import { describe, expect, it } from 'vitest';
import { simulate, type World } from '../../../bench/support/streams.ts';
import { errorsOnly } from '../../../bench/support/policy.ts';
import { parseHistory } from '../../../client/rollouts/parse-history.ts';
import { assembleTrials, calibrateNoise, type HistoryTick } from '../../../domain/rollout/calibration.ts';
import { NOISE_ASSUMPTIONS } from '../../../domain/rollout/judge/noise.ts';

const CANDIDATES = ['quiet', 'default', 'tall-bursts'].flatMap((name) => {
  const noise = NOISE_ASSUMPTIONS[name];
  return noise === undefined ? [] : [[name, noise] as const];
});

function historyOf(noise: Partial<World>): HistoryTick[] {
  const world = { ticks: 3000, requestsPerTick: 600, share: 0.5, base: 0.005, ...noise };
  return [...simulate(world, 'history')].map(({ control }) => ({
    requests: Number(control?.requests),
    errors: Number(control?.errors),
  }));
}

describe('calibration', () => {
  it('gives a quiet service the faster judge, and a service with tall bursts the patient one', () => {
    const quiet = calibrateNoise(assembleTrials(historyOf({})), errorsOnly(), CANDIDATES);
    expect(quiet.chosen).toBe('quiet');
    const bursts = { factor: 6, meanTicks: 5, share: 0.13 };
    const noisy = calibrateNoise(assembleTrials(historyOf({ fastCv: 0.3, bursts })), errorsOnly(), CANDIDATES);
    expect(noisy.chosen).toBe('tall-bursts');
    expect(noisy.candidates[0]?.keepsBudget).toBe(false);
  });

  it('offers nothing when no assumption keeps the budget on both halves', () => {
    const jumps = historyOf({ base: (tick) => (Math.floor(tick / 60) % 2 === 0 ? 0.005 : 0.05) });
    expect(calibrateNoise(assembleTrials(jumps), errorsOnly(), CANDIDATES).chosen).toBeNull();
    expect(calibrateNoise([], errorsOnly(), CANDIDATES).chosen).toBeNull();
  });

  it('pretends arms that are far enough apart, in the order of time', () => {
    const trials = assembleTrials(Array.from({ length: 200 }, (_, i) => ({ requests: i, errors: 0 })));
    expect(trials.every((ticks) => ticks.length === 60)).toBe(true);
    for (const [first] of trials)
      expect(Number(first?.canary?.requests) - Number(first?.control?.requests)).toBeGreaterThanOrEqual(60);
  });

  it('refuses a history that is too short, mixed, or not one, naming the line', () => {
    const tick = '{"requests": 600, "errors": 3}';
    const stream = '{"ticks": [{"canary": {"requests": 1, "errors": 0}, "control": {"requests": 1, "errors": 0}}]}';
    expect(() => parseHistory('h', Array.from({ length: 999 }, () => tick).join('\n'), 'm')).toThrow('999 ticks');
    expect(() => parseHistory('h', `${tick}\n${stream}`, 'm')).toThrow('mixed');
    expect(() => parseHistory('h', `${tick}\n{"requests": -1, "errors": 0}`, 'm')).toThrow('line 2');
    const long = Array.from({ length: 1200 }, () => tick).join('\n');
    expect(parseHistory('h', long, 'm').length).toBeGreaterThan(100);
  });
});
