import { describe, expect, it } from 'vitest';
import { NOISE_ASSUMPTIONS, type NoiseAssumption } from '../../../../domain/rollout/judge/noise.ts';
import { createJudgeState, openJudge, type JudgeTick } from '../../../../domain/rollout/judge.ts';
import { POLICY } from '../../../support/judge.ts';
import { expectClose, loadOracle } from '../../../support/oracle.ts';

type Row = readonly [
  n1: number,
  x1: number,
  s1: number | null,
  n0: number,
  x0: number,
  s0: number | null,
  low: readonly number[] | null,
  high: readonly number[] | null,
];
type Pair = readonly [logHarm: number, logSafe: number];

interface Stream {
  readonly name: string;
  readonly carriedWealth: number;
  readonly ticks: readonly Row[];
  /** Natural logs. */
  readonly evidence: readonly {
    readonly total: number;
    readonly ceiling: number;
    readonly errors?: Pair;
    readonly slow?: Pair;
    readonly scores?: Pair;
  }[];
  readonly actsAt: number | null;
}

const { assumption, streams } = loadOracle('release') as { assumption: NoiseAssumption; streams: readonly Stream[] };

describe('all evidence of a release against numpy', () => {
  it('is compared under the default assumption that is shipped (else run test/oracle/generate.py)', () => {
    expect(assumption).toEqual(NOISE_ASSUMPTIONS['default']);
  });

  it.each(streams.map((stream) => [stream.name, stream] as const))('adds up the same: %s', (_name, stream) => {
    const judge = openJudge(
      { ...POLICY, noise: assumption, slowAction: 'rollback' },
      createJudgeState({ carriedWealth: stream.carriedWealth }),
    );
    let actsAt: number | null = null;
    for (const [index, row] of stream.ticks.entries()) {
      judge.take(tickOf(row));
      const evidence = judge.evidence();
      const wanted = stream.evidence[index]!;
      const at = `after tick ${index + 1}`;
      expectClose(Math.log(evidence.total), wanted.total, 1e-9, `total ${at}`);
      expectClose(Math.log(evidence.ceiling), wanted.ceiling, 1e-9, `ceiling ${at}`);
      for (const name of ['errors', 'slow', 'scores'] as const) {
        const [harm, safe] = wanted[name] ?? [0, 0];
        expectClose(Math.log(evidence[name]?.harm ?? 1), harm, 1e-9, `${name}, harm ${at}`);
        expectClose(Math.log(evidence[name]?.safe ?? 1), safe, 1e-9, `${name}, safety ${at}`);
      }
      if (judge.decision().decision === 'rollback') actsAt ??= index + 1;
    }
    expect(actsAt).toBe(stream.actsAt);
  });
});

function tickOf([n1, x1, s1, n0, x0, s0, low, high]: Row): JudgeTick {
  return {
    canary: { requests: n1, errors: x1, ...(s1 === null ? {} : { slow: s1 }) },
    control: { requests: n0, errors: x0, ...(s0 === null ? {} : { slow: s0 }) },
    ...(low === null ? {} : { scores: { canary: low, control: high } }),
  };
}
