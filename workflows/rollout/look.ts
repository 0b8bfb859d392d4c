import { policyInForce, splitOf, type RolloutRun } from '../../domain/rollout/run.ts';
import type { JudgePolicy } from '../../domain/rollout/judge.ts';
import type { LookResult } from '../../activities/telemetry.ts';
import type { TickVerdict } from '../../domain/rollout/records.ts';
import { breach } from './breach.ts';
import { activities, advanceClock, type Ending, type RolloutContext } from './context.ts';
import { isPassing, messageOf } from './failure.ts';
import { record } from './record.ts';
import { untilSettled } from './stop.ts';
import { writeSplit } from './traffic.ts';

/** Wealth under which nothing hints at harm (judge-recipe §3.2). */
const CLEAR_WEALTH = 2;
const WHOLE = 10_000;

/** Whether anything reaches the canary, so that there is something to look at. */
export function carriesTraffic(run: RolloutRun): boolean {
  return run.intended.canaryBasisPoints > 0 || run.intended.mirrorBasisPoints > 0;
}

/** One look: observe, judge, and act on a breach at once. */
export async function look(context: RolloutContext): Promise<Ending | null> {
  const verdict = await observe(context);
  if (verdict === null) return null;
  remember(context, verdict);
  await reportIncident(context, verdict);
  if (verdict.overruledBy !== null) return await reapply(context);
  if (verdict.decision !== 'rollback' && verdict.decision !== 'hold') return null;
  const metric = verdict.metric ?? 'unknown';
  if (context.run.waived.includes(metric)) return null;
  const reason = verdict.reasons[0] ?? verdict.decision;
  if (context.request.kind === 'a/a') return await noteFalseAlarm(context, verdict.decision, reason);
  return await breach(context, { metric, reason, action: verdict.decision, tick: context.run.tick - 1 });
}

/** Both arms are the same version: what the judge would have done is worth knowing, and wrong. */
async function noteFalseAlarm(context: RolloutContext, decision: string, reason: string): Promise<null> {
  const detail = `the judge would have decided ${decision}, of a version against itself: ${reason}`;
  await record(context, { key: 'false-alarm', event: 'false-alarm', detail, notify: 'info' });
  return null;
}

async function observe(context: RolloutContext): Promise<LookResult | null> {
  const { request, run } = context;
  const now = run.nowMs;
  const warm = now >= run.stepEnteredAtMs + request.plan.warmUpSeconds * 1000;
  const kind = run.intended.mirrorBasisPoints > 0 ? 'shadow' : 'users';
  try {
    const verdict = await activities.observeAndJudge.executeWithOptions(
      { summary: `look ${run.tick}`, ...untilSettled() },
      [
        {
          rolloutKey: run.rolloutKey,
          model: request.model,
          environment: request.environment,
          tick: run.tick,
          at: new Date(now).toISOString(),
          step: run.stepIndex,
          kind,
          judged: warm,
          stableVersion: request.stable.version,
          canaryVersion: request.canary.version,
          generation: run.generation ?? 0,
          canaryBasisPoints: run.intended.canaryBasisPoints,
          slowBoundMs: run.slowBoundMs,
          policy: policyInForce(request.policy, run.noise) as unknown as JudgePolicy,
          waived: run.waived,
          minimumSuccessRate: request.minimumSuccessRate,
        },
      ],
    );
    advanceClock(context, verdict.nowMs);
    run.tick += 1;
    return verdict;
  } catch (error) {
    if (!isPassing(error)) throw error;
    // No row, no tick: nothing advances and nothing is rolled back by that alone (D18).
    Object.assign(run, {
      clear: false,
      promotable: false,
      lookIsUsable: false,
      undecidedReason: `the look could not be taken: ${messageOf(error)}`,
    });
    return null;
  }
}

/** Once per rollout, however many looks find it. */
async function reportIncident(context: RolloutContext, { incident }: LookResult): Promise<void> {
  if (incident === undefined) return;
  await record(context, { key: 'incident/success-rate', event: 'incident', detail: incident, notify: 'warning' });
}

function remember(context: RolloutContext, verdict: TickVerdict): void {
  const { run } = context;
  const complete = verdict.telemetry === 'complete';
  run.observedBasisPoints = verdict.observedBasisPoints ?? run.observedBasisPoints;
  run.stepRequests += verdict.canaryRequests;
  run.lookIsUsable = complete;
  if (complete && verdict.canaryRequests > 0) run.usableLooks = (run.usableLooks ?? 0) + 1;
  const compared = !needsOverlap(context) || verdict.overlap?.verdict === 'pass';
  run.clear = complete && verdict.wealth < CLEAR_WEALTH && compared;
  // At 100 % there is no control any more; the evidence that let the rollout get there stands.
  run.promotable =
    run.intended.canaryBasisPoints === WHOLE ? run.promotable : complete && verdict.decision === 'promote';
  const lacking = compared ? undefined : (verdict.overlap?.reason ?? 'no mirrored answer has been compared yet');
  run.undecidedReason = verdict.problems[0] ?? lacking ?? verdict.reasons[0] ?? 'nothing has been judged yet';
  context.lastVerdict = {
    verdict: verdict.verdict,
    decision: verdict.decision,
    at: new Date(run.nowMs).toISOString(),
    tick: run.tick - 1,
    reasons: [...verdict.problems, ...verdict.reasons],
    metrics: verdict.metrics,
    ...(verdict.overlap === undefined ? {} : { overlap: verdict.overlap }),
  };
}

/** Answers that cannot be compared are no pass, unless a person accepted what was found. */
function needsOverlap({ request, run }: RolloutContext): boolean {
  const minimum = request.policy['shadowMinimumOverlap'] ?? null;
  return minimum !== null && run.intended.mirrorBasisPoints > 0 && !run.waived.includes('overlap');
}

/** Somebody else's split is live: an emergency rollback stands, any other edit is replaced and reported. */
async function reapply(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  const split = splitOf(request, {
    weightBasisPoints: run.intended.canaryBasisPoints,
    mirrorBasisPoints: run.intended.mirrorBasisPoints,
  });
  try {
    return await writeSplit(context, `reapply/${run.tick}`, split, `weight ${split.canaryBasisPoints / 100} % again`);
  } catch (error) {
    if (!isPassing(error)) throw error;
    await record(context, {
      key: `reapply/${run.tick}/delayed`,
      event: 'router-away',
      detail: messageOf(error),
      notify: 'warning',
    });
    return null;
  }
}
