import { describe, expect, it } from 'vitest';
import { assembleCandidates } from '../../../../domain/rollout/calibration/candidates.ts';
import type { NoiseFit } from '../../../../domain/rollout/calibration/fit-noise.ts';
import { loadCountKernel } from '../../../../domain/rollout/judge/count-kernel.ts';

const exactly = (value: number) => ({ value, low: null, high: null });
const FIT: NoiseFit = {
  ticks: 5000,
  events: 9000,
  rate: 0.005,
  requestsPerTick: 600,
  fastCv: exactly(0.3),
  bursts: { factor: exactly(3), meanTicks: exactly(5), share: exactly(0.13) },
  drift: 1.2,
  burstEvidence: 100,
};

describe('assembleCandidates()', () => {
  it.each([60, 10, 1])('has bursts that end as often as the fitted ones with looks of %i s', (tickSeconds) => {
    const [name, assumption] = assembleCandidates([FIT], tickSeconds / 60)[0]!;
    expect(name).toBe('fitted');
    expect(loadCountKernel(assumption, 0.4, tickSeconds).redraw[0]).toBeCloseTo(1 / 5, 3);
    expect(assumption.burstRangeLog, 'x3 on the lattice').toBe(1);
  });

  it('widens: taller, longer, more of the time; never narrower than the one before', () => {
    const all = assembleCandidates([FIT], 1).map(([, assumption]) => assumption);
    for (const [i, next] of all.slice(1).entries()) {
      expect(next.burstRangeLog).toBeGreaterThanOrEqual(all[i]!.burstRangeLog);
      expect(next.kinds[0]!.burstShare).toBeGreaterThanOrEqual(all[i]!.kinds[0]!.burstShare);
      expect(next.kinds[0]!.burstMeanMinutes).toBeGreaterThanOrEqual(all[i]!.kinds[0]!.burstMeanMinutes);
    }
  });

  it('goes by the noisiest metric, and has no bursts where none were found', () => {
    const calm: NoiseFit = { ...FIT, fastCv: exactly(0.1), bursts: null };
    expect(assembleCandidates([calm, FIT], 1)).toEqual(assembleCandidates([FIT], 1));
    for (const [, { kinds }] of assembleCandidates([calm], 1))
      expect(kinds.map(({ burstShare }) => burstShare)).toEqual([0, 0, 0]);
  });
});
