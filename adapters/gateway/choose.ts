import type { IncomingMessage } from 'node:http';
import { assignArm, type Arm } from '../../domain/rollout/assign-arm.ts';
import type { ArmTarget, LiveSplit } from '../../domain/rollout/split.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import { requestPath } from './request-path.ts';
import type { SplitStore } from './split-store.ts';

type GatewayConfig = MlopsConfig['deployment']['gateway'];

/** Where a request goes, and why. */
export interface Choice {
  readonly model: string;
  readonly live: LiveSplit;
  readonly arm: Arm;
  readonly target: ArmTarget;
  readonly forced: boolean;
  /** Path and query to ask the service for, as `requestPath` has them; the model's prefix is taken off. */
  readonly path: string;
}

/** A request that cannot be routed. */
export interface NoRoute {
  readonly status: 400 | 404;
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
  const asked = readTarget(request, splits);
  if (asked === null) return { status: 400, problem: 'wanted a path that is valid, such as /models/NAME/query' };
  const { model, path } = asked;
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
  const wanted = headerOf(request, config.overrideHeader);
  const forced = wanted === 'stable' || (wanted === 'canary' && split.canary !== null);
  const arm = forced
    ? wanted
    : split.canary === null
      ? 'stable'
      : chooseArm(request, model, split.canaryBasisPoints, config, random);
  const target = arm === 'canary' && split.canary !== null ? split.canary : split.stable;
  return { model, live, arm, target, forced, path };
}

/** Null for a target that is no path, or names a model in bytes that are no text. */
function readTarget(request: IncomingMessage, splits: SplitStore): { model: string | null; path: string } | null {
  const url = requestPath(request.url ?? '/');
  if (url === null) return null;
  const match = PREFIX.exec(url);
  // What follows the prefix may begin with more slashes than one again.
  const path = match === null ? url : requestPath(match[2] ?? '');
  const inPath = match === null ? undefined : decode(match[1] ?? '');
  if (path === null || inPath === null) return null;
  const named = headerOf(request, 'x-mlops-model') ?? inPath;
  if (named !== undefined) return { model: named, path };
  const [only, ...others] = splits.models();
  return { model: only !== undefined && others.length === 0 ? only : null, path };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
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
