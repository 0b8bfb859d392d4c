import { MlopsError } from '../../../domain/errors.ts';
import type { RolloutRequest } from '../../../domain/rollout/run.ts';
import type { ArmTarget } from '../../../domain/rollout/split.ts';
import { assembleAaRequest } from '../../rollouts/aa-request.ts';
import { withRegisteredEndpoints } from '../../rollouts/registered-endpoints.ts';
import { targetOf } from '../../rollouts/request.ts';
import type { CommandContext, CommandInput, CommandResult } from '../command.ts';
import { follow } from './follow.ts';
import { endpointOptions, textOption } from './options.ts';

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
  const started = await rollouts.start(request, {
    supersede: false,
    actor: (await context.composition.identity()).actor,
  });
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
  const config = await context.config();
  const live = await (await context.composition.router()).observe(model);
  const from = textOption(input, 'from');
  if (live === null && from === '')
    throw new MlopsError('USAGE_INVALID', {
      problem: `Option --from is missing: no version of ${model} is live yet`,
      hint: 'Name the version that is there, for example --from 1.0.0',
    });
  const endpoints = endpointOptions(input);
  const stable = live?.split.stable ?? (await registeredTarget(context, { model, endpoints }, from));
  assertThatOne(stable, from, endpoints);
  return assembleAaRequest(config, {
    model,
    stable,
    minutes: Number(textOption(input, 'minutes', MINUTES)),
    sharePercent: Number(textOption(input, 'share', SHARE)),
    actor: (await context.composition.identity()).actor,
    reason: textOption(input, 'reason', 'calibration'),
  });
}

async function registeredTarget(
  context: CommandContext,
  order: { readonly model: string; readonly endpoints: Readonly<Record<string, string>> },
  version: string,
): Promise<ArmTarget> {
  const [config, open] = [await context.config(), async () => await context.composition.registry()];
  return targetOf(config, await withRegisteredEndpoints(config, order, [version], open), version);
}

/** An A/A run splits what is there: another version or place that was named would be left out. @throws USAGE_INVALID */
function assertThatOne(stable: ArmTarget, from: string, endpoints: Readonly<Record<string, string>>): void {
  const others = Object.entries(endpoints)
    .filter(([version, url]) => version !== stable.version || url !== stable.endpoint)
    .map(([version, url]) => `--endpoint ${version}=${url}`);
  if (from !== '' && from !== stable.version) others.unshift(`--from ${from}`);
  if (others.length === 0) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Version to split is ${stable.version} at ${stable.endpoint}, wanted nothing else: ${others.join(', ')}`,
    hint: 'Leave the options out: the version that is live is split against itself',
  });
}
