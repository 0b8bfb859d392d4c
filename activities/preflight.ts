import { isMlopsError, MlopsError } from '../domain/errors.ts';
import type { FromSomewhere } from '../domain/governance/act-source.ts';
import { SHORTEST_HISTORY } from '../domain/rollout/calibration/history.ts';
import { assessNoise, NEWEST_TICKS, type NoiseBasis } from '../domain/rollout/calibration/noise-basis.ts';
import { isEmergency } from '../domain/rollout/emergency.ts';
import { carryBudget, type CarriedBudget } from '../domain/rollout/error-budget.ts';
import type { JudgePolicy } from '../domain/rollout/judge.ts';
import type { EngineVersion, RolloutRecord } from '../domain/rollout/records.ts';
import { policyInForce, retreatSplit, type RolloutRequest } from '../domain/rollout/run.ts';
import { evaluateSlowBound } from '../domain/rollout/slow-bound.ts';
import type { ArmTarget, LiveSplit } from '../domain/rollout/split.ts';
import type { TelemetrySnapshot } from '../domain/rollout/telemetry.ts';
import { serverTimeMs } from './clock.ts';
import type {
  EmergencyJournal,
  HealthProbe,
  HistoryReader,
  MetricsSource,
  NoiseAssessor,
  RolloutStore,
  SmokeTest,
  TrafficRouter,
  TrafficStore,
} from './ports.ts';

export interface PrepareInput extends FromSomewhere {
  readonly request: RolloutRequest;
  readonly rolloutKey: string;
  readonly rolloutId: string;
  readonly at: string;
  /** The registry has let the versions in; absent in orders of earlier versions. */
  readonly isGoverned?: boolean;
}

export interface PrepareResult {
  /** Generation that is live and adopted by the rollout. */
  readonly generation: number;
  /** Responses slower than this count as slow for the whole rollout. */
  readonly slowBoundMs: number;
  /** Absent in the results of earlier versions. */
  readonly noise?: NoiseBasis;
  readonly note: string;
  /** Time of the server, milliseconds since 1970. */
  readonly nowMs: number;
}

interface PreflightPorts {
  readonly router: TrafficRouter;
  readonly traffic: TrafficStore;
  readonly metrics: MetricsSource;
  readonly health: HealthProbe;
  readonly rollouts: RolloutStore;
  readonly journal: EmergencyJournal;
  readonly smoke: SmokeTest;
  readonly history: HistoryReader;
  readonly noise: NoiseAssessor;
  readonly engine: EngineVersion;
}

type RecordPorts = Pick<PreflightPorts, 'engine' | 'rollouts'>;

/** Activities before the first user sees the canary. */
export function createPreflightActivities(ports: PreflightPorts) {
  return {
    /**
     * Checks that a rollout may begin and opens its record: the live split is the recorded one and at rest, both
     * versions are healthy, telemetry can be read. Calling it again changes nothing.
     *
     * @throws PREFLIGHT_SPLIT_FOREIGN, PREFLIGHT_SPLIT_BUSY, PREFLIGHT_STABLE_DIFFERS, PREFLIGHT_UNHEALTHY, PREFLIGHT_NO_TELEMETRY,
     *   PREFLIGHT_VERSION when a version has left since the registry let it in
     */
    async prepareRollout(input: PrepareInput): Promise<PrepareResult> {
      const { request } = input;
      await ports.journal.ingest();
      await checkHealthy(ports.health, request, 'stable', request.stable);
      await checkHealthy(ports.health, request, 'canary', request.canary);
      const live = (await ports.router.observe(request.model)) ?? (await writeFirstSplit(ports, input));
      await checkSplit(ports, request, live);
      const telemetry = await readTelemetry(ports.metrics, request.model);
      const slowBoundMs = evaluateSlowBound(telemetry, request.responseTime);
      const noise = await assessHistory(ports, request);
      const budget = await assessBudget(ports, input);
      const inForce = policyInForce(request.policy, noise);
      await openRecord(ports, input, { ...inForce, slowBoundMs, noiseBasis: noise.text, ...budget });
      return {
        generation: live.generation,
        slowBoundMs,
        noise,
        note: [
          `responses over ${slowBoundMs} ms count as slow`,
          `noise: ${noise.text}`,
          ...(budget === null ? [] : [`error budget: ${budget.carriedFrom}`]),
          ...((telemetry.stable?.requests ?? 0) > 0
            ? []
            : ['no request has been seen yet, and nothing is promoted without']),
        ].join('; '),
        nowMs: serverTimeMs(),
      };
    },

    /** Asks the canary through the router by the override header. @throws SMOKE_TEST_FAILED */
    async smokeTest(input: { readonly model: string; readonly version: string }): Promise<string> {
      const result = await ports.smoke.ask(input.model, input.version);
      if (!result.passed) throw new MlopsError('SMOKE_TEST_FAILED', { ...input, detail: result.detail });
      return result.detail;
    },
  };
}

