import { MlopsError } from '../../../domain/errors.ts';
import type { RolloutRequest } from '../../../domain/rollout/run.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import { assembleRequest } from '../../rollouts/request.ts';
import { currentActor } from '../actor.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { endpointOptions, modelOf, textOption } from './options.ts';

/** What `start` and `plan` were asked for, completed from configuration and from what is live. */
export interface PreparedOrder {
  readonly request: RolloutRequest;
  readonly live: LiveSplit | null;
}

/** @throws USAGE_INVALID, TARGET_UNKNOWN, ROLLOUT_PLAN_INVALID, ROUTER_UNREACHABLE (only when --from is not given) */
export async function prepareOrder(context: CommandContext, input: CommandInput): Promise<PreparedOrder> {
  const config = await context.config();
  const model = await modelOf(context, input);
  const toVersion = textOption(input, 'to');
  if (toVersion === '')
    throw new MlopsError('USAGE_INVALID', {
      problem: 'Option --to is missing, wanted the version to roll out',
      hint: 'For example --to 1.1.0',
    });
  const given = textOption(input, 'from');
  const live = await observeLive(context, model, given !== '');
  const fromVersion = given === '' ? live?.split.stable.version : given;
  if (fromVersion === undefined) {
    throw new MlopsError('USAGE_INVALID', {
      problem: `Option --from is missing: no version of ${model} is live yet`,
      hint: 'Name the version that is there, for example --from 1.0.0',
    });
  }
  const request = assembleRequest(config, {
    model,
    fromVersion,
    toVersion,
    profile: textOption(input, 'profile', 'default'),
    endpoints: liveEndpoints(live, endpointOptions(input)),
    actor: currentActor(),
    reason: textOption(input, 'reason'),
  });
  return { request, live };
}

/** The stable version answers where it is live, unless another place is named. */
function liveEndpoints(live: LiveSplit | null, given: Record<string, string>): Record<string, string> {
  if (live === null) return given;
  return { [live.split.stable.version]: live.split.stable.endpoint, ...given };
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
