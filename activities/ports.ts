import type { LiveSplit, TrafficWrite } from '../domain/rollout/split.ts';
import type { TelemetrySnapshot } from '../domain/rollout/telemetry.ts';

/** What a router can do; a plan that needs more is refused before anything moves. */
export interface RouterCapabilities {
  readonly kind: string;
  /** Smallest change of a weight, in basis points. */
  readonly stepBasisPoints: number;
  readonly sticky: boolean;
  readonly headerOverride: boolean;
  readonly mirror: boolean;
  readonly survivesRestart: boolean;
}

/** Port: whatever divides traffic between two versions. */
export interface TrafficRouter {
  describe(): RouterCapabilities;
  /**
   * Applies an absolute split, durably, and returns what is live afterwards. Idempotent by key and generation.
   *
   * @throws TRAFFIC_STALE_GENERATION, TRAFFIC_GENERATION_CONFLICT, ROUTER_UNREACHABLE
   */
  apply(write: TrafficWrite): Promise<LiveSplit>;
  /** The split that is live, or null when the router does not know the model. @throws ROUTER_UNREACHABLE */
  observe(model: string): Promise<LiveSplit | null>;
}

/** Port: where cumulative counters of both arms come from. */
export interface MetricsSource {
  /** @throws METRICS_UNAVAILABLE when no reading could be taken; never answers with invented zeros */
  snapshot(model: string): Promise<TelemetrySnapshot>;
}

/** What a health probe saw at one endpoint. */
export interface ProbeResult {
  readonly healthy: boolean;
  /** Why not, or what it said; one line. */
  readonly detail: string;
  readonly version: string | null;
  readonly latencyMs: number;
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
}

/** Port: asks a service whether it is well. Never throws for an unwell service: that is a result. */
export interface HealthProbe {
  /** @throws ENDPOINT_NOT_ALLOWED when the endpoint is not on the allow-list */
  probe(endpoint: string, expectedVersion: string | null): Promise<ProbeResult>;
}

/** A message to people or programs outside: start, step, hold, gate, promote, rollback, alert. */
export interface Notification {
  readonly idempotencyKey: string;
  readonly event: string;
  readonly rolloutId: string;
  readonly model: string;
  readonly environment: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly summary: string;
  readonly severity: 'info' | 'warning' | 'page';
  readonly details: Readonly<Record<string, unknown>>;
}

/** Port: delivers a notification to every configured receiver. */
export interface Notifier {
  /** @throws NOTIFICATION_FAILED when a receiver refused it; safe to call again with the same key */
  deliver(notification: Notification): Promise<void>;
}
