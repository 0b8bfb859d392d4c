import { ceilingDecides } from '../../../../domain/rollout/judge/policy.ts';
import { describe, expect, it } from 'vitest';
import { openJudge, type JudgePolicy, type JudgeTick } from '../../../../domain/rollout/judge.ts';
import { policyInForce } from '../../../../domain/rollout/run.ts';
import { waiveMetrics } from '../../../../domain/rollout/waive.ts';
import { POLICY } from '../../../support/judge.ts';

const UNARMED: JudgePolicy = policyInForce(POLICY, { basis: 'default', armed: false, text: 'noisier' });
const tick = (errors: number, control: number, scores?: JudgeTick['scores']): JudgeTick => ({
  canary: { requests: 1000, errors, slow: 10 },
  control: { requests: 1000, errors: control, slow: 10 },
  ...(scores === undefined ? {} : { scores }),
});
const decide = (policy: JudgePolicy, ticks: readonly JudgeTick[]) => {
  const judge = openJudge(policy);
  for (const one of ticks) judge.take(one);
  return judge.decision();
};
const times = (count: number, one: JudgeTick) => Array.from({ length: count }, () => one);

describe('a judge whose noise assumption is not trusted', () => {
  const worse = times(20, tick(30, 4));

  it('holds on evidence of errors where it would have rolled back', () => {
    expect(decide(POLICY, worse)).toMatchObject({ decision: 'rollback', metric: 'errors' });
    expect(decide(UNARMED, worse)).toMatchObject({ decision: 'hold', metric: 'errors' });
  });

  it('still rolls back above the ceiling, which rests on no noise assumption, also over a hold that stands', () => {
    expect(decide(UNARMED, [...worse, ...times(12, tick(120, 4))])).toMatchObject({ decision: 'rollback' });
  });

  it('still rolls back on scores', () => {
    const scores = { canary: Array.from({ length: 20 }, () => 0.2), control: Array.from({ length: 20 }, () => 0.8) };
    expect(decide(UNARMED, times(12, tick(4, 4, scores)))).toMatchObject({ decision: 'rollback', metric: 'scores' });
  });

  it('never promotes for that, and asks once: what a person accepted holds no more', () => {
    expect(decide(waiveMetrics(UNARMED, ['errors']), worse).decision).not.toBe('hold');
    expect(decide(UNARMED, times(60, tick(4, 4))).decision).toBe('promote');
  });

  it('keeps the ceiling when a person accepts more errors than stable has', () => {
    const accepted = waiveMetrics(UNARMED, ['errors']);
    expect(decide(accepted, [...worse, ...times(20, tick(120, 4))])).toMatchObject({
      decision: 'rollback',
      metric: 'ceiling',
    });
    expect(decide(accepted, times(60, tick(70, 4))).decision, 'above the ceiling').not.toBe('promote');
    const shown = waiveMetrics({ ...POLICY, dryRunMetrics: ['errors'] }, ['slow']);
    expect(ceilingDecides(shown), 'shown only').toBe(false);
  });

  it('gives the ceiling up when that was accepted, and that alone', () => {
    const judge = openJudge(POLICY);
    for (const one of times(30, tick(60, 60))) judge.take(one);
    for (const one of times(30, tick(80, 80))) judge.take(one);
    expect(judge.decision()).toMatchObject({ decision: 'rollback', metric: 'ceiling' });
    const accepted = openJudge(waiveMetrics(POLICY, ['ceiling']), judge.save());
    for (const one of times(10, tick(60, 60))) accepted.take(one);
    expect(accepted.decision()).toMatchObject({ decision: 'promote' });
    expect(decide(waiveMetrics(POLICY, ['ceiling']), worse)).toMatchObject({ decision: 'rollback', metric: 'errors' });
  });

  it('is the same judge where automatic rollback is armed', () => {
    expect(policyInForce(POLICY, { basis: 'calibrated', armed: true, text: '' })).toEqual(POLICY);
    expect(policyInForce(POLICY, undefined)).toEqual(POLICY);
  });
});