/** What is left to do of a rollout that pre-flight refused, also because it is for another environment. */
export function createRefusalActivities(ports: RecordPorts) {
  return {
    /** Opens its record, so that its end can be written. Harmless when repeated. */
    async openRefused(input: PrepareInput): Promise<void> {
      await openRecord(ports, input, input.request.policy);
    },
  };
}

async function checkHealthy(
  health: HealthProbe,
  request: RolloutRequest,
  arm: string,
  target: ArmTarget,
): Promise<void> {
  const result = await health.probe(target.endpoint, target.version);
  if (result.healthy) return;
  throw new MlopsError('PREFLIGHT_UNHEALTHY', { model: request.model, arm, ...target, detail: result.detail });
}

/** A router that has never heard of the model gets all its traffic on the stable version. */
async function writeFirstSplit({ router, traffic }: PreflightPorts, input: PrepareInput): Promise<LiveSplit> {
  const reserved = await traffic.reserve({
    environment: input.request.environment,
    idempotencyKey: `${input.rolloutKey}/first`,
    split: retreatSplit(input.request),
    expectedGeneration: 0,
    actor: input.request.startedBy,
    reason: 'first split of this model',
  });
  const live = await router.apply({ ...reserved, reason: 'first split of this model' });
  await traffic.markApplied(input.request.environment, live);
  return live;
}

async function checkSplit({ traffic }: PreflightPorts, request: RolloutRequest, live: LiveSplit): Promise<void> {
  const recorded = await traffic.latestApplied(request.environment, request.model);
  const percent = live.split.canaryBasisPoints / 100;
  const canary = live.split.canary?.version ?? 'no canary';
  if (recorded === null || isEmergency(live)) {
    await traffic.recordForeign(
      request.environment,
      live,
      recorded === null ? 'adopted: nothing was recorded' : 'emergency rollback',
    );
  } else if (recorded.generation !== live.generation) {
    throw new MlopsError('PREFLIGHT_SPLIT_FOREIGN', {
      model: request.model,
      live: live.generation,
      percent,
      canary,
      recorded: recorded.generation,
    });
  }
  if (live.split.canaryBasisPoints > 0 || live.split.mirrorBasisPoints > 0) {
    throw new MlopsError('PREFLIGHT_SPLIT_BUSY', {
      model: request.model,
      percent,
      canary,
      stable: live.split.stable.version,
    });
  }
  if (live.split.stable.version !== request.stable.version || live.split.stable.endpoint !== request.stable.endpoint) {
    throw new MlopsError('PREFLIGHT_STABLE_DIFFERS', {
      model: request.model,
      live: nameOf(live.split.stable),
      wanted: nameOf(request.stable),
    });
  }
}

function nameOf({ version, endpoint }: ArmTarget): string {
  return `${version} (${endpoint})`;
}

async function readTelemetry(metrics: MetricsSource, model: string): Promise<TelemetrySnapshot> {
  try {
    return await metrics.snapshot(model);
  } catch (error) {
    if (!isMlopsError(error)) throw error;
    throw new MlopsError('PREFLIGHT_NO_TELEMETRY', { model, reason: error.message }, { cause: error });
  }
}

/** What the service's own history says of the noise assumption, unless a calibration was written. */
async function assessHistory({ history, noise }: PreflightPorts, request: RolloutRequest): Promise<NoiseBasis> {
  const { model, environment } = request;
  const policy = request.policy as unknown as JudgePolicy;
  const setting = request.noise ?? { assumption: 'default', calibration: null };
  const asked = { tickSeconds: policy.tickSeconds, since: null, newest: NEWEST_TICKS };
  const ticks = setting.calibration === null ? await history.history(environment, model, asked) : [];
  const asking = [setting, ticks, policy, `${environment}/${model}`, request.plan.autoRollback] as const;
  // Fewer are told at once; what takes a second must not hold up every other activity of the worker.
  return ticks.length < SHORTEST_HISTORY ? assessNoise(...asking) : await noise.assess(...asking);
}

/** What earlier attempts of this release left of its error budget; a version against itself is no release. */
async function assessBudget({ rollouts }: PreflightPorts, input: PrepareInput): Promise<CarriedBudget | null> {
  const { request, rolloutKey } = input;
  const { model, environment } = request;
  const [fromVersion, toVersion] = [request.stable.version, request.canary.version];
  if (fromVersion === toVersion) return null;
  const earlier = await rollouts.earlierAttempt({ rolloutKey, model, environment, fromVersion, toVersion });
  return carryBudget(earlier, (request.policy as unknown as JudgePolicy).errorBudget);
}

async function openRecord(
  { rollouts, engine }: RecordPorts,
  input: PrepareInput,
  policy: RolloutRecord['policy'],
): Promise<void> {
  const { request } = input;
  const record = {
    rolloutKey: input.rolloutKey,
    rolloutId: input.rolloutId,
    model: request.model,
    environment: request.environment,
    fromVersion: request.stable.version,
    toVersion: request.canary.version,
    plan: request.plan,
    policy,
    startedBy: request.startedBy,
    startedAt: input.at,
    engine,
  };
  await rollouts.open(record, input.isGoverned);
}
