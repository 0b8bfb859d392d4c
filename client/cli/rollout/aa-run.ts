import { MlopsError } from '../../../domain/errors.ts';
import type { RolloutRequest } from '../../../domain/rollout/run.ts';
import { assembleAaRequest } from '../../rollouts/aa-request.ts';
import { currentActor } from '../actor.ts';
import type { CommandContext, CommandInput, CommandResult } from '../command.ts';
import { follow } from './follow.ts';
import { textOption } from './options.ts';

const MINUTES = '120';
const SHARE = '50';

/**
 * Splits the stable version against itself through the router and collects ticks. Promotes nothing.
 *
 * @returns null when the run ended as it should, so that its ticks can be read; else what there is to say
 */
export async function runAa(
  context: CommandContext,
  input: CommandInput,
  model: string,
): Promise<CommandResult | null> {
  const request = await prepareAa(context, input, model);
  const share = (request.plan.steps[0]?.weightBasisPoints ?? 0) / 100;
  const what = `${model} ${request.stable.version} against itself, ${share} % of the users on the second arm, for ${(request.plan.steps[0]?.windowSeconds ?? 0) / 60} min`;
  if (input.dryRun)
    return { exitCode: 0, data: { dryRun: true, request }, text: `Nothing is changed. A run would split ${what}.` };
  const rollouts = await context.composition.rollouts();
  const started = await rollouts.start(request, { supersede: false, actor: currentActor() });
  context.say(`${started.attached ? 'Attached to the equal run that is under way' : 'Split'}: ${what}`);
  context.say(
    `Workflow ${started.rolloutId}: ${await context.composition.workflowUrl(started.rolloutId, started.runId)}`,
  );
  context.say(`End it early with: mlops rollout abort --model ${model}`);
  if (input.options['detach'] === true)
    return { exitCode: 0, data: started, text: `${started.rolloutId} ${started.runId}` };
  const result = await follow(context, rollouts, model);
  return result.exitCode === 0 ? null : result;
}

async function prepareAa(context: CommandContext, input: CommandInput, model: string): Promise<RolloutRequest> {
  const live = await (await context.composition.router()).observe(model);
  if (live === null)
    throw new MlopsError('USAGE_INVALID', {
      problem: `No version of ${model} is live, so there is nothing to split against itself`,
      hint: `Roll one out first: mlops rollout start --model ${model} --from VERSION --to VERSION`,
    });
  return assembleAaRequest(await context.config(), {
    model,
    stable: live.split.stable,
    minutes: Number(textOption(input, 'minutes', MINUTES)),
    sharePercent: Number(textOption(input, 'share', SHARE)),
    actor: currentActor(),
    reason: textOption(input, 'reason', 'calibration'),
  });
}
