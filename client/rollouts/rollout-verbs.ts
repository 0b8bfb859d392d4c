import { isDeepStrictEqual } from 'node:util';
import type { MlopsConfig } from '../../config/schema.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import type { ActionAccepted, RolloutResult, RolloutStatus } from '../../workflows/messages.ts';
import type { EmergencyResult, EvidenceReader, RolloutSummary } from '../evidence-port.ts';
import { renderExplanation } from '../reports/rollout-explanation.ts';
import { LIMIT, MODEL, NAME, parseInput } from '../parse-input.ts';
import type { Registry } from '../registry-port.ts';
import { act, type ActionParts } from './act.ts';
import { calibrate, type Calibrated, type CalibrationParts } from './calibrate.ts';
import { foreseeNoise, type ForeseenNoise } from './foresee-noise.ts';
import { prepareAa, type AaParts } from './prepare-aa.ts';
import { withRegisteredEndpoints } from './registered-endpoints.ts';
import { listRollouts, readReceipt } from './read-evidence.ts';
import { assembleRequest } from './request.ts';
import { rollBack, type RollbackParts } from './roll-back.ts';
import {
  ACTION,
  CALIBRATION,
  ROLLBACK,
  SIGNAL,
  SPLIT,
  START,
  START_OPTIONS,
  type ActionOrder,
  type CalibrationOrder,
  type RollbackOrder,
  type SplitOrder,
  type StartOrder,
} from './rollout-input.ts';
import type { Rollouts, StartedRollout } from './rollouts.ts';
import { watchRollout } from './watch-rollout.ts';

/** Rollouts for programs: what the commands of `rollout`, and `mlops rollback`, do. Every verb may throw USAGE_INVALID. */
export interface RolloutVerbs {
  /**
   * Starts a rollout, or attaches to the equal one that runs. `supersede` first ends another one that is open; by default what
   * `canary.on_in_flight` of config/deployment.yaml says.
   *
   * @throws ROLLOUT_ALREADY_OPEN, TARGET_UNKNOWN, ENDPOINT_NOT_ALLOWED, ROLLOUT_PLAN_INVALID, TEMPORAL_UNREACHABLE
   */
  start(order: StartOrder, options?: { readonly supersede?: boolean }): Promise<StartedRollout>;
  /** Where the newest rollout of a model stands. @throws ROLLOUT_NOT_FOUND, ROLLOUT_BROKEN, ROLLOUT_UNANSWERED, TEMPORAL_UNREACHABLE */
  status(model: string): Promise<RolloutStatus>;
  /**
   * What a start of the same order would do, with the noise that pre-flight would assume; changes nothing.
   *
   * @throws TARGET_UNKNOWN, ENDPOINT_NOT_ALLOWED, ROLLOUT_PLAN_INVALID
   */
  plan(order: StartOrder): Promise<RolloutPlanned>;
  /**
   * Fits the noise of a service to its history and chooses the fastest assumption that keeps the error budget, proved on the half that had no
   * say; `write` puts it into config/deployment.yaml, for who opens that from then on. What is not proved is in the result, and throws nothing.
   * Takes seconds in which the program does nothing else.
   *
   * @throws CALIBRATION_HISTORY_SHORT, INPUT_UNREADABLE, HISTORY_INVALID, DATABASE_UNREACHABLE
   */
  calibrate(order: CalibrationOrder): Promise<Calibrated>;
  /**
   * Splits the version that is live against itself and collects looks, for a calibration; promotes nothing, and ends `completed`. It is watched,
   * waited for and aborted as any rollout.
   *
   * @throws ROLLOUT_ALREADY_OPEN, TARGET_UNKNOWN, ENDPOINT_NOT_ALLOWED, ROUTER_UNREACHABLE, TEMPORAL_UNREACHABLE
   */
  split(order: SplitOrder): Promise<StartedRollout>;
  /** Why the newest rollout of a model stands where it stands, and what would change that. @throws as status */
  explain(model: string): Promise<Explanation>;
  /**
   * Where the newest rollout of a model stands: at once, then whenever it stands elsewhere, last with its outcome. The signal ends
   * the watching, never the rollout. A worker or a server that goes away for a while is a warning of the process.
   *
   * @throws ROLLOUT_NOT_FOUND, ROLLOUT_BROKEN; TEMPORAL_UNREACHABLE when the server is away at the first look
   */
  watch(model: string, signal?: AbortSignal): AsyncIterable<RolloutStatus>;
  /** Waits for the end; null when the signal fired first, which never ends the rollout. @throws ROLLOUT_NOT_FOUND, ROLLOUT_BROKEN, TEMPORAL_UNREACHABLE */
  result(model: string, signal?: AbortSignal): Promise<RolloutResult | null>;
  /**
   * Approves, denies, pauses, resumes, promotes or aborts. A refusal is an event of the ledger.
   *
   * @throws ROLLOUT_NOT_FOUND, ROLLOUT_REFUSED_ACTION, ROLLOUT_UNAUTHORISED, APPROVAL_REFUSED, ROLLOUT_UNANSWERED, TEMPORAL_UNREACHABLE
   */
  act(model: string, action: ActionOrder): Promise<ActionAccepted>;
  /** Newest first, of one model or of all; `limit` is 1 to 1000, 20 by default. @throws NOT_AUTHENTICATED, NOT_AUTHORISED, DATABASE_UNREACHABLE */
  list(model?: string, limit?: number): Promise<readonly RolloutSummary[]>;
  /** The receipt of one rollout, or of the newest; null when there is none. @throws NOT_AUTHENTICATED, NOT_AUTHORISED, DATABASE_UNREACHABLE */
  receipt(model: string, rolloutKey?: string): Promise<RolloutReceipt | null>;
  /**
   * Emergency: all traffic to the stable version; needs the gateway alone. What the local journal does not take is a warning
   * of the process.
   *
   * @throws ROUTER_UNREACHABLE, ROLLBACK_NOTHING_LIVE
   */
  rollback(order: RollbackOrder): Promise<EmergencyResult>;
}

