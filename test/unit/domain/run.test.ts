import { describe, expect, it } from 'vitest';
import { assemblePlan } from '../../../domain/rollout/plan.ts';
import {
  createRun,
  isWaitingForPerson,
  missingForNextStep,
  type RolloutRequest,
  type RolloutRun,
} from '../../../domain/rollout/run.ts';
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
