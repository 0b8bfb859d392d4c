import { randomUUID } from 'node:crypto';
import type { Arm } from '../../domain/rollout/assign-arm.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';
import {
  LATENCY_BOUNDS_MS,
  SCORE_BINS,
  type ArmCounters,
  type MirrorCounters,
  type TelemetrySnapshot,
} from '../../domain/rollout/telemetry.ts';

/** How a request ended. */
export const OUTCOMES = ['success', 'error', 'timeout', 'refused', 'aborted'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Counters of one arm and version of a model, since this gateway started. */
export interface ArmTally {
  readonly arm: Arm;
  readonly version: string;
  readonly outcomes: Record<Outcome, number>;
  readonly latency: number[];
  /** Milliseconds of all requests, for the sum of the Prometheus histogram. */
  latencySumMs: number;
  readonly scores: number[];
}

/** What was seen of the copies sent to a version. */
export interface MirrorTally {
  requests: number;
  errors: number;
  /** Answers with another status than stable's to the same request. */
  statusMismatches: number;
  readonly latency: number[];
  readonly overlap: number[];
}

interface ModelTally {
  readonly arms: Map<string, ArmTally>;
  readonly mirrors: Map<string, MirrorTally>;
  /** By generation, so that a new split starts a new count. */
  assigned: { stable: number; canary: number };
  forced: number;
}

/** Everything a gateway counts. */
export interface Counters {
  readonly instanceId: string;
  assign(model: string, arm: Arm): void;
  force(model: string): void;
  finish(model: string, arm: Arm, version: string, outcome: Outcome, latencyMs: number): void;
  score(model: string, arm: Arm, version: string, score: number): void;
  mirror(
    model: string,
    version: string,
    seen: { error: boolean; mismatch: boolean; latencyMs: number; overlap: number | null },
  ): void;
  snapshot(live: LiveSplit): TelemetrySnapshot;
  tallies(): readonly {
    readonly model: string;
    readonly forced: number;
    readonly arms: readonly ArmTally[];
    readonly mirrors: readonly { readonly version: string; readonly tally: MirrorTally }[];
  }[];
  /** Makes an arm's counters exist at zero. */
  declare(model: string, arm: Arm, version: string): void;
}

export function createCounters(): Counters {
  const instanceId = randomUUID();
  const models = new Map<string, ModelTally>();
  const modelOf = (model: string): ModelTally =>
    getOrMake(models, model, () => ({
      arms: new Map(),
      mirrors: new Map(),
      assigned: { stable: 0, canary: 0 },
      forced: 0,
    }));
  const armOf = (model: string, arm: Arm, version: string): ArmTally =>
    getOrMake(modelOf(model).arms, `${arm}/${version}`, () => newArm(arm, version));
  return {
    instanceId,
    assign: (model, arm) => void (modelOf(model).assigned[arm] += 1),
    force: (model) => void (modelOf(model).forced += 1),
    finish: (model, arm, version, outcome, latencyMs) => {
      const tally = armOf(model, arm, version);
      tally.outcomes[outcome] += 1;
      if (outcome === 'aborted') return;
      tally.latency[bucketOf(latencyMs)]! += 1;
      tally.latencySumMs += latencyMs;
    },
    score: (model, arm, version, score) => void (armOf(model, arm, version).scores[binOf(score)]! += 1),
    mirror: (model, version, seen) => {
      const tally = getOrMake(modelOf(model).mirrors, version, newMirror);
      tally.requests += 1;
      if (seen.error) tally.errors += 1;
      if (seen.mismatch) tally.statusMismatches += 1;
      tally.latency[bucketOf(seen.latencyMs)]! += 1;
      if (seen.overlap !== null) tally.overlap[binOf(seen.overlap)]! += 1;
    },
    snapshot: (live) => snapshotOf(instanceId, live, modelOf(live.split.model)),
    tallies: () =>
      [...models].map(([model, { arms, forced, mirrors }]) => ({
        model,
        forced,
        arms: [...arms.values()],
        mirrors: [...mirrors].map(([version, tally]) => ({ version, tally })),
      })),
    declare: (model, arm, version) => void armOf(model, arm, version),
  };
}

function snapshotOf(instanceId: string, live: LiveSplit, tally: ModelTally): TelemetrySnapshot {
  const { stable, canary, canaryBasisPoints, mirrorBasisPoints } = live.split;
  const mirror = canary === null ? undefined : tally.mirrors.get(canary.version);
  return {
    model: live.split.model,
    instanceId,
    observedAt: new Date().toISOString(),
    generation: live.generation,
    canaryBasisPoints,
    stable: countersOf(tally.arms.get(`stable/${stable.version}`) ?? newArm('stable', stable.version)),
    canary:
      canary === null
        ? null
        : countersOf(tally.arms.get(`canary/${canary.version}`) ?? newArm('canary', canary.version)),
    mirror:
      canary === null || (mirror === undefined && mirrorBasisPoints === 0) ? null : copyMirror(mirror ?? newMirror()),
    assigned: { ...tally.assigned },
  };
}

function countersOf({ version, outcomes, latency, scores }: ArmTally): ArmCounters {
  const errors = outcomes.error + outcomes.timeout + outcomes.refused;
  return { version, requests: outcomes.success + errors, errors, latency: [...latency], scores: [...scores] };
}

function copyMirror(mirror: MirrorTally): MirrorCounters {
  return { ...mirror, latency: [...mirror.latency], overlap: [...mirror.overlap] };
}

function newArm(arm: Arm, version: string): ArmTally {
  return {
    arm,
    version,
    outcomes: { success: 0, error: 0, timeout: 0, refused: 0, aborted: 0 },
    latency: newHistogram(),
    latencySumMs: 0,
    scores: newBins(),
  };
}

function newMirror(): MirrorTally {
  return { requests: 0, errors: 0, statusMismatches: 0, latency: newHistogram(), overlap: newBins() };
}

function newHistogram(): number[] {
  return Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0);
}

function newBins(): number[] {
  return Array.from({ length: SCORE_BINS }, () => 0);
}

function bucketOf(latencyMs: number): number {
  const index = LATENCY_BOUNDS_MS.findIndex((edge) => latencyMs <= edge);
  return index < 0 ? LATENCY_BOUNDS_MS.length : index;
}

function binOf(score: number): number {
  return Math.round(score * (SCORE_BINS - 1));
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
