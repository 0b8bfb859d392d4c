import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createJudgeState,
  judgeTick,
  openJudge,
  type JudgePolicy,
  type JudgeTick,
} from '../../../../domain/rollout/judge.ts';
import { POLICY, repeat, tick } from '../../../support/judge.ts';

const judge = (ticks: readonly JudgeTick[], policy: JudgePolicy = POLICY) => {
  const judging = openJudge(policy);
  for (const one of ticks) judging.take(one);
  return judging.verdict();
};

const GOOD = tick(600, 3, 12, 600, 3, 12);
const BAD = tick(600, 60, 12, 600, 3, 12);
const SLOW = tick(600, 3, 300, 600, 3, 12);

describe('rollback', () => {
  it('needs two ticks in a row: no single tick rolls back, however absurd', () => {
    expect(judge([tick(6000, 6000, 0, 6000, 0, 0)]).decision).not.toBe('rollback');
    const verdict = judge(repeat(tick(6000, 3000, 0, 6000, 3, 0), 2));
    expect(verdict).toMatchObject({ decision: 'rollback', tick: 2 });
  });

  it('stands for ever, whatever comes after', () => {
    const verdict = judge([...repeat(BAD, 10), ...repeat(GOOD, 200)]);
    expect(verdict.decision).toBe('rollback');
  });

  it('comes from an absolute ceiling that both arms are above', () => {
    expect(judge(repeat(tick(600, 60, 12, 600, 60, 12), 30))).toMatchObject({
      decision: 'rollback',
      metric: 'ceiling',
    });
  });

  it('does not come from a rate that is exactly the ceiling', () => {
    expect(judge(repeat(tick(600, 30, 12, 600, 30, 12), 300)).decision).not.toBe('rollback');
  });

  it('is not blocked by another metric that is missing', () => {
    const ticks = repeat(
      { canary: { requests: 600, errors: 24, slow: null }, control: { requests: 600, errors: 3, slow: 12 } },
      20,
    );
    expect(judge(ticks)).toMatchObject({ decision: 'rollback', metric: 'errors' });
  });

  it('sees errors through evidence of slowness that only holds', () => {
    const both = tick(600, 60, 300, 600, 3, 12);
    expect(judge([...repeat(SLOW, 30), ...repeat(both, 60)])).toMatchObject({
      decision: 'rollback',
      metric: expect.stringMatching(/slow|errors/) as string,
    });
  });

  it('comes sooner in a second attempt that carries the evidence of the first', () => {
    const mild = tick(600, 12, 12, 600, 4, 12);
    const ticksTo = (carriedWealth: number): number | null => {
      const judging = openJudge(POLICY, createJudgeState({ carriedWealth }));
      for (let i = 0; i < 200; i += 1) judging.take(mild);
      return judging.decision().tick;
    };
    expect(ticksTo(5)).toBeLessThan(ticksTo(1) ?? 0);
  });
});

describe('several metrics that come with the same tick', () => {
  it('share the wealth there was before it: equal evidence on two of them counts once', () => {
    const { evidence } = judge([tick(600, 20, 20, 600, 3, 3)]);
    const harm = evidence.errors?.harm ?? 0;
    expect(harm).toBeGreaterThan(2);
    expect(evidence.slow?.harm).toBe(harm);
    expect(evidence.total).toBeCloseTo(0.05 * evidence.ceiling + 0.95 * harm, 9);
  });
});

describe('hold', () => {
  it('is what slowness alone leads to by default, and rollback when the policy says so', () => {
    expect(judge(repeat(SLOW, 30))).toMatchObject({ decision: 'hold', metric: 'slow' });
    expect(judge(repeat(SLOW, 30), { ...POLICY, slowAction: 'rollback' })).toMatchObject({
      decision: 'rollback',
      metric: 'slow',
    });
  });

  it('ends when a person waived the metric', () => {
    const judging = openJudge(POLICY);
    for (const one of repeat(SLOW, 30)) judging.take(one);
    const waived = openJudge({ ...POLICY, dryRunMetrics: ['slow'], requiredMetrics: ['errors'] }, judging.save());
    waived.take(SLOW);
    expect(waived.decision().decision).not.toBe('hold');
  });
});

describe('promotion', () => {
  it('needs positive evidence on every required metric', () => {
    expect(judge(repeat(GOOD, 5)).decision).toBe('undecided');
    expect(judge(repeat(tick(6000, 30, 60, 6000, 30, 60), 60)).decision).toBe('promote');
  });

  it('is possible for a service without a single error', () => {
    expect(judge(repeat(tick(600, 0, 0, 600, 0, 0), 60)).decision).toBe('promote');
  });

  it('ends with the tick whose telemetry is missing', () => {
    const good = repeat(tick(600, 0, 0, 600, 0, 0), 60);
    expect(judge([...good, {}]).decision).toBe('inconclusive');
    expect(judge([...good, { canary: { requests: 600, errors: 0, slow: 0 } }]).decision).toBe('inconclusive');
  });

  it('never comes when a required metric is not in play', () => {
    const ticks = repeat({ canary: { requests: 600, errors: 0 }, control: { requests: 600, errors: 0 } }, 100);
    expect(judge(ticks).decision).toBe('undecided');
  });

  it('never comes while scores occur and lack evidence', () => {
    const ticks = repeat({ ...tick(600, 0, 0, 600, 0, 0), scores: { canary: [0.2], control: [0.9] } }, 40);
    expect(judge(ticks).decision).not.toBe('promote');
  });
});

