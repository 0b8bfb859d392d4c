import { describe, expect, it } from 'vitest';
import {
  assembleAsk,
  rolloutOfResource,
  skippedBy,
  wantedRequests,
  type LastLook,
  type RequestAbout,
} from '../../../domain/rollout/approval-request.ts';
import { assemblePlan } from '../../../domain/rollout/plan.ts';
import { createRun, type RolloutRequest, type RolloutRun } from '../../../domain/rollout/run.ts';
import { PLAN_SETTINGS } from '../../support/plan-settings.ts';

const steps = [{ weight: 20, gate: true }, { weight: 50 }, { weight: 80, gate: true }];
const REQUEST = {
  model: 'rag_api',
  environment: 'production',
  stable: { version: '1.0.0', endpoint: '' },
  canary: { version: '1.1.0', endpoint: '' },
  plan: assemblePlan({ ...PLAN_SETTINGS, manualGates: [100], minimumRequests: 10, steps }, 'default'),
  policy: { errorBudget: 0.05 },
  minimumSuccessRate: 0.95,
  startedBy: 'principal:sven',
  reason: 'release',
} as unknown as RolloutRequest;
const LAST = REQUEST.plan.steps.length - 1;
const OLGA = { actor: 'principal:olga', reason: 'hurry' };
const AT_20 = { intended: { canaryBasisPoints: 2000, mirrorBasisPoints: 0 } };
const REVIEW = { metrics: ['slow', 'health'], reason: 'twice as slow' };

function run(parts: Partial<RolloutRun> = {}): RolloutRun {
  return { ...createRun('key', 0), stage: 'gate', undecidedReason: 'nothing is known', ...parts };
}

const skip = { ...OLGA, full: true, stage: 'observe', stepIndex: 1, skipped: ['the approval of 80 %', 'x'] } as const;

describe('what people have to be asked', () => {
  it.each<[string, Partial<RolloutRun>, RequestAbout[]]>([
    ['the gate that is waited at', {}, ['gate']],
    ['nothing at a gate that was approved', { approval: OLGA }, []],
    ['nothing at a gate that is promoted past', { override: { ...OLGA, full: false } }, []],
    ['nothing before a step without a gate', { stepIndex: 1 }, []],
    ['a hold, and the gate behind it', { review: REVIEW }, ['review', 'gate']],
    ['a promotion where it was asked for', { stage: 'observe', stepIndex: 1, skip }, ['skip']],
    ['no promotion that was overtaken by the step', { stage: 'observe', stepIndex: 2, skip }, []],
    ['no promotion that was overtaken within it', { stage: 'finish', stepIndex: 1, skip }, []],
  ])('is %s', (_, parts, wanted) => {
    expect(wantedRequests(REQUEST, run(parts))).toEqual(wanted);
  });
});

describe('what a promotion leaves out', () => {
  const ready = { ...AT_20, stage: 'observe', stepRequests: 10, nowMs: 10 ** 9, clear: true } as const;

  it('is nothing where the step may be left anyway', () => {
    expect(skippedBy(REQUEST, run({ ...ready, stepIndex: 0 }), false)).toEqual([]);
  });

  it('is the gate, or the evidence and the time that are missing', () => {
    expect(skippedBy(REQUEST, run(), false)).toEqual(['the approval of 20 %']);
    const early = run({ ...ready, stepRequests: 4, nowMs: 0, clear: false });
    expect(skippedBy(REQUEST, early, false)).toEqual([
      expect.stringMatching(/ s of the observation window$/),
      '6 more canary requests',
      'nothing is known',
    ]);
    const blind = run({ ...AT_20, stage: 'enter', stepIndex: 1 });
    expect(skippedBy(REQUEST, blind, false)).toEqual(['nothing is known']);
  });

  it('is every gate and step on the way to 100 %, and the proof before it', () => {
    expect(skippedBy(REQUEST, run({ ...ready, stepIndex: 0 }), true)).toEqual([
      'the approval of 80 %',
      'the approval of 100 %',
      'the step at 50 %',
      'the step at 80 %',
      'positive evidence (nothing is known)',
    ]);
    expect(skippedBy(REQUEST, run({ stage: 'gate', stepIndex: LAST, ...AT_20 }), true)).toContain(
      'the approval of 100 %',
    );
  });
});

describe('a request', () => {
  const look: LastLook = {
    verdict: 'inconclusive',
    decision: 'continue',
    reasons: ['too few requests'],
    metrics: [
      { name: 'errors', canary: 0.01, control: 0.02, limit: 0.05, requests: 120, evidence: 0.4, dryRun: false },
      { name: 'scores', canary: 0.8, control: 0.7, limit: 0.6, requests: 50, evidence: 3, dryRun: true },
      { name: 'slow', canary: null, control: null, limit: null, requests: 0, evidence: 1, dryRun: false },
    ] as unknown as LastLook['metrics'],
  };

  it('shows what was seen so far, with figures of what was counted', () => {
    const asked = assembleAsk('gate', { request: REQUEST, run: run({ ...AT_20, stepIndex: 2, tick: 7 }), look });
    expect(asked).toMatchObject({
      kind: 'rollout-gate',
      resource: 'rollout/production/rag_api/gate/3/key',
      requestedBy: 'principal:sven',
      trafficPercent: 80,
      failedGates: ['last look: inconclusive'],
      action: { from: '1.0.0', to: '1.1.0', users: '20 % → 80 %', looks: 7, lastLook: 'inconclusive, continue' },
    });
    expect(asked.evidence).toEqual([
      { name: 'errors in 120 requests', value: 0.01, baseline: 0.02, limit: 0.05, unit: '', better: 'lower' },
      { name: 'evidence of harm: errors', value: 0.4, baseline: null, limit: 20, unit: '', better: 'lower' },
      { name: 'scores in 50 requests', value: 0.8, baseline: 0.7, limit: 0.6, unit: '', better: 'higher' },
    ]);
    expect(rolloutOfResource(asked.resource)).toBe('rollout/production/rag_api');
  });

  it('is riskier by what was found, and by what is left out', () => {
    const held = assembleAsk('review', { request: REQUEST, run: run({ ...AT_20, review: REVIEW }), look });
    expect(held).toMatchObject({ failedGates: ['hold of slow', 'hold of health'], trafficPercent: 20 });
    const state = run({ ...AT_20, stage: 'observe', stepIndex: 1, skip });
    expect(assembleAsk('skip', { request: REQUEST, run: state, look })).toMatchObject({
      kind: 'gate-skip',
      requestedBy: OLGA.actor,
      startedBy: 'principal:sven',
      reason: 'hurry',
      trafficPercent: 100,
      failedGates: ['x'],
      action: { skips: skip.skipped },
    });
  });

  it.each(['model/rag_api/1.0.0', 'rollout/production/rag_api', 'rollout/production/rag_api/other/1/key', ''])(
    'of another thing (%s) is of no rollout',
    (resource) => {
      expect(rolloutOfResource(resource)).toBeNull();
    },
  );
});
