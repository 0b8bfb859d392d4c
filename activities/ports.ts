import type { EventActor } from '../domain/governance/event-draft.ts';
import type { AskedFor, Claim } from '../domain/governance/statement.ts';
import type { RestoreOrder, StageOrder } from './versions.ts';
import type { ApprovalKind } from '../domain/registry/approval/request.ts';
import type { OpenRequest } from '../domain/rollout/approval-request.ts';
import type { EarlierAttempt } from '../domain/rollout/error-budget.ts';
import type { HistoryQuery, HistoryTick } from '../domain/rollout/calibration/history.ts';
import type { assessNoise, NoiseBasis } from '../domain/rollout/calibration/noise-basis.ts';
import type { RolloutOutcomeRecord, RolloutRecord, TickRecord } from '../domain/rollout/records.ts';
import type { TakenOver } from '../domain/registry/mlflow/version-source.ts';
import type { WebhookEvent } from '../domain/registry/mlflow/webhook/events.ts';
import type { ArmTarget, LiveSplit, TrafficSplit, TrafficWrite } from '../domain/rollout/split.ts';
import type { StoryEvent } from '../domain/rollout/story.ts';
import type { TelemetrySnapshot } from '../domain/rollout/telemetry.ts';

/** Port: decides who somebody is and whether they may; a refusal is written down. */
export interface Authority {
  /** @throws NOT_AUTHENTICATED, NOT_AUTHORISED, DATABASE_UNREACHABLE, LEDGER_CLOSED */
  authorise(claim: Claim, asked: AskedFor): Promise<EventActor>;
}

/** What a rollout goes by that the registry has let in. */
export interface AdmittedVersions {
  /** False: the registry does not know the model, and need not. */
  readonly isGoverned: boolean;
  readonly approvalId: string | null;
  /** In production by the registry when the rollout began; null for none. */
  readonly production: string | null;
}

/** Port: the registry, as far as rollouts have to do with it. Every method is idempotent. */
export interface VersionRegistry {
  /** @throws PREFLIGHT_VERSION */
  admit(pair: {
    readonly environment: string;
    readonly model: string;
    readonly stable: ArmTarget;
    readonly canary: ArmTarget;
  }): Promise<AdmittedVersions>;
  /** Moves the version into production, by its approval, until the end of the rollout is recorded. @throws what a promotion throws */
  promote(order: StageOrder): Promise<string>;
  /** Takes it out again, once, and puts back what was there. Null: it is not there, or was before. */
  restore(order: RestoreOrder): Promise<string | null>;
}

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
  /** What it uses of what it may use, as it says itself; null where it does not say. */
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
  readonly cpuCores: number | null;
  readonly cpuLimitCores: number | null;
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

/** Port: delivers notifications to the configured receivers. */
export interface Notifier {
  /**
   * To the receiver at an address, or to every one that wants the event.
   *
   * @throws NOTIFICATION_FAILED when a receiver refused it; safe to call again with the same key
   */
  deliver(notification: Notification, receiver?: string): Promise<void>;
}

/** A notification on its way to one receiver. */
export interface Delivery {
  readonly notification: Notification;
  /** Address of the receiver. */
  readonly receiver: string;
  /** The rollout whose story has to tell when it could not be delivered; null when it is of none. */
  readonly rolloutKey: string | null;
}

/** Port: takes notifications that are delivered on their own time, each once per key and receiver. */
export interface Outbox {
  send(notification: Notification, rolloutKey: string | null): Promise<void>;
}

/** One event of the registry for one webhook. What is sent is read when it is sent. */
export interface WebhookDelivery {
  /** The same in every attempt; ends with the place of its event in the log. */
  readonly id: string;
  readonly webhookId: string;
  readonly sequence: number;
  readonly told: WebhookEvent;
  /** The delivery to the same hook before this one; null: none that is known. */
  readonly previous: string | null;
}

/** Port: sends webhooks of the registry. */
export interface WebhookMail {
  /** One attempt; `dropped` when the hook was deleted or disabled. @throws WEBHOOK_NOT_DELIVERED, DATABASE_UNREACHABLE */
  deliver(delivery: WebhookDelivery): Promise<'delivered' | 'dropped'>;
  /** Writes that a delivery failed for good, once. */
  recordFailure(delivery: WebhookDelivery, problem: string): Promise<void>;
}

/** Port: a registry elsewhere that versions come from. */
export interface RegistrySource {
  /** Takes over what changed there since the last time. @throws REGISTRY_SOURCE_FAILED, DATABASE_UNREACHABLE */
  read(): Promise<TakenOver>;
}

/** A traffic write that was given its generation in the database before the router was asked. */
export interface ReservedWrite {
  readonly generation: number;
  readonly idempotencyKey: string;
  readonly split: TrafficSplit;
  readonly expectedGeneration: number | null;
  /** Who is said to write it: an id in place of a name that was erased since it was asked for. */
  readonly actor: string;
  readonly applied: boolean;
}

