import { describe, expect, it } from 'vitest';
import { openJudge, type JudgePolicy, type JudgeTick } from '../../../../domain/rollout/judge.ts';
import { POLICY, repeat, tick } from '../../../support/judge.ts';

const judge = (ticks: readonly JudgeTick[], policy: Partial<JudgePolicy> = {}) => {
  const judging = openJudge({ ...POLICY, ...policy });
  for (const one of ticks) judging.take(one);
  return judging.verdict();
};

const QUIET = tick(600, 0, 0, 600, 0, 0);
const GOOD = tick(6000, 30, 60, 6000, 30, 60);
const SLOW = tick(600, 3, 300, 600, 3, 12);
const scored = (canary: unknown, control: unknown): JudgeTick => ({ ...QUIET, scores: { canary, control } });

describe('a promotion', () => {
  it('is taken back while evidence of harm is above a tenth of the limit', () => {
    const judging = openJudge({ ...POLICY, requiredMetrics: ['errors'] });
    for (const one of repeat(tick(6000, 0, 60, 6000, 0, 60), 30)) judging.take(one);
    expect(judging.decision().decision).toBe('promote');
    const seen = repeat(tick(6000, 0, 150, 6000, 0, 60), 40).map((one) => {
      judging.take(one);
      return { total: judging.evidence().total, decision: judging.decision().decision };
    });
    const hinting = seen.filter(({ total }) => total >= 2 && total < 18);
    expect(hinting.length).toBeGreaterThan(0);
    expect(hinting.map(({ decision }) => decision)).not.toContain('promote');
  });

  it('does not come at a rate above the ceiling, however good it is beside the control', () => {
    const ticks = repeat(GOOD, 60);
    expect(judge(ticks).decision).toBe('promote');
    const { decision, reasons } = judge(ticks, { maxErrorRate: 0.004_99 });
    expect(decision).toBe('undecided');
    expect(reasons.join()).toContain('above the ceiling');
  });

  it('needs evidence on scores as soon as there were some, unless they are only shown', () => {
    const ticks = [scored([0.5], [0.5]), ...repeat(QUIET, 60)];
    expect(judge(repeat(QUIET, 61)).decision).toBe('promote');
    expect(judge(ticks).decision).toBe('undecided');
    expect(judge(ticks, { dryRunMetrics: ['scores'] }).decision).toBe('promote');
  });

  it('does not rest on a tolerated rate once there is evidence of harm', () => {
    // 0.2 % is tolerated, and four times what the control has.
    const { errors } = judge(repeat(tick(6000, 12, 0, 6000, 3, 0), 20)).evidence;
    expect(errors?.harm).toBeGreaterThan(20);
    expect(errors?.safe).toBeLessThan(1);
  });
});

describe('a metric that is only shown', () => {
  it('takes nothing of the wealth of the others', () => {
    const { slow: _canary, ...canary } = SLOW.canary ?? {};
    const { slow: _control, ...control } = SLOW.control ?? {};
    const shown = judge(repeat(SLOW, 20), { dryRunMetrics: ['slow'] });
    expect(shown.wealth).toBe(judge(repeat({ canary, control }, 20)).wealth);
    expect(shown.evidence.slow?.harm).toBeGreaterThan(20);
  });

  it('silences the ceiling when it is errors', () => {
    const ticks = repeat(tick(600, 60, 12, 600, 60, 12), 40);
    expect(judge(ticks)).toMatchObject({ decision: 'rollback', metric: 'ceiling' });
    expect(judge(ticks, { dryRunMetrics: ['errors'] }).decision).not.toBe('rollback');
  });
});

describe('a hold', () => {
  it('is dated to the tick at which it was reached, however long it stands', () => {
    const { tick: first } = judge(repeat(SLOW, 20));
    expect(judge(repeat(SLOW, 60))).toMatchObject({ decision: 'hold', tick: first });
    expect(first).toBeLessThan(20);
  });
});

describe('telemetry', () => {
  it.each<[string, JudgeTick]>([
    ['a score below 0', scored([-0.1], [0.5])],
    ['scores of the canary only', scored([0.5], undefined)],
    ['scores of the control only', scored(null, [0.5])],
    ['infinite requests', tick(Infinity, 0, 0, 600, 0, 0)],
    ['infinite counts', tick(Infinity, Infinity, 0, 600, 0, 0)],
  ])('is missing with %s', (_name, bad) => {
    expect(judge([QUIET, QUIET, bad])).toMatchObject({ decision: 'inconclusive', telemetry: 'missing' });
  });

  it('lacks scores only where they are required', () => {
    const ticks = [scored([0.5], [0.5]), QUIET];
    expect(judge(ticks).telemetry).toBe('complete');
    const verdict = judge(ticks, { requiredMetrics: ['errors', 'scores'] });
    expect(verdict).toMatchObject({ decision: 'inconclusive', reasons: ['scores: missing in both arms'] });
  });

  it('leaves a stream inconclusive when it was missing in more than half of the ticks, and not at half', () => {
    const first = judge([QUIET, {}, {}, QUIET]);
    expect(first.decision).toBe('undecided');
    const more = judge([QUIET, {}, {}, {}, QUIET]);
    expect(more).toMatchObject({ decision: 'inconclusive', reasons: ['telemetry was missing in 3 of 5 looks'] });
  });
});
