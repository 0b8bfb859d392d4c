import { condition, patched } from '@temporalio/workflow';
import { currentStep, deadlineMs, isWaitingForPerson, windowEndMs } from '../../domain/rollout/run.ts';
import { reasonAtDeadline } from '../../domain/rollout/missing-evidence.ts';
import { advanceClock, type Ending, type RolloutContext } from './context.ts';
import { probeArms } from './health.ts';
import { carriesTraffic, look } from './look.ts';
import { refreshPanel } from './panel.ts';
import { catchUp, isBehind } from './record.ts';
import { settleRequests } from './requests.ts';
import { endingByPeople } from './stop.ts';

const REST_MS = 5_000;

/** One turn: waits for whatever is due first, does it, and says whether that ended the rollout. */
export async function beat(context: RolloutContext): Promise<Ending | null> {
  countHumanWait(context);
  refreshPanel(context);
  const before = endingByPeople(context) ?? endingByDeadline(context);
  if (before !== null) return before;
  if (context.run.asksApprovals === true) {
    context.woken = false;
    const { ending, hasChanged } = await settleRequests(context);
    // A message may have come meanwhile.
    if (ending !== null || hasChanged || context.woken) return ending;
    refreshPanel(context);
  }
  await waitUntilDue(context);
  const asked = endingByPeople(context);
  if (asked !== null) return asked;
  await catchUp(context);
  return (await probeWhenDue(context)) ?? (await lookWhenDue(context));
}

/** A pause after a dependency was away, ended early by messages. There is nothing to look at. */
export async function waitBeat(context: RolloutContext): Promise<Ending | null> {
  countHumanWait(context);
  refreshPanel(context);
  await waitAwake(context, REST_MS, 'a dependency is away');
  return endingByPeople(context) ?? endingByDeadline(context);
}

/** The same of a rollout that is under way: its arms are looked at meanwhile. */
export async function restBeat(context: RolloutContext): Promise<Ending | null> {
  const ending = await waitBeat(context);
  // Rollouts that began before this rested blindly.
  if (ending !== null || !patched('an-outage-only-pauses')) return ending;
  await catchUp(context);
  return (await probeWhenDue(context)) ?? (await lookWhenDue(context));
}

/** The machine time is used up: without enough evidence by now there is none to be had. */
function endingByDeadline({ request, run }: RolloutContext): Ending | null {
  const now = run.nowMs;
  if (now < deadlineMs(request, run, now)) return null;
  const hours = Number((request.plan.deadlineSeconds / 3600).toPrecision(3));
  const reason = reasonAtDeadline(request, run);
  return {
    outcome: 'rolled-back',
    reason,
    detail: `max_deployment_hours ${hours} has passed; ${run.undecidedReason}`,
    actor: 'rollout',
  };
}

function countHumanWait({ request, run }: RolloutContext): void {
  const now = run.nowMs;
  const waiting = isWaitingForPerson(request, run);
  if (waiting && run.waitingSinceMs === null) run.waitingSinceMs = now;
  if (!waiting && run.waitingSinceMs !== null) {
    run.humanWaitMs += now - run.waitingSinceMs;
    run.waitingSinceMs = null;
  }
}

async function waitUntilDue(context: RolloutContext): Promise<void> {
  const { request, run } = context;
  const now = run.nowMs;
  const due = [run.nextProbeAtMs];
  if (carriesTraffic(run)) due.push(run.nextTickAtMs);
  if (run.stage === 'observe' && !isWaitingForPerson(request, run)) {
    const end = windowEndMs(request, run);
    if (end !== null && end > now) due.push(end);
  }
  if (!isWaitingForPerson(request, run)) due.push(deadlineMs(request, run, now));
  if (isBehind(context)) due.push(now + REST_MS);
  const waitMs = Math.min(...due) - now;
  if (waitMs > 0) await waitAwake(context, waitMs, summaryOf(context));
}

/** Waits, or until a message comes; the clock moves by what has elapsed for certain. */
async function waitAwake(context: RolloutContext, waitMs: number, summary: string): Promise<void> {
  context.woken = false;
  const until = context.run.nowMs + waitMs;
  const woken = await condition(() => context.woken, waitMs, { summary });
  if (!woken) advanceClock(context, until);
}

async function probeWhenDue(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  if (run.nowMs < run.nextProbeAtMs) return null;
  run.nextProbeAtMs = run.nowMs + request.health.intervalSeconds * 1000;
  return await probeArms(context);
}

async function lookWhenDue(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  if (!carriesTraffic(run) || run.nowMs < run.nextTickAtMs) return null;
  // A fixed cadence; after a stand-still it starts afresh rather than catching up.
  const tickMs = request.plan.tickSeconds * 1000;
  run.nextTickAtMs = Math.max(run.nextTickAtMs + tickMs, run.nowMs + tickMs / 2);
  const ending = await look(context);
  // Timers are late by up to a second: when this look was taken is known now. One at its heels would see nobody.
  if (patched('looks-keep-half-a-tick-apart')) run.nextTickAtMs = Math.max(run.nextTickAtMs, run.nowMs + tickMs / 2);
  return ending;
}

function summaryOf({ request, run }: RolloutContext): string {
  const step = currentStep(request, run);
  return `${run.stage} step ${run.stepIndex + 1}/${request.plan.steps.length} ${step.kind} ${run.intended.canaryBasisPoints / 100} %`;
}
