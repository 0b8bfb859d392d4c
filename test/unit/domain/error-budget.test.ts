import { describe, expect, it } from 'vitest';
import { simulate, type World } from '../../../bench/support/streams.ts';
import { carriedWealthOf, carryBudget, type EarlierAttempt } from '../../../domain/rollout/error-budget.ts';
import { createJudgeState, openJudge, type JudgePolicy } from '../../../domain/rollout/judge.ts';
import { repeat, POLICY, tick } from '../../support/judge.ts';

const ENDED: EarlierAttempt = { rolloutKey: 'first', wealth: 3.25, decision: 'undecided', metric: null };

describe('the error budget of a release', () => {
  it('is whole in its first attempt', () => {
    expect(carryBudget(null, 0.05)).toBeNull();
    expect(carriedWealthOf({})).toBe(1);
  });

  it.each(['undecided', 'promote', 'inconclusive', null])(
    'goes on from where the attempt before ended: %s',
    (decision) => {
      const budget = carryBudget({ ...ENDED, decision }, 0.05);
      expect(budget).toMatchObject({ carriedWealth: 3.25 });
      expect(budget?.carriedFrom).toContain('attempt first left evidence of 3.25');
      expect(carriedWealthOf({ ...budget })).toBe(3.25);
    },
  );

  it.each([
    ['rollback', 'errors', 1],
    ['hold', 'slow', 1],
    // Mirrored answers are judged by limits of their own.
    ['rollback', 'overlap', 3.25],
  ])('is a new one after a %s for %s spent it, and only then', (decision, metric, carriedWealth) => {
    expect(carryBudget({ ...ENDED, decision, metric }, 0.05)).toMatchObject({ carriedWealth });
  });

  it('is never nothing: what is carried can be worked with', () => {
    const { carriedWealth = 0 } = carryBudget({ ...ENDED, wealth: 0 }, 0.05) ?? {};
    expect(openJudge(POLICY, createJudgeState({ carriedWealth })).evidence().total).toBeGreaterThan(0);
  });

  it('is named in the reason of a rollback that it helped to', () => {
    const judge = openJudge(POLICY, createJudgeState({ carriedWealth: 9 }));
    for (const one of repeat(tick(600, 60, 12, 600, 3, 12), 4)) judge.take(one);
    expect(judge.verdict().reasons.join()).toContain('earlier attempts of this release left 9.00');
  });

  it('is kept over three attempts: a healthy one is ever rolled back in at most 5 % of all releases', () => {
    const policy: JudgePolicy = { ...POLICY, requiredMetrics: ['errors'] };
    const bursts = { factor: 3, meanTicks: 5, share: 0.13 };
    const world: World = { ticks: 60, requestsPerTick: 600, share: 0.5, base: 0.005, fastCv: 0.3, bursts };
    const releases = 300;
    const isEverRolledBack = (release: number, carries: boolean): boolean => {
      let carriedWealth = 1;
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const judge = openJudge(policy, createJudgeState({ carriedWealth }));
        for (const one of simulate(world, `three/${release}/${attempt}`)) judge.take(one);
        const { decision, metric, wealth } = judge.verdict();
        if (decision === 'rollback') return true;
        carriedWealth = carries ? carriedWealthOf({ ...carryBudget({ ...ENDED, decision, metric, wealth }, 0.05) }) : 1;
      }
      return false;
    };
    const hits = (carries: boolean): number =>
      Array.from({ length: releases }, (_, release) => isEverRolledBack(release, carries)).filter(Boolean).length;
    expect(hits(true) / releases).toBeLessThanOrEqual(0.05);
    expect(hits(false) / releases, 'three budgets').toBeGreaterThan(0.05);
  });
});
