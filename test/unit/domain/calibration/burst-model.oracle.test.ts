import { describe, it } from 'vitest';
import { evaluateBurstModel } from '../../../../domain/rollout/calibration/burst-model.ts';
import type { CountSeries } from '../../../../domain/rollout/calibration/history.ts';
import { expectClose, loadOracle } from '../../../support/oracle.ts';

const CASES = loadOracle('bursts') as readonly (CountSeries & {
  readonly models: readonly { readonly fastCv: number; readonly bursts: number[] | null; readonly log: number }[];
})[];

describe('the likelihood of bursty counts against scipy.stats.nbinom', () => {
  it.each(CASES.map((one) => [Math.max(...one.requests), one] as const))('with up to %i requests', (_most, series) => {
    const logs = series.models.map(({ fastCv, bursts }) => {
      const [factor = 1, meanTicks = 1, share = 0] = bursts ?? [];
      return evaluateBurstModel(series, { fastCv, bursts: bursts === null ? null : { factor, meanTicks, share } }, 0.9);
    });
    // The program leaves out what depends on the counts alone: differences between models are compared.
    for (const [i, { log }] of series.models.entries()) expectClose(logs[i]! - logs[0]!, log, 1e-8, `model ${i}`);
  });
});
