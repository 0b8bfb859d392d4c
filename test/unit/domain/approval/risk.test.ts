import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextDue } from '../../../../domain/registry/approval/due.ts';
import { APPROVAL_POLICY } from '../../../support/approval-policy.ts';
import { APPROVAL_KINDS } from '../../../../domain/registry/approval/request.ts';
import { assessRisk, bandOf, type RiskInputs } from '../../../../domain/registry/approval/risk.ts';
import { createOrder, createRecord } from '../../../support/approvals.ts';

const { risk: RISK } = createOrder();
const score = (change: Partial<RiskInputs> = {}, environment = 'production') =>
  assessRisk('stage-promotion', environment, { ...RISK, ...change }).score;

describe('the risk of a change', () => {
  it('is the sum of its reasons', () => {
    expect(assessRisk('stage-promotion', 'production', RISK)).toEqual({
      score: 70,
      band: 'high',
      reasons: [
        { points: 30, reason: 'environment production' },
        { points: 10, reason: 'what is asked for: stage-promotion' },
        { points: 15, reason: '100 % of the users meet it' },
        { points: 10, reason: 'type of the model: embedding' },
        { points: 5, reason: 'size of the change: minor' },
      ],
    });
  });

  it.each([
    ['development', 'dev', {}, 40],
    ['development, where nothing comes to more', 'dev', { failedGates: ['a', 'b'], signed: false }, 49],
    ['staging', 'staging', {}, 50],
    ['an environment nobody knows', 'blue', {}, 70],
    ['few users', 'production', { trafficPercent: 1 }, 56],
    ['how many users is not known', 'production', { trafficPercent: null }, 70],
    ['a share that is none', 'production', { trafficPercent: Number.NaN }, 70],
    ['a model type nobody knows', 'production', { modelType: null }, 65],
    ['a hasty change', 'production', { daysSinceLastChange: 0.5 }, 75],
    ['the first change in months', 'production', { daysSinceLastChange: 90 }, 80],
    ['the first change ever', 'production', { daysSinceLastChange: null }, 80],
    ['one failed gate', 'production', { failedGates: ['recall'] }, 85],
    ['many failed gates', 'production', { failedGates: ['a', 'b', 'c', 'd'] }, 100],
    ['a major change', 'production', { changeSize: 'major' as const }, 80],
    ['a size nobody knows', 'production', { changeSize: null }, 75],
    ['a missing signature', 'production', { signed: false }, 80],
    ['nothing to sign', 'production', { signed: null }, 70],
  ])('counts %s', (_, environment, change, wanted) => {
    expect(score(change, environment)).toBe(wanted);
  });

  it.each([
    [0, 'low'],
    [24, 'low'],
    [25, 'medium'],
    [49, 'medium'],
    [50, 'high'],
    [74, 'high'],
    [75, 'critical'],
    [100, 'critical'],
  ])('of %i is %s', (points, band) => {
    expect(bandOf(points)).toBe(band);
  });

  it('lies from 0 to 100, and is never less for what is not known', () => {
    const inputs = fc.record({
      trafficPercent: fc.option(fc.double({ min: 0, max: 100, noNaN: true })),
      modelType: fc.option(fc.constantFrom('reranker', 'classifier')),
      daysSinceLastChange: fc.option(fc.double({ min: 0, max: 400, noNaN: true })),
      failedGates: fc.array(fc.string(), { maxLength: 5 }),
      changeSize: fc.option(fc.constantFrom('patch' as const, 'minor' as const)),
      signed: fc.option(fc.boolean()),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...APPROVAL_KINDS),
        fc.constantFrom('staging', 'production', 'blue'),
        inputs,
        (kind, environment, given) => {
          const known = assessRisk(kind, environment, given);
          expect(known.score).toBeGreaterThanOrEqual(0);
          expect(known.score).toBeLessThanOrEqual(100);
          expect(known.score).toBe(
            Math.min(
              100,
              known.reasons.reduce((sum, { points }) => sum + points, 0),
            ),
          );
          const unknown = {
            ...given,
            trafficPercent: null,
            modelType: null,
            daysSinceLastChange: null,
            changeSize: null,
          };
          expect(assessRisk(kind, environment, unknown).score).toBeGreaterThanOrEqual(known.score);
        },
      ),
    );
  });
});

describe('what approvals need', () => {
  it('is never less for more risk', () => {
    const [low, medium, high, critical] = (['low', 'medium', 'high', 'critical'] as const).map(
      (band) => APPROVAL_POLICY[band],
    );
    expect([low?.quorum, medium?.quorum, high?.quorum, critical?.quorum]).toEqual([1, 1, 2, 3]);
    expect(high?.roles).toEqual(['approver']);
    expect(critical?.roles).toEqual(['approver']);
  });

  it('comes due in order: reminders, the escalation among them, the end', () => {
    const asked = createRecord({ remindEverySeconds: 86_400 });
    expect(nextDue(asked)).toMatchObject({ what: 'reminder', number: 1 });
    expect(nextDue({ ...asked, reminders: 1 })).toMatchObject({ what: 'reminder', number: 2 });
    expect(nextDue({ ...asked, reminders: 2 })).toMatchObject({ what: 'escalation' });
    expect(nextDue({ ...asked, reminders: 2, isEscalated: true })).toMatchObject({ what: 'reminder', number: 3 });
    expect(nextDue({ ...asked, reminders: 7, isEscalated: true })).toMatchObject({ what: 'expiry' });
    expect(nextDue({ ...asked, state: 'approved' })).toMatchObject({ what: 'expiry' });
  });
});
