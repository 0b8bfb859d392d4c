import type { RolloutRequest } from '../../../../domain/rollout/run.ts';
import type { LiveSplit } from '../../../../domain/rollout/split.ts';
import type { StartedRollout } from '../../../rollouts/rollouts.ts';
import { currentActor } from '../../actor.ts';
import type { CommandContext, CommandResult, CommandRun } from '../../command.ts';
import { follow } from '../../rollout/follow.ts';
import { isLive, observeOrder, prepareOrder } from '../../rollout/order.ts';
import { renderPlan } from '../../rollout/render-plan.ts';

/** `mlops rollout start`: starts (or attaches to) a rollout and watches it to its end. */
export const run: CommandRun = async (context, input) => {
  const live = await observeOrder(context, input);
  if (isLive(live, input)) return alreadyLive(live);
  const request = await prepareOrder(context, input, live);
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, request },
      text: `Nothing is changed. A start would do this:\n\n${renderPlan(request.plan)}`,
    };
  const rollouts = await context.composition.rollouts();
  const supersede = input.options['supersede'] === true || request.plan.onInFlight === 'supersede';
  const started = await rollouts.start(request, { supersede, actor: currentActor() });
  await announce(context, request, started);
  if (input.options['detach'] === true)
    return { exitCode: 0, data: started, text: `${started.rolloutId} ${started.runId}` };
  return await follow(context, rollouts, request.model);
};

function alreadyLive({ split }: LiveSplit): CommandResult {
  const { model, stable } = split;
  const data = { model, toVersion: stable.version, phase: 'closed', outcome: 'promoted', alreadyLive: true };
  return { exitCode: 0, data, text: `${model} ${stable.version} is the stable version already: nothing to do` };
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
