import { describe, expect, it } from 'vitest';
import { evaluateSampleRatio } from '../../../domain/rollout/sample-ratio.ts';
import type { TelemetrySnapshot } from '../../../domain/rollout/telemetry.ts';
import { loadOracle } from '../../support/oracle.ts';

interface Split {
  readonly total: number;
  readonly basisPoints: number;
}

const { chancePerLook, thresholds, chances } = loadOracle('sample-ratio') as {
  readonly chancePerLook: number;
  /** Counts on both sides of every place where the alarm begins or ends. */
  readonly thresholds: readonly (Split & { readonly counts: readonly number[]; readonly alarms: readonly boolean[] })[];
  /** The chance of each count from 0 to `total` when the split is as intended. */
  readonly chances: readonly (Split & { readonly chances: readonly number[] })[];
};

describe('the sample ratio', () => {
  it.each(thresholds)(
    'is called wrong exactly from where the bound of scipy.special.rel_entr says: $total requests, $basisPoints bp',
    ({ counts, alarms, ...split }) => {
      expect(counts.map((canary) => isAlarm(canary, split))).toEqual(alarms);
    },
  );

  it.each(chances)(
    'is called wrong less than once in ten million looks by chance: $total requests, $basisPoints bp',
    ({ chances: each, ...split }) => {
      const chance = each.reduce((sum, one, canary) => sum + (isAlarm(canary, split) ? one : 0), 0);
      expect(chance).toBeLessThanOrEqual(chancePerLook);
    },
  );

  it('is called wrong when requests go where none should, and never without requests', () => {
    expect(isAlarm(1, { total: 1000, basisPoints: 0 })).toBe(true);
    expect(isAlarm(0, { total: 1000, basisPoints: 0 })).toBe(false);
    expect(isAlarm(0, { total: 0, basisPoints: 5000 })).toBe(false);
  });
});

function isAlarm(canary: number, { total, basisPoints }: Split): boolean {
  const snapshot = {
    instanceId: 'a',
    assigned: { canary, stable: total - canary },
  } as unknown as TelemetrySnapshot;
  return !evaluateSampleRatio(null, snapshot, basisPoints).matches;
}
