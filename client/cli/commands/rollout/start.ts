import { isMlopsError, MlopsError } from '../../../../domain/errors.ts';
import type { RolloutRequest } from '../../../../domain/rollout/run.ts';
import type { LiveSplit } from '../../../../domain/rollout/split.ts';
import { rolloutIdOf } from '../../../rollouts/rollout-id.ts';
import { startRequest } from '../../../rollouts/rollout-verbs.ts';
import type { Rollouts, StartedRollout } from '../../../rollouts/rollouts.ts';
import type { CommandContext, CommandResult, CommandRun } from '../../command.ts';
import { follow } from '../../rollout/follow.ts';
import { isLive, observeOrder, prepareOrder } from '../../rollout/order.ts';
import { renderHeading, renderPlan } from '../../rollout/render-plan.ts';
import { receiptCommand, statusData } from '../../rollout/status-data.ts';

/** `mlops rollout start`: starts (or attaches to) a rollout and watches it to its end. */
export const run: CommandRun = async (context, input) => {
  const live = await observeOrder(context, input);
  if (isLive(live, input)) {
    await assertNoneOpen(context, live);
    return alreadyLive((await context.config()).environment, live);
  }
  const request = await prepareOrder(context, input, live);
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, request },
      text: `Nothing is changed. A start would do this:\n\n${renderHeading(request)}\n\n${renderPlan(request)}`,
    };
  const rollouts = await context.composition.rollouts();
  const { actor } = await context.composition.identity();
  const started = await startRequest(context.composition, request, {
    supersede: input.options['supersede'] === true,
    actor,
  });
  await announce(context, request, started);
  if (input.options['detach'] === true) {
    const data = { ...(await firstStatus(rollouts, request, started)), ...started };
    return { exitCode: 0, data, text: `${started.rolloutId} ${started.runId}` };
  }
  const result = await follow(context, rollouts, request.model);
  return { ...result, data: { ...(result.data as object), ...started } };
};

/** Before its first weight an open rollout leaves the live split as it was. */
async function assertNoneOpen(context: CommandContext, { split }: LiveSplit): Promise<void> {
  const { environment } = await context.config();
  const { model, stable } = split;
  const openVersion = await (await context.composition.rollouts()).openVersion(model);
  // Its own promotion, which is being closed.
  if (openVersion === null || openVersion === stable.version) return;
  const rolloutId = rolloutIdOf(environment, model);
  throw new MlopsError('ROLLOUT_ALREADY_OPEN', { model, toVersion: stable.version, openVersion, rolloutId });
}

function alreadyLive(environment: string, { split }: LiveSplit): CommandResult {
  const { model, stable } = split;
  const data = {
    rolloutId: rolloutIdOf(environment, model),
    runId: null,
    model,
    environment,
    fromVersion: null,
    toVersion: stable.version,
    phase: 'closed',
    outcome: 'promoted',
    intendedWeightPercent: 0,
    observedWeightPercent: 0,
    waitingFor: null,
    timeline: [],
    receipt: receiptCommand(model),
    alreadyLive: true,
  };
  return { exitCode: 0, data, text: `${model} ${stable.version} is the stable version already: nothing to do` };
}

/** Where it stands. A start is one whether or not a worker is there to answer: then it is what it was started with. */
async function firstStatus(rollouts: Rollouts, request: RolloutRequest, { runId }: StartedRollout): Promise<object> {
  const { model, environment, stable, canary, plan } = request;
  try {
    return statusData(await rollouts.status(model));
  } catch (error) {
    if (!isMlopsError(error, 'ROLLOUT_UNANSWERED')) throw error;
    return {
      rolloutKey: runId,
      model,
      environment,
      fromVersion: stable.version,
      toVersion: canary.version,
      phase: 'validating',
      outcome: null,
      intendedWeightPercent: 0,
      observedWeightPercent: null,
      step: { index: 0, of: plan.steps.length },
      lastVerdict: null,
      waitingFor: null,
      timeline: [],
      receipt: receiptCommand(model),
    };
  }
}

async function announce(context: CommandContext, request: RolloutRequest, started: StartedRollout): Promise<void> {
  if (started.superseded !== null)
    context.say(`Superseded the rollout of ${started.superseded}: its weight is 0 again`);
  const verb = started.attached ? 'Attached to the equal rollout that is running' : 'Started';
  context.say(`${verb}: ${request.model} ${request.stable.version} → ${request.canary.version}`);
  context.say(
    `Workflow ${started.rolloutId}: ${await context.composition.workflowUrl(started.rolloutId, started.runId)}`,
  );
  context.say(`Undo with: mlops rollout abort --model ${request.model}`);
}
