import { MlopsError } from '../../../domain/errors.ts';
import type { RolloutRequest } from '../../../domain/rollout/run.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import { withRegisteredEndpoints } from '../../rollouts/registered-endpoints.ts';
import { assembleRequest } from '../../rollouts/request.ts';
import { rolloutIdOf } from '../../rollouts/rollout-id.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { endpointOptions, gateOptions, modelOf, textOption } from './options.ts';

/** What is live of the model a command is about; null when the router is away and --from says what is needed. */
export async function observeOrder(context: CommandContext, input: CommandInput): Promise<LiveSplit | null> {
  requireTarget(input);
  return await observeLive(context, await modelOf(context, input), textOption(input, 'from') !== '');
}

/** Whether the version that is asked for has all the traffic already: a pipeline that runs twice finds its work done. */
export function isLive(live: LiveSplit | null, input: CommandInput): live is LiveSplit {
  return live !== null && live.split.stable.version === textOption(input, 'to') && live.split.canary === null;
}

/** What `start` and `plan` were asked for, completed from configuration and from what is live. @throws USAGE_INVALID, TARGET_UNKNOWN, ROLLOUT_PLAN_INVALID, ROLLOUT_ALREADY_OPEN */
export async function prepareOrder(
  context: CommandContext,
  input: CommandInput,
  live: LiveSplit | null,
): Promise<RolloutRequest> {
  const config = await context.config();
  const model = await modelOf(context, input);
  const toVersion = requireTarget(input);
  assertNotLeaving(config.environment, model, toVersion, live);
  const given = textOption(input, 'from');
  const fromVersion = given === '' ? live?.split.stable.version : given;
  if (fromVersion === undefined) {
    throw new MlopsError('USAGE_INVALID', {
      problem: `Option --from is missing: no version of ${model} is live yet`,
      hint: 'Name the version that is there, for example --from 1.0.0',
    });
  }
  const order = {
    model,
    fromVersion,
    toVersion,
    profile: textOption(input, 'profile', 'default'),
    endpoints: { ...liveEndpoints(live, [fromVersion, toVersion]), ...endpointOptions(input) },
    gates: gateOptions(input),
    actor: (await context.composition.identity()).actor,
    reason: textOption(input, 'reason'),
  };
  const open = async () => await context.composition.registry();
  return assembleRequest(config, await withRegisteredEndpoints(config, order, [fromVersion, toVersion], open));
}

/** Asked for before anything is looked at. */
function requireTarget(input: CommandInput): string {
  const toVersion = textOption(input, 'to');
  if (toVersion !== '') return toVersion;
  throw new MlopsError('USAGE_INVALID', {
    problem: 'Option --to is missing, wanted the version to roll out',
    hint: 'For example --to 1.1.0',
  });
}

/** The stable version cannot be rolled out while another one is within reach, even at 0 %: that one has to end first. */
function assertNotLeaving(environment: string, model: string, toVersion: string, live: LiveSplit | null): void {
  const openVersion = live?.split.canary?.version;
  if (live === null || openVersion === undefined || live.split.stable.version !== toVersion) return;
  const rolloutId = rolloutIdOf(environment, model);
  throw new MlopsError('ROLLOUT_ALREADY_OPEN', { model, toVersion, openVersion, rolloutId });
}

/** The stable version answers where it is live, unless another place is named. */
function liveEndpoints(live: LiveSplit | null, versions: readonly string[]): Record<string, string> {
  const stable = live?.split.stable;
  return stable === undefined || !versions.includes(stable.version) ? {} : { [stable.version]: stable.endpoint };
}

async function observeLive(context: CommandContext, model: string, optional: boolean): Promise<LiveSplit | null> {
  const router = await context.composition.router();
  try {
    return await router.observe(model);
  } catch (error) {
    if (optional) return null;
    throw error;
  }
}
