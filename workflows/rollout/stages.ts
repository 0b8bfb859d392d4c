import { sourceOf } from '../../domain/governance/act-source.ts';
import {
  currentStep,
  missingForNextStep,
  promotedSplit,
  splitOf,
  windowEndMs,
  type RolloutRun,
} from '../../domain/rollout/run.ts';
import { PRODUCTION } from '../../domain/governance/statement.ts';
import { missingToClose, missingToEnter } from '../../domain/rollout/missing-evidence.ts';
import type { PlanStep } from '../../domain/rollout/plan.ts';
import { patched, workflowInfo } from '@temporalio/workflow';
import { endUnlessMayStart, mustShowWho } from './authorise.ts';
import { beat, restBeat, waitBeat } from './beat.ts';
import { activities, advanceClock, type Ending, type RolloutContext } from './context.ts';
import { isAway, isPassing, messageOf } from './failure.ts';
import { overrideEntry, overrideGate, overrideStep, passesLastGate } from './override.ts';
import { setPhase } from './panel.ts';
import { isBehind, record, recordConsequence, show } from './record.ts';
import { smokeTest } from './smoke-test.ts';
import { untilSettled } from './stop.ts';
import { writeSplit } from './traffic.ts';
import { admitVersions, moveStage } from './versions.ts';

type Resumed = NonNullable<RolloutRun['resumed']>;

/** Checks everything that can be checked before a user sees the canary. */
export async function prepare(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  const { workflowId } = workflowInfo();
  setPhase(context, 'validating');
  if (mustShowWho(request) && run.isVerified !== true && patched('who-starts-is-verified')) {
    try {
      const refused = await endUnlessMayStart(request);
      if (refused !== null) return refused;
      run.isVerified = true;
    } catch (error) {
      if (!isAway(error)) throw error;
      return await waitForWhoIsAway(context, error);
    }
  }
  // What a rollout began with it keeps: one that is under way when this comes goes on by single approvals.
  if (request.environment === PRODUCTION && patched('gates-in-production-ask-for-approvals')) run.asksApprovals = true;
  try {
    await admitVersions(context);
  } catch (error) {
    if (!isAway(error)) throw error;
    return await waitForWhoIsAway(context, error);
  }
  const at = new Date(run.nowMs).toISOString();
  const isGoverned = run.versions?.isGoverned === true;
  const order = { request, rolloutKey: run.rolloutKey, rolloutId: workflowId, at, isGoverned, ...sourceOf(request) };
  let ready: Awaited<ReturnType<typeof activities.prepareRollout>>;
  try {
    ready = await activities.prepareRollout.executeWithOptions({ summary: 'pre-flight', ...untilSettled() }, [order]);
  } catch (error) {
    // Nothing was found wrong: who should have looked, or been asked, is away.
    if (!isAway(error) || !patched('pre-flight-waits-for-who-is-away')) throw error;
    return await waitForWhoIsAway(context, error);
  }
  advanceClock(context, ready.nowMs);
  run.generation = ready.generation;
  run.slowBoundMs = ready.slowBoundMs;
  if (ready.noise !== undefined) run.noise = ready.noise;
  await record(context, {
    key: 'started',
    event: 'started',
    actor: request.startedBy,
    detail: `${request.model} ${request.stable.version} → ${request.canary.version}, profile ${request.plan.profile}; ${ready.note}`,
    notify: 'info',
    facts: { reason: request.reason },
    ...sourceOf(request),
  });
  run.stage = 'gate';
  return null;
}

async function waitForWhoIsAway(context: RolloutContext, error: unknown): Promise<Ending | null> {
  show(context, { key: '', event: 'delayed', detail: `pre-flight is tried again: ${messageOf(error)}` });
  return await waitBeat(context);
}

/** Lets the rollout into its next step: at once, or after a person approved. Analysis goes on meanwhile. */
export async function passGate(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  const step = currentStep(request, run);
  if (step.gate && run.approval === null && run.override === null) {
    setPhase(context, 'awaiting-approval');
    await record(context, {
      key: `gate/${run.stepIndex}`,
      event: 'gate',
      detail: `${nameOf(step)} waits for an approval`,
      notify: 'warning',
    });
    return await beat(context);
  }
  if (step.gate && run.override !== null && patched('a-promotion-overrides-a-gate')) {
    await overrideGate(context, run.override);
  } else if (step.gate) {
    const passed = run.approval ?? run.override;
    await recordConsequence(context, {
      key: `gate/${run.stepIndex}/passed`,
      event: 'approved',
      actor: passed?.actor ?? 'rollout',
      detail: passed?.reason || 'no reason given',
      ...sourceOf(passed ?? {}),
    });
  }
  run.approval = null;
  run.stage = 'enter';
  return null;
}

/** Writes the step's split, verified; a router that is away is tried again until the deadline. */
export async function enterStep(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  if (isFrozen(context)) return await holdStill(context);
  if (isBehind(context)) return await beat(context);
  if (await lacksEvidence(context)) return await awaitEvidence(context);
  const step = currentStep(request, run);
  setPhase(context, step.kind === 'bake' ? 'promoting' : 'canary');
  try {
    const ending = step.kind === 'pause' ? null : await moveTo(context, step);
    if (ending !== null) return ending;
  } catch (error) {
    if (!isPassing(error)) throw error;
    await record(context, {
      key: `enter/${run.stepIndex}/delayed`,
      event: 'router-away',
      detail: messageOf(error),
      notify: 'warning',
    });
    return await restBeat(context);
  }
  // A promotion that came while the split was written is one of the step that was just entered.
  const override = run.override !== null && patched('a-promotion-is-kept-until-used') ? run.override : null;
  Object.assign(run, { stage: 'observe', stepEnteredAtMs: run.nowMs, stepRequests: 0, override, clear: false });
  Object.assign(run, { lookIsUsable: false, usableLooks: 0, promotedOn: false });
  run.undecidedReason = 'nothing has been judged in this step yet';
  return null;
}

