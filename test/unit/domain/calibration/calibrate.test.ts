import { describe, expect, it } from 'vitest';
import { errorsOnly } from '../../../../bench/support/policy.ts';
import { calibrateNoise } from '../../../../domain/rollout/calibration/calibrate.ts';
import { assembleSeries, type HistoryTick } from '../../../../domain/rollout/calibration/history.ts';
import { assessNoise, type NoiseSetting } from '../../../../domain/rollout/calibration/noise-basis.ts';
import { drawFromHistory } from '../../../../domain/rollout/calibration/trial-streams.ts';
import { NOISE_ASSUMPTIONS } from '../../../../domain/rollout/judge/noise.ts';
import { historyOf } from '../../../support/histories.ts';

const NOISY = { fastCv: 0.3, bursts: { factor: 6, meanTicks: 5, share: 0.13 } };
const { quiet, default: standard } = NOISE_ASSUMPTIONS;
const KNOWN = { quiet: quiet!, default: standard! };

const calibrate = (history: readonly HistoryTick[], streams = [120, 360]) =>
  calibrateNoise([['errors', assembleSeries(history, 'errors')]], {
    policy: errorsOnly(),
    known: KNOWN,
    seed: 's',
    streams,
  });

describe('calibrateNoise()', () => {
  it('gives a quiet service a judge that is faster than the default, proved on the later part', () => {
    const { chosen, candidates, proved, proof } = calibrate(historyOf({ ticks: 2000 }));
    expect(proved).toBe(true);
    const looksOf = (name: string) => Number(candidates.find((one) => one.name === name)?.looksFor2x['errors']);
    expect(Number(chosen?.looksFor2x['errors'])).toBeLessThan(looksOf('default'));
    for (const { even, ramp } of proof) expect(Math.max(even.high, ramp.high)).toBeLessThanOrEqual(0.05);
  });

  it('passes over what would roll a noisy service back, and takes an assumption around the fit', () => {
    const { chosen, candidates } = calibrate(historyOf({ ...NOISY, ticks: 2000 }));
    const passed = candidates.find(({ name }) => name === 'quiet');
    expect(passed?.trials[0]?.keepsBudget).toBe(false);
    expect(chosen?.name).toMatch(/^fitted/);
    expect(chosen?.assumption.burstRangeLog).toBeGreaterThanOrEqual(1.6);
  });

  it('gives the same twice', () => {
    const history = historyOf({ ticks: 1000 });
    expect(calibrate(history, [20])).toEqual(calibrate(history, [20]));
  });

  it('is not proved when the later part is noisier than the first, which alone had a say', () => {
    const changed = [...historyOf({ ticks: 1200 }), ...historyOf({ ...NOISY, ticks: 1200 })];
    const { chosen, proved } = calibrate(changed);
    expect(chosen).not.toBeNull();
    expect(proved).toBe(false);
  });

  it('takes the drift between two stretches of history out of the comparison', () => {
    const rising = assembleSeries(historyOf({ base: (tick) => 0.002 + tick * 2e-6, requestsPerTick: 6000 }), 'errors');
    const ratios = Array.from({ length: 40 }, (_, run) => {
      const total = { canary: [0, 0], control: [0, 0] };
      for (const { canary, control } of drawFromHistory(rising, `draw/${run}`)) {
        total.canary = [total.canary[0]! + Number(canary?.errors), total.canary[1]! + Number(canary?.requests)];
        total.control = [total.control[0]! + Number(control?.errors), total.control[1]! + Number(control?.requests)];
      }
      return Math.log(total.canary[0]! / total.canary[1]! / (total.control[0]! / total.control[1]!));
    });
    expect(Math.max(...ratios.map(Math.abs))).toBeLessThan(0.2);
  });
});

describe('assessNoise()', () => {
  const unset: NoiseSetting = { assumption: 'default', calibration: null };
  const assess = (setting: NoiseSetting, history: readonly HistoryTick[]) =>
    assessNoise(setting, history, errorsOnly(), 's');

  it('is armed with a history that fits, and with one too short to know', () => {
    expect(assess(unset, historyOf({ ticks: 2000 }))).toMatchObject({ basis: 'default', armed: true });
    const short = assess(unset, historyOf({ ...NOISY, ticks: 500 }));
    expect(short).toMatchObject({ basis: 'default', armed: true });
    expect(short.text).toContain('500 ticks of history are too few');
  });

  it('is not armed for a service noisier than the assumption in use, until a calibration is written', () => {
    const history = historyOf(NOISY);
    const found = assess(unset, history);
    expect(found).toMatchObject({ basis: 'default', armed: false });
    expect(found.text).toContain('noisier');
    const calibration = { armed: true, fittedAt: '2026-11-01T00:00:00Z', ticks: 4000, source: 'recorded looks' };
    const calibrated = assess({ assumption: 'fitted', calibration }, history);
    expect(calibrated).toMatchObject({ basis: 'calibrated', armed: true });
    expect(calibrated.text).toContain('calibrated from recorded looks (4000 ticks) on 2026-11-01');
  });

  it('is not armed where a person says so', () => {
    const calibration = { armed: false, fittedAt: null, ticks: null, source: null };
    expect(assess({ assumption: 'default', calibration }, [])).toMatchObject({ basis: 'default', armed: false });
  });

  it('calls no rollback armed where automatic rollback is off', () => {
    const off = assessNoise(unset, [], errorsOnly(), 's', false);
    expect(off.text).toContain('automatic rollback is off');
    expect(off.text).not.toContain('armed');
  });
});
