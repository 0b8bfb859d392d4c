import { isMlopsError } from '../domain/errors.ts';
import {
  createJudgeState,
  judgeTick,
  type JudgePolicy,
  type JudgeState,
  type JudgeTick,
  type JudgeVerdict,
} from '../domain/rollout/judge.ts';
import { assembleTick } from '../domain/rollout/observation.ts';
import { engineNameOf, type EngineVersion, type TickRecord, type TickVerdict } from '../domain/rollout/records.ts';
import { evaluateSampleRatio } from '../domain/rollout/sample-ratio.ts';
import type { TelemetrySnapshot } from '../domain/rollout/telemetry.ts';
import { assembleTickVerdict, overlapRuleOf } from '../domain/rollout/tick-verdict.ts';
import { waiveMetrics } from '../domain/rollout/waive.ts';
import { serverTimeMs } from './clock.ts';
import type { MetricsSource, RolloutStore } from './ports.ts';

/** One look of the judge, asked for by the workflow. */
export interface ObserveInput {
  readonly rolloutKey: string;
  readonly model: string;
  readonly environment: string;
  readonly tick: number;
  /** ISO 8601, the workflow's clock */
  readonly at: string;
  readonly step: number;
  readonly kind: 'shadow' | 'users' | 'none';
  /** False during warm-up and while no traffic reaches the canary: observed, never judged. */
  readonly judged: boolean;
  readonly stableVersion: string;
  readonly canaryVersion: string;
  readonly generation: number;
  readonly canaryBasisPoints: number;
  readonly slowBoundMs: number;
  readonly policy: JudgePolicy;
  /** Metrics and checks whose hold a person accepted. */
  readonly waived: readonly string[];
  readonly minimumSuccessRate: number;
}

/** The verdict of a look, and what comes with it. */
export type LookResult = TickVerdict & {
  /** Time of the server, milliseconds since 1970. */
  readonly nowMs: number;
  /** What people have to look into, in words: the same at every look that finds it. */
  readonly incident?: string;
};

/** A success rate of fewer requests is no matter for people yet. */
const INCIDENT_REQUESTS = 100;

/** Activities that look and judge. */
export function createTelemetryActivities({
  metrics,
  rollouts,
  engine,
}: {
  metrics: MetricsSource;
  rollouts: RolloutStore;
  engine: EngineVersion;
}) {
  return {
    /**
     * Observes both arms, judges, and writes observation, state and verdict as one row (architecture D18). A retry
     * returns the row that is there. Telemetry that cannot be read is a tick without data, not an error; a database
     * that cannot be written is: no row, no tick.
     */
    async observeAndJudge(input: ObserveInput): Promise<LookResult> {
      const { verdict } = (await rollouts.tick(input.rolloutKey, input.tick)) ?? (await take(input));
      const incident = await openSuccessRateIncident(input, verdict);
      return { ...verdict, nowMs: serverTimeMs(), ...(incident === null ? {} : { incident }) };
    },
  };

  async function take(input: ObserveInput): Promise<TickRecord> {
    const before = await rollouts.lastTickBefore(input.rolloutKey, input.tick);
    const carriedWealth = before === null ? await rollouts.carriedWealth(input.rolloutKey) : 1;
    const start = { before, carriedWealth };
    return await rollouts.saveTick(judgeSnapshot(input, start, await read(input.model), engine));
  }

  async function read(model: string): Promise<Reading> {
    try {
      return { snapshot: await metrics.snapshot(model), problem: null };
    } catch (error) {
      if (!isMlopsError(error)) throw error;
      return { snapshot: null, problem: error.message };
    }
  }

  /** Success rate under the minimum is a matter for people even while the judge is still weighing (brief, S95). */
  async function openSuccessRateIncident(input: ObserveInput, verdict: TickVerdict): Promise<string | null> {
    const errors = verdict.metrics.find((metric) => metric.name === 'errors');
    if (errors === undefined || errors.canary === null || errors.requests < INCIDENT_REQUESTS) return null;
    const successRate = 1 - errors.canary;
    if (successRate >= input.minimumSuccessRate) return null;
    const summary = `Success rate of canary ${input.canaryVersion} is ${(100 * successRate).toFixed(2)} %, wanted at least ${100 * input.minimumSuccessRate} %`;
    await rollouts.openIncident({
      idempotencyKey: `${input.rolloutKey}/success-rate`,
      model: input.model,
      environment: input.environment,
      actor: 'judge',
      kind: 'success-rate',
      severity: 'warning',
      summary,
      evidence: { tick: input.tick, requests: errors.requests, control: errors.control, rolloutKey: input.rolloutKey },
    });
    return summary;
  }
}

