import type { IncomingMessage } from 'node:http';
import { assignArm, type Arm } from '../../domain/rollout/assign-arm.ts';
import type { ArmTarget, LiveSplit } from '../../domain/rollout/split.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import type { SplitStore } from './split-store.ts';

type GatewayConfig = MlopsConfig['deployment']['gateway'];

/** Where a request goes, and why. */
export interface Choice {
  readonly model: string;
  readonly live: LiveSplit;
  readonly arm: Arm;
  readonly target: ArmTarget;
  readonly forced: boolean;
  /** Path to ask the service for; the model's prefix is taken off. */
  readonly path: string;
}

/** A request that cannot be routed. */
export interface NoRoute {
  readonly status: 404 | 503;
  readonly problem: string;
}

const PREFIX = /^\/models\/([^/?]+)(\/.*|\?.*|$)/;

/** Model by header, by path prefix, or the only one; arm by override header, by user, or by chance. */
export function chooseRoute(
  request: IncomingMessage,
  splits: SplitStore,
  config: GatewayConfig,
  random: () => number,
): Choice | NoRoute {
  const { model, path } = modelOf(request, splits);
  if (model === null)
    return {
      status: 404,
      problem: `no model named; name one by the header x-mlops-model or the path /models/NAME/ (known: ${splits.models().join(', ') || 'none'})`,
    };
  const live = splits.get(model);
  if (live === null)
    return {
      status: 404,
      problem: `model ${model} is not known here (known: ${splits.models().join(', ') || 'none'})`,
    };
  const { split } = live;
  const asked = headerOf(request, config.overrideHeader);
  const forced = asked === 'stable' || (asked === 'canary' && split.canary !== null);
  const arm = forced
    ? asked
    : split.canary === null
      ? 'stable'
      : chooseArm(request, model, split.canaryBasisPoints, config, random);
  const target = arm === 'canary' && split.canary !== null ? split.canary : split.stable;
  return { model, live, arm, target, forced, path };
}

function modelOf(request: IncomingMessage, splits: SplitStore): { model: string | null; path: string } {
  const url = request.url ?? '/';
  const match = PREFIX.exec(url);
  const path = match === null ? url : (match[2] ?? '').startsWith('/') ? (match[2] ?? '/') : `/${match[2] ?? ''}`;
  const named = headerOf(request, 'x-mlops-model') ?? (match === null ? undefined : decodeURIComponent(match[1] ?? ''));
  if (named !== undefined) return { model: named, path };
  const [only, ...others] = splits.models();
  return { model: only !== undefined && others.length === 0 ? only : null, path };
}

function chooseArm(
  request: IncomingMessage,
  model: string,
  share: number,
  config: GatewayConfig,
  random: () => number,
): Arm {
  const user = headerOf(request, config.userHeader) ?? cookieOf(request, config.userCookie);
  if (user !== undefined && user !== '') return assignArm(model, user, share);
  return random() * 10_000 < share ? 'canary' : 'stable';
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const pair = request.headers.cookie
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
