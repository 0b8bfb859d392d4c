import type { MlopsConfig } from '../../../config/schema.ts';
import { ownValue } from '../../../domain/own-value.ts';
import type { ArmTarget } from '../../../domain/rollout/split.ts';

/** A rollout that is to be started again. */
export interface StartAgain {
  readonly model: string;
  readonly from: string;
  readonly to: string;
  readonly profile: string;
  /** The new version as the router had it; null when that is not known. */
  readonly target: ArmTarget | null;
}

/** The command that starts a rollout again, with everything that configuration does not say. */
export function startCommand(config: MlopsConfig, { model, from, to, profile, target }: StartAgain): string {
  const configured = ownValue(ownValue(config.deployment.targets, model) ?? {}, to);
  const endpoint = target?.version === to && target.endpoint !== configured ? `${to}=${target.endpoint}` : null;
  return [
    `mlops rollout start --model ${model} --from ${quote(from)} --to ${quote(to)}`,
    ...(profile === 'default' ? [] : [`--profile ${quote(profile)}`]),
    ...(endpoint === null ? [] : [`--endpoint ${quote(endpoint)}`]),
  ].join(' ');
}

/** As one word of a shell. */
function quote(word: string): string {
  return /^[\w.:/=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
