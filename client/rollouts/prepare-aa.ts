import type { MlopsConfig } from '../../config/schema.ts';
import { MlopsError } from '../../domain/errors.ts';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import type { ArmTarget, LiveSplit } from '../../domain/rollout/split.ts';
import type { CurrentIdentity } from '../identity-port.ts';
import type { Registry } from '../registry-port.ts';
import { assembleAaRequest } from './aa-request.ts';
import { withRegisteredEndpoints } from './registered-endpoints.ts';
import { targetOf } from './request.ts';
import type { SplitOrder } from './rollout-input.ts';

/** What an A/A run is made ready with. */
export interface AaParts {
  config(): Promise<MlopsConfig>;
  router(): Promise<{ observe(model: string): Promise<LiveSplit | null> }>;
  registry(): Promise<Registry>;
  identity(): Promise<CurrentIdentity>;
}

/** What whoever asks calls what they gave: keys of a program, options of the command. */
export interface AaNames {
  from(version: string): string;
  endpoint(version: string, url: string): string;
}

const MINUTES = 120;
const SHARE_PERCENT = 50;

/**
 * An A/A run of what is live, completed.
 *
 * @throws USAGE_INVALID, TARGET_UNKNOWN, ENDPOINT_NOT_ALLOWED, ROUTER_UNREACHABLE
 */
export async function prepareAa(parts: AaParts, order: SplitOrder, names: AaNames): Promise<RolloutRequest> {
  const { endpoints = {}, fromVersion, minutes = MINUTES, model, reason, sharePercent = SHARE_PERCENT } = order;
  const config = await parts.config();
  const live = await (await parts.router()).observe(model);
  if (live === null && fromVersion === undefined)
    throw new MlopsError('USAGE_INVALID', {
      problem: `Version to split is missing: no version of ${model} is live yet`,
      hint: `Name the version that is there, for example ${names.from('1.0.0')}`,
    });
  const stable = live?.split.stable ?? (await registeredTarget(parts, config, { endpoints, model }, fromVersion ?? ''));
  assertThatOne(stable, { endpoints, fromVersion }, names);
  const { actor } = await parts.identity();
  return assembleAaRequest(config, { model, stable, minutes, sharePercent, actor, reason: reason ?? 'calibration' });
}

async function registeredTarget(
  parts: AaParts,
  config: MlopsConfig,
  order: { readonly model: string; readonly endpoints: Readonly<Record<string, string>> },
  version: string,
): Promise<ArmTarget> {
  const open = async () => await parts.registry();
  return targetOf(config, await withRegisteredEndpoints(config, order, [version], open), version);
}

/** An A/A run splits what is there: another version or place that was named would be left out. @throws USAGE_INVALID */
function assertThatOne(
  stable: ArmTarget,
  {
    endpoints,
    fromVersion,
  }: { readonly endpoints: Readonly<Record<string, string>>; readonly fromVersion: string | undefined },
  names: AaNames,
): void {
  const others = Object.entries(endpoints)
    .filter(([version, url]) => version !== stable.version || url !== stable.endpoint)
    .map(([version, url]) => names.endpoint(version, url));
  if (fromVersion !== undefined && fromVersion !== stable.version) others.unshift(names.from(fromVersion));
  if (others.length === 0) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Version to split is ${stable.version} at ${stable.endpoint}, wanted nothing else: ${others.join(', ')}`,
    hint: 'Leave that out: the version that is live is split against itself',
  });
}
