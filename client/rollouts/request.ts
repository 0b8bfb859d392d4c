import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { MlopsConfig } from '../../config/schema.ts';
import { MlopsError } from '../../domain/errors.ts';
import { assertAllowedEndpoint } from '../../domain/rollout/endpoint.ts';
import { assemblePlan } from '../../domain/rollout/plan.ts';
import { withGates } from '../../domain/rollout/plan-gates.ts';
import { assertModelName } from '../../domain/model-name.ts';
import { ownValue } from '../../domain/own-value.ts';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import type { ArmTarget } from '../../domain/rollout/split.ts';
import { assembleJudgePolicy, noiseSettingOf } from './judge-policy.ts';

/** What a person or a CI job asks for. */
export interface RolloutOrder {
  readonly model: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly profile: string;
  /** Base URLs by version; they win over `targets` of deployment.yaml. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Weights in percent that wait for an approval, beside those of the configuration. */
  readonly gates: readonly number[];
  /** The authenticated principal. */
  readonly actor: string;
  readonly reason: string;
}

/**
 * Completes an order from configuration: the plan, the judge's policy, where both versions answer.
 *
 * @throws USAGE_INVALID, TARGET_UNKNOWN, ENDPOINT_NOT_ALLOWED, ROLLOUT_PLAN_INVALID
 */
export function assembleRequest(config: MlopsConfig, order: RolloutOrder): RolloutRequest {
  const { deployment } = config;
  const settings = ownValue(deployment.profiles, order.profile);
  if (settings === undefined) {
    const known = Object.keys(deployment.profiles).join(', ');
    throw new MlopsError('USAGE_INVALID', {
      problem: `Profile is not known: ${order.profile}, wanted one of ${known}`,
      hint: 'Choose one, or add it under `profiles` in config/deployment.yaml',
    });
  }
  if (order.fromVersion === order.toVersion) {
    throw new MlopsError('USAGE_INVALID', {
      problem: `Versions are the same: ${order.toVersion}, wanted two different ones`,
      hint: 'Name the new version with --to',
    });
  }
  assertUsed(order);
  return completeRequest(config, {
    model: order.model,
    stable: targetOf(config, order, order.fromVersion),
    canary: targetOf(config, order, order.toVersion),
    plan: assemblePlan(withGates(settings, order.gates), order.profile),
    actor: order.actor,
    reason: order.reason,
  });
}

/** An endpoint of a version that has no part in it is a slip, most likely in the version. */
function assertUsed({ endpoints, fromVersion, toVersion }: RolloutOrder): void {
  const unused = Object.keys(endpoints).find((version) => version !== fromVersion && version !== toVersion);
  if (unused === undefined) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Endpoint is of another version: ${unused}, wanted ${fromVersion} or ${toVersion}`,
    hint: `For example --endpoint ${toVersion}=${endpoints[unused] ?? 'URL'}`,
  });
}

/** What is decided of a request before its policy is filled in. */
interface DecidedParts extends Pick<RolloutRequest, 'model' | 'stable' | 'canary' | 'plan' | 'reason'> {
  readonly kind?: 'a/a';
  readonly actor: string;
}

/** Fills in what configuration says of judging, health and people, and the digest that tells equal requests. @throws USAGE_INVALID */
export function completeRequest(config: MlopsConfig, { actor, reason, ...parts }: DecidedParts): RolloutRequest {
  const { deployment } = config;
  assertModelName(parts.model);
  const minimum = ownValue(deployment.profiles, parts.plan.profile)?.shadowMinimumOverlap ?? null;
  const asked = {
    ...parts,
    environment: config.environment,
    policy: {
      ...assembleJudgePolicy(config, parts.plan.tickSeconds, parts.model),
      ...(minimum === null ? {} : { shadowMinimumOverlap: minimum }),
    },
    responseTime: {
      degradationPercent: deployment.judge.responseTimeDegradationPercent,
      floorMs: deployment.judge.responseTimeFloorMs,
      ceilingMs: config.monitoring.alertThresholds.responseTimeP95Ms,
    },
    minimumSuccessRate: deployment.judge.minimumSuccessRate,
    health: {
      intervalSeconds: deployment.health.intervalSeconds,
      failures: deployment.health.failures,
      outOf: deployment.health.outOf,
    },
    resourceAlertPercent: deployment.resources.alertAtPercentOfLimit,
  };
  return {
    ...asked,
    startedBy: actor,
    reason,
    noise: noiseSettingOf(config, parts.model),
    digest: digestOf(asked),
  };
}

/** SHA-256 over the canonical JSON (RFC 8785) of a value. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');
}

/** Where a version answers. @throws TARGET_UNKNOWN, ENDPOINT_NOT_ALLOWED */
export function targetOf(config: MlopsConfig, order: KnownEndpoints, version: string): ArmTarget {
  const endpoint = endpointOf(config, order, version);
  if (endpoint === undefined) throw new MlopsError('TARGET_UNKNOWN', { model: order.model, version });
  assertAllowedEndpoint(endpoint, config.deployment.endpointAllowList);
  return { version, endpoint };
}

/** What an order says of where the versions of a model answer. */
export type KnownEndpoints = Pick<RolloutOrder, 'model' | 'endpoints'>;

/** By the order, or else by configuration. */
export function endpointOf(
  { deployment }: MlopsConfig,
  { endpoints, model }: KnownEndpoints,
  version: string,
): string | undefined {
  return ownValue(endpoints, version) ?? ownValue(ownValue(deployment.targets, model) ?? {}, version);
}