/** Port: the fence and the outside witness of traffic (architecture D2). */
export interface TrafficStore {
  /** Returns the write already reserved under this key, else reserves one newer than `newerThan` and all before. */
  reserve(request: {
    readonly environment: string;
    readonly idempotencyKey: string;
    readonly split: TrafficSplit;
    readonly expectedGeneration: number;
    readonly actor: string;
    readonly reason: string;
  }): Promise<ReservedWrite>;
  markApplied(environment: string, live: LiveSplit): Promise<void>;
  markRefused(environment: string, model: string, generation: number, code: string): Promise<void>;
  /** The newest write known to be live, or null. */
  latestApplied(environment: string, model: string): Promise<LiveSplit | null>;
  /** Records a split that somebody else wrote, so that it is known from now on. Harmless when repeated. */
  recordForeign(environment: string, live: LiveSplit, reason: string): Promise<void>;
  models(environment: string): Promise<readonly string[]>;
}

/** An entry of a rollout's story. */
export interface RolloutEventRecord {
  readonly rolloutKey: string;
  readonly idempotencyKey: string;
  readonly at: string;
  readonly event: StoryEvent;
  readonly actor: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** An approval that is used up by this, in the same transaction. */
  readonly uses?: Pick<OpenRequest, 'approvalId' | 'bound' | 'resource'> & { readonly kind: ApprovalKind };
}

export interface IncidentRecord {
  readonly idempotencyKey: string;
  readonly model: string;
  readonly environment: string;
  /** The part of the system that found it. */
  readonly actor: 'rollout' | 'judge' | 'traffic-guard';
  readonly kind: string;
  readonly severity: 'info' | 'warning' | 'page';
  readonly summary: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Port: the evidence of rollouts. Every write is idempotent by its key. */
export interface RolloutStore {
  /**
   * @param isGoverned the registry has let its versions in, and is asked once more whether they are still there
   * @throws PREFLIGHT_VERSION
   */
  open(record: RolloutRecord, isGoverned?: boolean): Promise<void>;
  /** The newest attempt of the same release (model, environment, both versions) before this one, or null. */
  earlierAttempt(
    release: Pick<RolloutRecord, 'rolloutKey' | 'model' | 'environment' | 'fromVersion' | 'toVersion'>,
  ): Promise<EarlierAttempt | null>;
  /** Evidence of harm that a rollout began with: what earlier attempts of its release left. */
  carriedWealth(rolloutKey: string): Promise<number>;
  /** The newest tick before `tick`, with its state, or null. */
  lastTickBefore(rolloutKey: string, tick: number): Promise<TickRecord | null>;
  /** Saves a tick once; returns the row that is there afterwards, whoever wrote it. */
  saveTick(record: TickRecord): Promise<TickRecord>;
  tick(rolloutKey: string, tick: number): Promise<TickRecord | null>;
  /** @throws APPROVAL_NOT_GRANTED when it would use an approval that does not allow it */
  recordEvent(record: RolloutEventRecord): Promise<void>;
  /** Keys of a model's rollouts that have no outcome yet. */
  unfinished(environment: string, model: string): Promise<readonly string[]>;
  /** Returns false when the incident was known already. */
  openIncident(record: IncidentRecord): Promise<boolean>;
  /** Writes outcome, event and, for a promotion, the proven version, in one transaction. */
  close(
    rolloutKey: string,
    outcome: RolloutOutcomeRecord & { readonly humanWaitSeconds: number },
    proven: (ArmTarget & { model: string; environment: string }) | null,
  ): Promise<void>;
}

/** Port: counts of the stable version in earlier looks. */
export interface HistoryReader {
  /** Oldest first; of both arms of A/A runs. @throws DATABASE_UNREACHABLE */
  history(environment: string, model: string, asked: HistoryQuery): Promise<readonly HistoryTick[]>;
}

/** Port: assesses noise without holding up the event loop, for histories that take a second. */
export interface NoiseAssessor {
  assess(...asked: Parameters<typeof assessNoise>): Promise<NoiseBasis>;
}

/** Port: whether a rollout of this model is open in the durable engine. */
export interface RolloutLookup {
  isOpen(environment: string, model: string): Promise<boolean>;
}

/** Port: emergency rollbacks that were journaled in a local file while the database was away. */
export interface EmergencyJournal {
  /** Copies every journaled entry that is not in the database yet; returns how many. */
  ingest(): Promise<number>;
}

/** Port: asks the canary through the router, by the override header. */
export interface SmokeTest {
  /** @throws ROUTER_UNREACHABLE */
  ask(model: string, version: string): Promise<{ readonly passed: boolean; readonly detail: string }>;
}