/** What a metrics source said, or why it said nothing. */
interface Reading {
  readonly snapshot: TelemetrySnapshot | null;
  readonly problem: string | null;
}

function judgeSnapshot(
  input: ObserveInput,
  {
    before,
    carriedWealth,
  }: { readonly before: TickRecord | null; /** For the first look. */ readonly carriedWealth: number },
  { snapshot, problem }: Reading,
  engine: EngineVersion,
): TickRecord {
  const state = (before?.state as JudgeState | undefined) ?? createJudgeState({ carriedWealth });
  const observed = observe(input, before?.snapshot ?? null, snapshot);
  const problems = problem === null ? observed.problems : [problem];
  const judged = input.judged && observed.overruledBy === null && !observed.isBaseline;
  // A tick with problems is judged as missing: time passes for the judge, evidence does not move.
  const tick: JudgeTick = problems.length > 0 ? {} : observed.tick;
  const result: { state: JudgeState; verdict: JudgeVerdict } | null = judged
    ? judgeTick(waiveMetrics(input.policy, input.waived), state, tick)
    : null;
  return {
    rolloutKey: input.rolloutKey,
    tick: input.tick,
    at: input.at,
    step: input.step,
    judged,
    // While the source is away the last reading stays the one to compare with: nothing between is lost.
    snapshot: snapshot ?? before?.snapshot ?? null,
    input: tick,
    verdict: assembleTickVerdict({
      result: result?.verdict ?? null,
      previous: before?.verdict ?? null,
      carriedWealth,
      tick,
      overlapRule: overlapRuleOf(input.policy),
      problems,
      observedBasisPoints: snapshot?.canaryBasisPoints ?? null,
      overruledBy: observed.overruledBy,
      waived: input.waived,
    }),
    state: result?.state ?? state,
    engine: engineNameOf(engine),
  };
}

interface Observation {
  readonly tick: JudgeTick;
  readonly problems: readonly string[];
  readonly overruledBy: TickVerdict['overruledBy'];
  /** First reading under this split: nothing to compare it with yet. */
  readonly isBaseline: boolean;
}

function observe(
  input: ObserveInput,
  previous: TelemetrySnapshot | null,
  current: TelemetrySnapshot | null,
): Observation {
  if (current === null) return { tick: {}, problems: [], overruledBy: null, isBaseline: false };
  const foreign = current.generation !== input.generation;
  const overruledBy = foreign ? ({ kind: 'foreign', generation: current.generation } as const) : null;
  // A window that spans two splits would mix them; the first reading under a split is its baseline.
  const isBaseline = previous === null || previous.generation !== current.generation;
  const { tick, problems } = assembleTick(previous, current, {
    slowBoundMs: input.slowBoundMs,
    seed: `${input.rolloutKey}/${input.tick}`,
    expectedStableVersion: input.stableVersion,
    expectedCanaryVersion: input.canaryVersion,
    source: input.kind === 'shadow' ? 'mirror' : 'users',
  });
  const { canaryBasisPoints: intended } = input;
  const isShared = input.kind === 'users' && !isBaseline && !foreign;
  const ratio = isShared ? evaluateSampleRatio(previous, current, intended) : null;
  return {
    tick,
    problems: [
      ...(foreign ? [] : contradictionOf(intended, current)),
      ...(isBaseline ? [] : problems),
      ...(ratio === null || ratio.matches ? [] : [ratio.reason]),
    ],
    overruledBy,
    isBaseline,
  };
}

/** The generation is ours and the weight is not: what the router says of itself cannot be true. */
function contradictionOf(intended: number, { canaryBasisPoints, generation }: TelemetrySnapshot): string[] {
  if (canaryBasisPoints === intended) return [];
  return [
    `live split: ${canaryBasisPoints / 100} % to the canary, intended ${intended / 100} % (generation ${generation})`,
  ];
}
