import type { RolloutRequest } from '../../../domain/rollout/run.ts';
import { prepareAa } from '../../rollouts/prepare-aa.ts';
import type { CommandContext, CommandInput, CommandResult } from '../command.ts';
import { given } from '../given.ts';
import { follow } from './follow.ts';
import { endpointOptions, textOption } from './options.ts';

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
  const request = await requestOf(context, input, model);
  const share = (request.plan.steps[0]?.weightBasisPoints ?? 0) / 100;
  const what = `${model} ${request.stable.version} against itself, ${share} % of the users on the second arm, for ${(request.plan.steps[0]?.windowSeconds ?? 0) / 60} min`;
  if (input.dryRun)
    return { exitCode: 0, data: { dryRun: true, request }, text: `Nothing is changed. A run would split ${what}.` };
  const rollouts = await context.composition.rollouts();
  const started = await rollouts.start(request, { supersede: false, actor: request.startedBy });
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

async function requestOf(context: CommandContext, input: CommandInput, model: string): Promise<RolloutRequest> {
  const { composition } = context;
  const text = (name: string): string | null => (input.options[name] === undefined ? null : textOption(input, name));
  const number = (name: string): number | null => (input.options[name] === undefined ? null : Number(text(name)));
  const options = {
    fromVersion: textOption(input, 'from') || null,
    minutes: number('minutes'),
    sharePercent: number('share'),
    reason: text('reason'),
  };
  const parts = { ...composition, config: async () => await context.config() };
  return await prepareAa(parts, { model, endpoints: endpointOptions(input), ...given(options) }, NAMES);
}

const NAMES = {
  from: (version: string) => `--from ${version}`,
  endpoint: (version: string, url: string) => `--endpoint ${version}=${url}`,
};