/** What a start would do. */
export interface RolloutPlanned {
  readonly request: RolloutRequest;
  readonly noise: ForeseenNoise;
}

/** A status in words, a line each, with what they are about. */
export interface Explanation extends Pick<RolloutStatus, 'phase' | 'outcome' | 'waitingFor' | 'missing'> {
  readonly explanation: readonly string[];
}

/** What rollouts need of the system. */
export interface RolloutVerbParts extends AaParts, ActionParts, CalibrationParts, RollbackParts {
  config(): Promise<MlopsConfig>;
  rollouts(): Promise<Rollouts>;
  evidence(): Promise<EvidenceReader>;
  registry(): Promise<Registry>;
}

const LISTED = 20;
/** What a program gives for an A/A run. */
const KEYS = {
  from: (version: string) => `fromVersion: '${version}'`,
  endpoint: (version: string, url: string) => `endpoints: { '${version}': '${url}' }`,
};

/** The verbs of rollouts, for the command line and for programs. */
export function createRolloutVerbs(parts: RolloutVerbParts): RolloutVerbs {
  return {
    start: async (given, options = {}) => {
      const order = parseInput('rollouts.start', START, given);
      const { supersede = false } = parseInput('rollouts.start', START_OPTIONS, options);
      const request = await requestOf(parts, order);
      return await startRequest(parts, request, { supersede, actor: request.startedBy });
    },
    status: async (given) => {
      const model = parseInput('rollouts.status', MODEL, given);
      return await (await parts.rollouts()).status(model);
    },
    plan: async (given) => {
      const request = await requestOf(parts, parseInput('rollouts.plan', START, given));
      return { request, noise: await foreseeNoise(parts, request) };
    },
    calibrate: async (given) => await calibrate(parts, parseInput('rollouts.calibrate', CALIBRATION, given)),
    split: async (given) => {
      const request = await prepareAa(parts, parseInput('rollouts.split', SPLIT, given), KEYS);
      return await (await parts.rollouts()).start(request, { supersede: false, actor: request.startedBy });
    },
    explain: async (given) => {
      const model = parseInput('rollouts.explain', MODEL, given);
      return explanationOf(await (await parts.rollouts()).status(model));
    },
    watch: (given, signal) => watch(parts, given, signal),
    result: async (given, signal = new AbortController().signal) => {
      const model = parseInput('rollouts.result', MODEL, given);
      const until = parseInput('rollouts.result', SIGNAL, signal);
      return await (await parts.rollouts()).result(model, until);
    },
    act: async (given, action) =>
      await act(parts, parseInput('rollouts.act', MODEL, given), parseInput('rollouts.act', ACTION, action)),
    list: async (given, limit = LISTED) => {
      const model = given === undefined ? null : parseInput('rollouts.list', MODEL, given);
      const most = parseInput('rollouts.list', LIMIT, limit);
      const { environment } = await parts.config();
      return await listRollouts(await readingOf(parts), { environment, model, limit: most });
    },
    receipt: async (given, rolloutKey) => {
      const model = parseInput('rollouts.receipt', MODEL, given);
      const key = rolloutKey === undefined ? null : parseInput('rollouts.receipt', NAME, rolloutKey);
      const { environment } = await parts.config();
      return await readReceipt(await readingOf(parts), { environment, model, rolloutKey: key });
    },
    rollback: async (order) => await rollBack(parts, parseInput('rollouts.rollback', ROLLBACK, order)),
  };
}

async function* watch(
  parts: RolloutVerbParts,
  given: string,
  signal = new AbortController().signal,
): AsyncIterable<RolloutStatus> {
  const model = parseInput('rollouts.watch', MODEL, given);
  const until = parseInput('rollouts.watch', SIGNAL, signal);
  let last: RolloutStatus | null = null;
  const tell = ({ message }: Error): void => parts.warn(`${message}; still watching`);
  for await (const status of watchRollout(await parts.rollouts(), model, until, tell)) {
    if (!isDeepStrictEqual(status, last)) yield status;
    last = status;
  }
}

/** In words: where it stands, why, and what would change that. */
export function explanationOf(status: RolloutStatus): Explanation {
  const { missing, outcome, phase, waitingFor } = status;
  return { explanation: renderExplanation(status).split('\n'), phase, outcome, waitingFor, missing };
}

/** The evidence, and who looks at it. */
async function readingOf(parts: RolloutVerbParts) {
  return { evidence: await parts.evidence(), who: await parts.identity() };
}

/** Starts what was completed. @throws ROLLOUT_ALREADY_OPEN, unless the one that is open may be ended for it */
export async function startRequest(
  parts: Pick<RolloutVerbParts, 'rollouts'>,
  request: RolloutRequest,
  { actor, supersede }: { readonly supersede: boolean; readonly actor: string },
): Promise<StartedRollout> {
  const mayEnd = supersede || request.plan.onInFlight === 'supersede';
  return await (await parts.rollouts()).start(request, { supersede: mayEnd, actor });
}

async function requestOf(parts: RolloutVerbParts, given: StartOrder): Promise<RolloutRequest> {
  const config = await parts.config();
  const actor = given.actor ?? (await parts.identity()).actor;
  const order = { profile: 'default', endpoints: {}, gates: [], reason: '', ...given, actor };
  const versions = [order.fromVersion, order.toVersion];
  const open = async () => await parts.registry();
  return assembleRequest(config, await withRegisteredEndpoints(config, order, versions, open));
}