/** Whether a step needs evidence before it is entered, and nobody has promoted into it. */
async function lacksEvidence(context: RolloutContext): Promise<boolean> {
  const { request, run } = context;
  const missing = missingToEnter(request, run);
  if (run.promotedOn === true || missing.length === 0 || !patched('a-step-is-entered-on-evidence')) return false;
  const { override } = run;
  if (override === null) return true;
  await overrideEntry(context, override);
  return false;
}

/** An approval lets a step be entered; it does not replace what the step needs. */
async function awaitEvidence(context: RolloutContext): Promise<Ending | null> {
  setPhase(context, 'canary');
  return await beat(context);
}

/** Watches a step, one look at a time, until it may be left. */
export async function observeStep(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  const ending = await beat(context);
  if (ending !== null) return ending;
  if (run.review !== null || run.pausedBy !== null) return null;
  if (request.kind === 'a/a') return endingOfAa(context);
  const override = run.override;
  const missing = missingForNextStep(request, run, run.nowMs);
  const unseen = missingToClose(request, run);
  if (override === null && (missing.length > 0 || (unseen.length > 0 && patched('a-bake-is-closed-on-telemetry'))))
    return null;
  if (override !== null) {
    await overrideStep(context, override);
  } else if (run.resumed?.stepIndex === run.stepIndex) {
    await recordResumed(context, run.resumed);
  }
  const last = request.plan.steps.length - 1;
  if (run.stepIndex === last) Object.assign(run, { stage: 'finish', override: null });
  else
    Object.assign(run, {
      stage: override !== null && passesLastGate(context, override) ? 'enter' : 'gate',
      stepIndex: override?.full === true ? last : run.stepIndex + 1,
      override: null,
    });
  return null;
}

/** An A/A run ends when its time is over; the second arm goes, and nothing is promoted. */
function endingOfAa({ request, run }: RolloutContext): Ending | null {
  if (run.nowMs < (windowEndMs(request, run) ?? run.nowMs)) return null;
  const detail = `${run.tick} looks at ${request.stable.version} against itself`;
  return { outcome: 'completed', reason: 'completed', detail, actor: 'rollout' };
}

/** Makes the canary the stable version for good. */
export async function finishPromotion(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  if (isFrozen(context)) return await holdStill(context);
  if (isBehind(context)) return await beat(context);
  const isBlind = run.promotedOn !== true && missingToClose(request, run).length > 0;
  if (isBlind && patched('a-bake-is-closed-on-telemetry')) {
    // While it was held up here the telemetry has gone: the bake goes on.
    run.stage = 'observe';
    return null;
  }
  setPhase(context, 'promoting');
  try {
    const ending =
      (await moveStage(context)) ??
      (await writeSplit(context, 'finish', promotedSplit(request), `promoted ${request.canary.version}`));
    if (ending !== null) return ending;
  } catch (error) {
    if (!isPassing(error)) throw error;
    await record(context, { key: 'finish/delayed', event: 'router-away', detail: messageOf(error), notify: 'warning' });
    return await restBeat(context);
  }
  return {
    outcome: 'promoted',
    reason: 'promoted',
    detail: `${request.canary.version} is the stable version of ${request.model}`,
    actor: 'rollout',
    leaveTraffic: true,
  };
}

/** Frozen by a person, or by a hold that waits for a review: the weight stays, whatever was accepted before. */
function isFrozen({ run }: RolloutContext): boolean {
  return (run.pausedBy !== null || run.review !== null) && patched('a-pause-holds-before-a-step');
}

async function holdStill(context: RolloutContext): Promise<Ending | null> {
  setPhase(context, 'paused');
  return await beat(context);
}

async function moveTo(context: RolloutContext, step: PlanStep): Promise<Ending | null> {
  const { request, run } = context;
  const ending = await writeSplit(context, `step/${run.stepIndex}`, splitOf(request, step), nameOf(step));
  return ending === null && step.kind === 'header-only' ? await smokeTest(context) : ending;
}

/** A pause that the plan has is ended by a person: nothing was overridden. */
async function recordResumed(context: RolloutContext, resumed: Resumed): Promise<void> {
  const { actor, reason, stepIndex } = resumed;
  await recordConsequence(context, {
    key: `resumed/${stepIndex}`,
    event: 'resumed',
    actor,
    detail: `the planned pause of step ${stepIndex + 1} is over (${reason || 'no reason given'})`,
    ...sourceOf(resumed),
  });
}

function nameOf(step: PlanStep): string {
  if (step.kind === 'shadow') return `shadow ${step.mirrorBasisPoints / 100} %`;
  if (step.kind === 'header-only') return 'header only';
  if (step.kind === 'pause') return 'pause';
  return `weight ${step.weightBasisPoints / 100} %`;
}
