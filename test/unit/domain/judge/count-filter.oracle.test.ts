import { describe, expect, it } from 'vitest';
import {
  createCountFilter,
  evaluateCounts,
  passTime,
  stepCountFilter,
} from '../../../../domain/rollout/judge/count-filter.ts';
import { loadCountKernel } from '../../../../domain/rollout/judge/count-kernel.ts';
import { NOISE_ASSUMPTIONS, type NoiseAssumption } from '../../../../domain/rollout/judge/noise.ts';
import { expectClose, loadOracle } from '../../../support/oracle.ts';

interface Stream {
  readonly name: string;
  readonly noise: string;
  readonly marginLog: number;
  readonly tickSeconds: number;
  /** Evidence was written down after every so many ticks. */
  readonly every: number;
  readonly ticks: readonly (readonly [n1: number, x1: number, n0: number, x0: number] | null)[];
  readonly evidence: readonly (readonly [logHarm: number, logSafe: number])[];
}

const { assumptions, streams } = loadOracle('count-filter') as {
  assumptions: Record<string, NoiseAssumption>;
  streams: readonly Stream[];
};

describe('the count filter against plain matrices in numpy', () => {
  it('is compared under the assumptions that are shipped (else run test/oracle/generate.py)', () => {
    expect(assumptions).toEqual(NOISE_ASSUMPTIONS);
    expect(new Set(streams.map(({ noise }) => noise))).toEqual(new Set(Object.keys(NOISE_ASSUMPTIONS)));
  });

  it.each(streams.map((stream) => [stream.name, stream] as const))('gives the same evidence: %s', (_name, stream) => {
    const kernel = loadCountKernel(assumptions[stream.noise]!, stream.marginLog, stream.tickSeconds);
    const filter = createCountFilter(kernel);
    for (const [index, tick] of stream.ticks.entries()) {
      if (tick === null) passTime(kernel, filter);
      else stepCountFilter(kernel, filter, ...tick);
      if ((index + 1) % stream.every !== 0) continue;
      const [harm, safe] = stream.evidence[(index + 1) / stream.every - 1]!;
      const { logHarm, logSafe } = evaluateCounts(filter);
      expectClose(logHarm, harm, 1e-10, `harm after tick ${index + 1}`);
      expectClose(logSafe, safe, 1e-10, `safety after tick ${index + 1}`);
    }
  });
});
