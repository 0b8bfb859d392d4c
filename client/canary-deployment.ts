import { z } from 'zod';
import type { MlopsConfig } from '../config/schema.ts';
import { MlopsError } from '../domain/errors.ts';
import { ownValue } from '../domain/own-value.ts';
import { assemblePlan } from '../domain/rollout/plan.ts';
import type { RolloutResult } from '../workflows/messages.ts';
import { connect, type Mlops } from './connect.ts';
import { MODEL, NAME, parseInput, TEXT } from './parse-input.ts';
import type { StartedRollout } from './rollouts/rollouts.ts';

/**
 * The canary deployment of the brief. Its figures are settings of config/deployment.yaml, so that no program is laxer than that: those that
 * are given here must be what the profile says.
 */
export interface CanaryDeploymentConfig {
  readonly modelName: string;
  readonly newVersion: string;
  readonly currentVersion: string;
  /** One of `profiles` in config/deployment.yaml; `default` by default. */
  readonly profile?: string;
  /** Percent of the users at the first step that has any. */
  readonly initialCanaryPercentage?: number;
  /** Percent of the users at the last step before the promotion. */
  readonly maxCanaryPercentage?: number;
  /** Share of requests, 0 to 1: `judge.max_error_rate`. */
  readonly maxErrorRateThreshold?: number;
  /** Whether evidence of harm rolls back by itself: `auto_rollback`. */
  readonly autoRollbackEnabled?: boolean;
  /** Why, in words. Empty by default. */
  readonly reason?: string;
}

/** What came of it. */
export interface CanaryDeploymentResult {
  readonly started: StartedRollout;
  /** Null when the signal fired before the end, which never ends the rollout. */
  readonly ended: RolloutResult | null;
}

const SHARE = z.number().min(0).max(1);
const PERCENT = z.number().min(0).max(100);
const CONFIG = z.strictObject({
  modelName: MODEL,
  newVersion: NAME,
  currentVersion: NAME,
  profile: NAME.exactOptional(),
  initialCanaryPercentage: PERCENT.exactOptional(),
  maxCanaryPercentage: PERCENT.exactOptional(),
  maxErrorRateThreshold: SHARE.exactOptional(),
  autoRollbackEnabled: z.boolean().exactOptional(),
  reason: TEXT.exactOptional(),
}) satisfies z.ZodType<CanaryDeploymentConfig>;

/** `rollouts.start` and `rollouts.result` under the names of the brief. */
export class CanaryDeploymentController {
  readonly #config: CanaryDeploymentConfig;
  readonly #endpoints: Readonly<Record<string, string>>;
  readonly #connected: Mlops | null;

  /**
   * @param canaryEndpoint base URL of the new version
   * @param currentEndpoint base URL of the version that all users have
   * @param connected is left open; without it the controller connects, and closes what it opened
   * @throws USAGE_INVALID
   */
  constructor(
    config: CanaryDeploymentConfig,
    canaryEndpoint: string,
    currentEndpoint: string,
    connected: Mlops | null = null,
  ) {
    this.#config = parseInput('CanaryDeploymentController', CONFIG, config);
    const { currentVersion, newVersion } = this.#config;
    this.#endpoints = { [newVersion]: canaryEndpoint, [currentVersion]: currentEndpoint };
    this.#connected = connected;
  }

  /**
   * Starts the rollout, or attaches to the equal one that runs, and waits for its end.
   *
   * @param signal stops the waiting
   * @throws USAGE_INVALID also when a figure is not that of the profile, and as rollouts.start and rollouts.result
   */
  async startCanaryDeployment(signal?: AbortSignal): Promise<CanaryDeploymentResult> {
    const { currentVersion, modelName, newVersion, profile = 'default', reason = '' } = this.#config;
    const mlops = this.#connected ?? connect();
    try {
      assertFigures(this.#config, profile, mlops.config);
      const versions = { fromVersion: currentVersion, toVersion: newVersion };
      const order = { model: modelName, ...versions, endpoints: this.#endpoints, profile, reason };
      const started = await mlops.rollouts.start(order);
      return { started, ended: await mlops.rollouts.result(modelName, signal) };
    } finally {
      if (this.#connected === null) await mlops.close();
    }
  }
}

/** @throws USAGE_INVALID with every figure that the configuration has otherwise */
function assertFigures(
  given: CanaryDeploymentConfig,
  profile: string,
  { deployment }: Pick<MlopsConfig, 'deployment'>,
): void {
  const settings = ownValue(deployment.profiles, profile);
  // The start says which there are.
  if (settings === undefined) return;
  const weights = assemblePlan(settings, profile)
    .steps.map(({ weightBasisPoints }) => weightBasisPoints / 100)
    .filter((weight) => weight > 0 && weight < 100);
  const actual = {
    initialCanaryPercentage: weights[0],
    maxCanaryPercentage: weights.at(-1),
    maxErrorRateThreshold: deployment.judge.maxErrorRate,
    autoRollbackEnabled: settings.autoRollback,
  };
  const others = Object.entries(actual).flatMap(([name, value]) => {
    const wanted = given[name as keyof typeof actual];
    return wanted === undefined || wanted === value ? [] : [`${name} is ${wanted}, wanted ${value ?? 'none'}`];
  });
  if (others.length === 0) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Canary deployment is not that of profile ${profile}: ${others.join('; ')}`,
    hint: 'Name a profile that has these figures, or put them into config/deployment.yaml: `mlops config show`',
  });
}
