import { loadConfig } from '../config/load.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { assertModelName } from '../domain/model-name.ts';
import type { RolloutReceipt } from '../domain/rollout/receipt.ts';
import type { ActionAccepted, RolloutResult, RolloutStatus } from '../workflows/messages.ts';
import { createComposition } from './cli/composition.ts';
import { createGovernance, type Governance } from './governance/governance.ts';
import type { EmergencyOrder, EmergencyResult, RolloutSummary, UnjournaledLine } from './evidence-port.ts';
import { createModelRegistry, type ModelRegistry } from './registry/model-registry.ts';
import type { RolloutAction } from './rollouts/actions.ts';
import { withRegisteredEndpoints } from './rollouts/registered-endpoints.ts';
import { listRollouts, readReceipt } from './rollouts/read-evidence.ts';
import { assembleRequest, type RolloutOrder } from './rollouts/request.ts';
import type { StartedRollout } from './rollouts/rollouts.ts';

export { MlopsError, isMlopsError } from '../domain/errors.ts';
export { createJudgeState, judgeTick, openJudge } from '../domain/rollout/judge.ts';
export { replayStream } from '../domain/rollout/replay.ts';
export { verifyReceiptHere as verifyReceipt } from './rollouts/verify-receipt-here.ts';
export type { EventOrder, Governance } from './governance/governance.ts';
export type { RolloutAction } from './rollouts/actions.ts';
export type { ModelRegistry } from './registry/model-registry.ts';
export type { RolloutOrder } from './rollouts/request.ts';

/** The verbs of the command line for TypeScript programs. Connections are opened when a verb first needs them. */
export interface Mlops {
  readonly config: MlopsConfig;
  /**
   * Starts a rollout, or attaches to the equal one that runs.
   *
   * @throws ROLLOUT_ALREADY_OPEN, TARGET_UNKNOWN, ROLLOUT_PLAN_INVALID, USAGE_INVALID, TEMPORAL_UNREACHABLE
   */
  start(order: RolloutOrder, options?: { readonly supersede?: boolean }): Promise<StartedRollout>;
  /** @throws ROLLOUT_NOT_FOUND, ROLLOUT_BROKEN, ROLLOUT_UNANSWERED */
  status(model: string): Promise<RolloutStatus>;
  /** Waits for the end; null when the signal fired first, which never ends the rollout. @throws ROLLOUT_NOT_FOUND, ROLLOUT_BROKEN */
  result(model: string, signal?: AbortSignal): Promise<RolloutResult | null>;
  /** Approves, denies, pauses, resumes, promotes or aborts. @throws ROLLOUT_NOT_FOUND, ROLLOUT_REFUSED_ACTION */
  act(model: string, action: RolloutAction): Promise<ActionAccepted>;
  /** Newest first. @throws NOT_AUTHENTICATED, NOT_AUTHORISED, DATABASE_UNREACHABLE */
  list(model?: string, limit?: number): Promise<readonly RolloutSummary[]>;
  /** The receipt of one rollout, or of the newest; null when there is none. @throws as `list` */
  receipt(model: string, rolloutKey?: string): Promise<RolloutReceipt | null>;
  /**
   * Emergency: all traffic to the stable version; needs the gateway alone. What the local journal does not take is a warning
   * of the process.
   *
   * @throws ROUTER_UNREACHABLE, ROLLBACK_NOTHING_LIVE, USAGE_INVALID
   */
  rollback(order: EmergencyOrder): Promise<EmergencyResult>;
  /** Evidence of what programs did elsewhere. */
  readonly governance: Governance;
  /** Versions of models, their stages, aliases and lineage. */
  readonly registry: ModelRegistry;
  close(): Promise<void>;
}

/**
 * Opens the system as configured in a folder (config/*.yaml, mlops.yaml, environment variables).
 *
 * @throws CONFIG_INVALID with all problems
 * @example
 * const mlops = await connect();
 * await mlops.start({ model: 'rag_api', fromVersion: '1.0.0', toVersion: '1.1.0', profile: 'fast', endpoints: {}, gates: [], actor: 'ci', reason: 'build 4711' });
 * const result = await mlops.result('rag_api');
 */
export function connect(
  options: {
    readonly workingDirectory?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
  } = {},
): Mlops {
  const { workingDirectory = process.cwd(), env = process.env } = options;
  const { config } = loadConfig({ env, workingDirectory });
  const composition = createComposition(async () => await Promise.resolve(config));
  const rollouts = onceOpened(async () => await composition.rollouts());
  const registry = onceOpened(async () => await composition.registry());
  const reading = onceOpened(async () => ({
    evidence: await composition.evidence(),
    who: await composition.identity(),
  }));
  const requestOf = async (order: RolloutOrder) => {
    const versions = [order.fromVersion, order.toVersion];
    return assembleRequest(config, await withRegisteredEndpoints(config, order, versions, registry));
  };
  return {
    config,
    start: async (order, { supersede = false } = {}) =>
      await (await rollouts()).start(await requestOf(order), { supersede, actor: order.actor }),
    status: async (model) => await (await rollouts()).status(model),
    result: async (model, signal = new AbortController().signal) => await (await rollouts()).result(model, signal),
    act: async (model, action) => await (await rollouts()).act(model, action),
    list: async (model, limit = 20) =>
      await listRollouts(await reading(), { environment: config.environment, model: model ?? null, limit }),
    receipt: async (model, rolloutKey) =>
      await readReceipt(await reading(), { environment: config.environment, model, rolloutKey: rolloutKey ?? null }),
    rollback: async (order) => {
      assertModelName(order.model);
      return await (await composition.emergency()).roll(order, warnOfUnjournaled);
    },
    governance: createGovernance(
      onceOpened(async () => await composition.recorder()),
      onceOpened(async () => await composition.identity()),
    ),
    registry: createModelRegistry(registry),
    close: async () => await composition.close(),
  };
}

function warnOfUnjournaled({ line, file, problem }: UnjournaledLine): void {
  process.emitWarning(`This rollback could not be journaled: ${problem}. Keep this line for ${file}: ${line}`);
}

function onceOpened<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | null = null;
  return async () => await (opened ??= open());
}
