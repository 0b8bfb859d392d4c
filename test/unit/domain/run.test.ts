import { describe, expect, it } from 'vitest';
import { assemblePlan } from '../../../domain/rollout/plan.ts';
import {
  createRun,
  deadlineMs,
  isWaitingForPerson,
  missingForNextStep,
  recordProbe,
  windowEndMs,
  type RolloutRequest,
  type RolloutRun,
} from '../../../domain/rollout/run.ts';
import { sameSplit, type TrafficSplit } from '../../../domain/rollout/split.ts';
import { PLAN_SETTINGS } from '../../support/plan-settings.ts';

const HOUR_MS = 3_600_000;

/** A rollout of 50 %, a pause, and all; in its pause, with the evidence it needs. */
function inPause(pause: number | 'manual', parts: Partial<RolloutRun> = {}): [RolloutRequest, RolloutRun] {
  const plan = assemblePlan({ ...PLAN_SETTINGS, steps: [{ weight: 50 }, { pause }] }, 'default');
  const run = { ...createRun('key', 0), stage: 'observe' as const, stepIndex: 1, clear: true, promotable: true };
  return [{ plan } as RolloutRequest, { ...run, ...parts }];
}

const resumed = { actor: 'ada', reason: '', stepIndex: 1 };

describe('a planned pause', () => {
  it('waits for a person, whatever the evidence', () => {
    const [request, run] = inPause('manual');
    expect(isWaitingForPerson(request, run)).toBe(true);
    expect(missingForNextStep(request, run, HOUR_MS)).toEqual(['a person to resume the pause step']);
  });

  it('is over when a person resumes it', () => {
    const [request, run] = inPause('manual', { resumed });
    expect(isWaitingForPerson(request, run)).toBe(false);
    expect(missingForNextStep(request, run, 0)).toEqual([]);
  });

  it('of some minutes is over before its time when a person resumes it', () => {
    const [request, run] = inPause(10);
    expect(missingForNextStep(request, run, 0)).toEqual(['600 s of the observation window']);
    expect(missingForNextStep(request, { ...run, resumed }, 0)).toEqual([]);
  });

  it('is not over because another one was resumed', () => {
    const [request, run] = inPause('manual', { resumed: { ...resumed, stepIndex: 0 } });
    expect(isWaitingForPerson(request, run)).toBe(true);
  });

  it('that was resumed still needs evidence before all users: resuming overrides nothing', () => {
    const [request, run] = inPause('manual', { resumed, promotable: false, undecidedReason: 'errors 3.2, wanted 20' });
    expect(missingForNextStep(request, run, 0)).toEqual(['positive evidence (errors 3.2, wanted 20)']);
  });
});

/** In the first step of the ramp, with nothing against it. */
function inStep(parts: Partial<RolloutRun> = {}): [RolloutRequest, RolloutRun] {
  const plan = assemblePlan(PLAN_SETTINGS, 'default');
  const run = { ...createRun('key', 0), stage: 'observe' as const, clear: true, stepRequests: 100 };
  return [{ plan } as RolloutRequest, { ...run, ...parts }];
}

describe('a step', () => {
  it('takes its window and the warm-up before it', () => {
    const [request, run] = inStep();
    expect(windowEndMs(request, run)).toBe((15 * 60 + 60) * 1000);
    expect(missingForNextStep(request, run, 16 * 60_000 - 1)).toEqual(['1 s of the observation window']);
    expect(missingForNextStep(request, run, 16 * 60_000)).toEqual([]);
  });

  it('needs its requests, to the last one', () => {
    const [request, run] = inStep({ stepRequests: 99 });
    expect(missingForNextStep(request, run, HOUR_MS)).toEqual(['1 more canary requests']);
    expect(missingForNextStep(request, { ...run, stepRequests: 100 }, HOUR_MS)).toEqual([]);
  });

  it('is not left while something is unclear', () => {
    const [request, run] = inStep({ clear: false, undecidedReason: 'no reading' });
    expect(missingForNextStep(request, run, HOUR_MS)).toEqual(['no reading']);
  });
});

describe('the deadline', () => {
  it('is moved back by the time people were waited for, also by a wait that goes on', () => {
    const [request, run] = inStep();
    expect(deadlineMs(request, run, HOUR_MS)).toBe(4 * HOUR_MS);
    expect(deadlineMs(request, { ...run, humanWaitMs: 5000 }, HOUR_MS)).toBe(4 * HOUR_MS + 5000);
    const waiting = { ...run, humanWaitMs: 5000, waitingSinceMs: HOUR_MS - 3000 };
    expect(deadlineMs(request, waiting, HOUR_MS)).toBe(4 * HOUR_MS + 8000);
  });
});

describe('an arm', () => {
  const RULE = { failures: 3, outOf: 5 };
  const after = (probes: readonly boolean[]): boolean => {
    let history = { recent: [] as readonly boolean[], detail: '' };
    let unhealthy = false;
    for (const healthy of probes) ({ history, unhealthy } = recordProbe(history, healthy, 'probe', RULE));
    return unhealthy;
  };

  it.each([
    [[false, false], false],
    [[false, false, false], true],
    [[false, true, false, true, false], true],
    // The first failure is six probes ago.
    [[false, true, false, true, true, false], false],
    [[false, false, false, true, true, true], false],
  ])('that was healthy %j is unhealthy: %s', (probes, unhealthy) => {
    expect(after(probes)).toBe(unhealthy);
  });
});

describe('two splits', () => {
  const target = { version: '1', endpoint: 'http://a' };
  const split: TrafficSplit = {
    model: 'm',
    stable: target,
    canary: { version: '2', endpoint: 'http://b' },
    canaryBasisPoints: 500,
    mirrorBasisPoints: 100,
  };
  it.each<[string, Partial<TrafficSplit>, boolean]>([
    ['nothing', {}, true],
    ['the share of the canary', { canaryBasisPoints: 501 }, false],
    ['the share that is mirrored', { mirrorBasisPoints: 0 }, false],
    ['the endpoint of the canary', { canary: { version: '2', endpoint: 'http://c' } }, false],
    ['the version of stable', { stable: { ...target, version: '0' } }, false],
    ['that there is a canary', { canary: null }, false],
  ])('that differ in %s are the same: %s', (_name, parts, same) => {
    expect(sameSplit(split, { ...split, ...parts })).toBe(same);
  });
});
