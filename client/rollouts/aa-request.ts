import type { MlopsConfig } from '../../config/schema.ts';
import { MlopsError } from '../../domain/errors.ts';
import type { RolloutPlan } from '../../domain/rollout/plan.ts';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import type { ArmTarget } from '../../domain/rollout/split.ts';
import { isWholePoints, toPoints, WANTED_POINTS } from '../../domain/rollout/weights.ts';
import { completeRequest } from './request.ts';

/** What an A/A run is asked for. */
export interface AaOrder {
  readonly model: string;
  /** The version that is live, and where. */
  readonly stable: ArmTarget;
  /** How long ticks are collected, above 0. */
  readonly minutes: number;
  /** Share of the users on the second arm, percent, above 0 and below 100. */
  readonly sharePercent: number;
  readonly actor: string;
  readonly reason: string;
}

/** Time beyond the window in which a run must have ended: a router that is away is tried again that long. */
const SPARE_SECONDS = 900;

/** An A/A run: the stable version against itself, so that what differs between the arms is noise. @throws USAGE_INVALID */
export function assembleAaRequest(config: MlopsConfig, order: AaOrder): RolloutRequest {
  if (!(order.minutes > 0))
    throw invalid(`Option --minutes is not valid: ${order.minutes}, wanted more than 0`, '--minutes 120');
  if (!(isWholePoints(order.sharePercent) && order.sharePercent < 100))
    throw invalid(
      `Option --share is not valid: ${order.sharePercent}, wanted ${WANTED_POINTS} above 0 and below 100 percent`,
      '--share 50',
    );
  const settings = config.deployment.profiles['default'];
  if (settings === undefined) throw new RangeError('The default profile is always there');
  const windowSeconds = Math.round(order.minutes * 60);
  const plan: RolloutPlan = {
    profile: 'a/a',
    steps: [
      {
        kind: 'weight',
        weightBasisPoints: toPoints(order.sharePercent),
        mirrorBasisPoints: 0,
        windowSeconds,
        minimumRequests: 0,
        gate: false,
      },
    ],
    tickSeconds: settings.tickSeconds,
    warmUpSeconds: settings.warmUpSeconds,
    deadlineSeconds: windowSeconds + settings.warmUpSeconds + SPARE_SECONDS,
    autoRollback: false,
    onInFlight: 'refuse',
  };
  const { model, stable, actor, reason } = order;
  return completeRequest(config, { kind: 'a/a', model, stable, canary: stable, plan, actor, reason });
}

function invalid(problem: string, example: string): MlopsError {
  return new MlopsError('USAGE_INVALID', { problem, hint: `For example ${example}` });
}
