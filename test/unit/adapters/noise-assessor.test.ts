import { describe, expect, it } from 'vitest';
import { createNoiseAssessor } from '../../../adapters/processes/noise-assessor.ts';
import { errorsOnly } from '../../../bench/support/policy.ts';
import { assessNoise } from '../../../domain/rollout/calibration/noise-basis.ts';
import { historyOf } from '../../support/histories.ts';

const UNSET = { assumption: 'default', calibration: null };
const HISTORY = historyOf({ ticks: 1500, fastCv: 0.3, bursts: { factor: 6, meanTicks: 5, share: 0.13 } });

describe('the assessment of noise beside the event loop', () => {
  it('finds what it finds in the loop, and lets the loop turn meanwhile', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    const found = await createNoiseAssessor().assess(UNSET, HISTORY, errorsOnly(), 's');
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
    expect(found).toEqual(assessNoise(UNSET, HISTORY, errorsOnly(), 's'));
    expect(found.armed).toBe(false);
  }, 30_000);

  it('answers what is asked twice at once with one answer, and afterwards with a new one', async () => {
    const assessor = createNoiseAssessor();
    const ask = async () => await assessor.assess(UNSET, HISTORY.slice(-10), errorsOnly(), 's');
    const [first, again] = await Promise.all([ask(), ask()]);
    expect(again).toBe(first);
    const later = await ask();
    expect(later).not.toBe(first);
    expect(later).toEqual(first);
  }, 30_000);

  it('goes on after one that failed', async () => {
    const assessor = createNoiseAssessor();
    const broken = { ...errorsOnly(), noise: null } as never;
    await expect(assessor.assess(UNSET, HISTORY, broken, 's')).rejects.toThrow(TypeError);
    expect((await assessor.assess(UNSET, [], errorsOnly(), 's')).armed).toBe(true);
  }, 30_000);
});