describe('bad telemetry', () => {
  it.each([
    ['nothing at all', {}],
    ['one arm', { canary: { requests: 600, errors: 1, slow: 1 } }],
    ['a negative count', tick(600, -1, 0, 600, 0, 0)],
    ['more errors than requests', tick(600, 601, 0, 600, 0, 0)],
    ['NaN', tick(600, Number.NaN, 0, 600, 0, 0)],
    ['text', { canary: { requests: '600', errors: 0, slow: 0 }, control: { requests: 600, errors: 0, slow: 0 } }],
    ['a score above one', { ...tick(600, 0, 0, 600, 0, 0), scores: { canary: [1.2], control: [0.5] } }],
  ])('is inconclusive and moves no evidence: %s', (_name, bad) => {
    const before = judge([GOOD, GOOD]);
    const after = judge([GOOD, GOOD, bad]);
    expect(after.decision).toBe('inconclusive');
    if (_name !== 'a score above one' && _name !== 'one arm')
      expect(after.evidence.errors?.harm).toBe(before.evidence.errors?.harm);
  });

  it('never promotes, in any mixture with good ticks, at the tick where it occurs', () => {
    const good = fc.constant(tick(600, 0, 0, 600, 0, 0));
    const bad = fc.constantFrom<JudgeTick>(
      {},
      { canary: null, control: null },
      { canary: { requests: 600, errors: 0, slow: 0 } },
      tick(1, 2, 0, 1, 0, 0),
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: bad }), { maxLength: 80 }),
        bad,
        (ticks, last) => {
          expect(judge([...ticks, last]).decision).not.toBe('promote');
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });
});

describe('a metric that is not in play', () => {
  const without = (slow: undefined | null): JudgeTick => ({
    canary: { requests: 600, errors: 3, ...(slow === null ? { slow } : {}) },
    control: { requests: 600, errors: 3, ...(slow === null ? { slow } : {}) },
  });

  it('is one that both arms lack from start to end, whether they leave it out or say null', () => {
    const [absent, empty] = [judge(repeat(without(undefined), 20)), judge(repeat(without(null), 20))];
    expect(empty).toEqual(absent);
    expect(empty).toMatchObject({ decision: 'undecided', telemetry: 'complete' });
    expect(judge([without(undefined), GOOD, without(null)])).toMatchObject({ decision: 'inconclusive' });
  });
});

describe('what a verdict says of each metric', () => {
  const scores = { canary: [0.5, 0.5], control: [0.9, 0.7] };
  const limits = (ticks: readonly JudgeTick[]) =>
    Object.fromEntries(judge(ticks).metrics.map(({ name, limit }) => [name, limit]));

  it('is the limit it is held against', () => {
    expect(limits([{ ...GOOD, scores }])).toEqual({ errors: 0.05, slow: 0.0298, scores: 0.75, ceiling: 0.05 });
    // Below the absolute tolerance it is good enough whatever the control does.
    expect(limits([tick(600, 3, 1, 600, 3, 0)])).toMatchObject({ slow: 0.01 });
  });

  it('is the rate of errors it was seen with, where only the canary says it', () => {
    const alone = { canary: { requests: 600, errors: 240 } };
    const { decision, metric, reasons, metrics } = judge(repeat(alone, 20));
    expect({ decision, metric }).toEqual({ decision: 'rollback', metric: 'ceiling' });
    expect(reasons[0]).toMatch(/^canary error rate 40.0 % of \d+ requests is above the ceiling 5 %/);
    expect(metrics.find(({ name }) => name === 'ceiling')).toMatchObject({ canary: 0.4, requests: 12_000 });
  });
});

describe('state', () => {
  it('survives JSON at every tick without changing a single bit', () => {
    const counts = fc.tuple(fc.nat(40), fc.nat(60), fc.nat(40), fc.nat(60));
    fc.assert(
      fc.property(fc.array(counts, { minLength: 1, maxLength: 30 }), (rows) => {
        const straight = openJudge(POLICY);
        let state = createJudgeState();
        for (const [x1, s1, x0, s0] of rows) {
          const one: JudgeTick = { ...tick(600, x1, s1, 580, x0, s0), scores: { canary: [0.5, 1], control: [1] } };
          straight.take(one);
          const next = judgeTick(POLICY, JSON.parse(JSON.stringify(state)) as typeof state, one);
          state = next.state;
          expect(next.verdict).toEqual(straight.verdict());
        }
        expect(JSON.parse(JSON.stringify(state))).toEqual(straight.save());
      }),
      { numRuns: 25, seed: 11 },
    );
  });

  it('is not changed by judging from it', () => {
    const { state } = judgeTick(POLICY, createJudgeState(), GOOD);
    const copy = structuredClone(state);
    judgeTick(POLICY, state, BAD);
    expect(state).toEqual(copy);
  });
});
