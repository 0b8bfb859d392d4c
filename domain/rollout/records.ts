import type { JudgeTick } from './judge.ts';
import type { OverlapVerdict } from './overlap.ts';
import type { TelemetrySnapshot } from './telemetry.ts';
import type { Verdict } from '../verdict.ts';
import type { MetricVerdict } from './judge/describe.ts';

/** The row that opens a rollout: what was asked, by whom, on which engine. */
export interface RolloutRecord {
  readonly rolloutKey: string;
  readonly rolloutId: string;
  readonly model: string;
  readonly environment: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly plan: unknown;
  /** Judge policy as used, with the latency bound that was frozen at the start. */
  readonly policy: Readonly<Record<string, unknown>>;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly engine: EngineVersion;
}

/** What computed a verdict: results are bit for bit the same only on the same one (architecture D18). */
export interface EngineVersion {
  readonly program: string;
  readonly node: string;
  readonly v8: string;
}

/** What is kept of it with every look. */
export function engineNameOf({ node, v8 }: Pick<EngineVersion, 'node' | 'v8'>): string {
  return `node ${node} v8 ${v8}`;
}

/** How a rollout ended. */
export interface RolloutOutcomeRecord {
  readonly outcome: 'promoted' | 'rolled-back' | 'aborted' | 'failed' | 'completed';
  readonly reason: string;
  readonly detail: string;
  readonly at: string;
  readonly actor: string;
}

/** The part of a verdict that is kept with every tick and shown to people. */
export interface TickVerdict {
  readonly decision: string;
  readonly metric: string | null;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly wealth: number;
  readonly telemetry: string;
  readonly metrics: readonly MetricVerdict[];
  /** Mirrored answers of the shadow step so far; absent before there was one. */
  readonly overlap?: OverlapVerdict;
  /** Canary requests of this tick, for the minimum of the step. */
  readonly canaryRequests: number;
  readonly problems: readonly string[];
  readonly observedBasisPoints: number | null;
  /** Metrics and checks that decide no more since a person accepted their hold. */
  readonly waived: readonly string[];
  /** Set when the router's split is not the one this rollout wrote. */
  readonly overruledBy: { readonly kind: 'emergency' | 'foreign'; readonly generation: number } | null;
}

/** One judged look (architecture D18). */
export interface TickRecord {
  readonly rolloutKey: string;
  readonly tick: number;
  readonly at: string;
  readonly step: number;
  readonly judged: boolean;
  readonly snapshot: TelemetrySnapshot | null;
  readonly input: JudgeTick;
  readonly verdict: TickVerdict;
  /** The judge's state after this tick; null on rows whose state was dropped. */
  readonly state: unknown;
  readonly engine: string;
}
