// Rolls one version of a model out, or takes it back.
// Id: rollout/<environment>/<model>, so that one rollout per model and environment can be open (D3).
// Messages: updates approve, deny, pause, resume, promote, abort; signal approve; queries status, timeline.
// It ends promoted, rolled back, aborted or failed; whatever ends it, the split is verified before it returns.
// All state is in `run`, plain data, so that it continues as new as often as the server suggests.
import {
  CancellationScope,
  ContinueAsNew,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import type { RolloutRequest, RolloutRun } from '../domain/rollout/run.ts';
import type { RolloutResult, TimelineEntry, VerdictStatus } from './messages.ts';
import { assertOwnMemory } from './own-memory.ts';
import { closeRollout } from './rollout/close.ts';
import { openContext, type Ending, type RolloutContext } from './rollout/context.ts';
import { registerHandlers } from './rollout/handlers.ts';
import { settleDeliveries } from './rollout/record.ts';
import { phaseAt } from './rollout/status.ts';
import { enterStep, finishPromotion, observeStep, passGate, prepare } from './rollout/stages.ts';
import { failureOf } from './rollout/failure.ts';
import { CANCELLED, unlessStopped } from './rollout/stop.ts';

/** What a rollout is started with; `carried` is set by the rollout itself when it continues as new. */
export interface RolloutInput {
  readonly request: RolloutRequest;
  readonly carried?: {
    readonly run: RolloutRun;
    readonly timeline: readonly TimelineEntry[];
    readonly lastVerdict: VerdictStatus | null;
  };
}

export async function rollout(input: RolloutInput): Promise<RolloutResult> {
  assertOwnMemory(input, { code: 'ROLLOUT_BROKEN', what: 'a rollout is started with its request' });
  const context = openContext(input);
  // Rollouts that continued before this was so show 'validating' until their next step.
  if (input.carried !== undefined && patched('a-phase-outlives-continue-as-new'))
    context.phase = phaseAt(context.request, context.run);
  registerHandlers(context);
  const ending = await untilEnding(context, input);
  const result = await CancellationScope.nonCancellable(() => closeRollout(context, ending));
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return result;
}

async function untilEnding(context: RolloutContext, input: RolloutInput): Promise<Ending> {
  try {
    for (;;) {
      if (workflowInfo().continueAsNewSuggested) await carryOn(context, input);
      const ending = await unlessStopped(context, STAGES[context.run.stage]);
      if (ending !== null) return ending;
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    if (isCancellation(error)) return CANCELLED;
    return failureOf(error);
  }
}

/** Each takes the rollout one beat further and says whether that ended it. */
const STAGES = {
  prepare,
  gate: passGate,
  enter: enterStep,
  observe: observeStep,
  finish: finishPromotion,
} as const satisfies Record<RolloutRun['stage'], (context: RolloutContext) => Promise<Ending | null>>;

async function carryOn(context: RolloutContext, input: RolloutInput): Promise<never> {
  await settleDeliveries(context);
  await condition(allHandlersFinished);
  return await continueAsNew<typeof rollout>({
    request: input.request,
    carried: { run: context.run, timeline: context.timeline, lastVerdict: context.lastVerdict },
  });
}
