import type { EngineVersion } from '../domain/rollout/records.ts';
import { createAccessWatchActivities, type AccessWatchStore } from './access-watch.ts';
import { createApprovalActivities, type ApprovalActivityPorts } from './approval.ts';
import { createAuthorityActivities } from './authorise.ts';
import { createClockActivities } from './clock.ts';
import { createGuardActivities } from './guard.ts';
import { createHandOverActivities, type HandOvers } from './hand-over.ts';
import { createHealthActivities } from './health.ts';
import type {
  EmergencyJournal,
  HealthProbe,
  HistoryReader,
  MetricsSource,
  NoiseAssessor,
  Notifier,
  Outbox,
  RegistrySource,
  RolloutLookup,
  RolloutStore,
  SmokeTest,
  TrafficRouter,
  TrafficStore,
  VersionRegistry,
  WebhookMail,
} from './ports.ts';
import { createOwnKeyActivities, type OwnKeys } from './own-key.ts';
import { inOwnEnvironment } from './own-environment.ts';
import { createPreflightActivities, createRefusalActivities } from './preflight.ts';
import { createRecordActivities } from './record.ts';
import { createRegistrySourceActivities } from './registry-source.ts';
import { createRolloutApprovalActivities, type RolloutApprovals } from './rollout-approvals.ts';
import { createTelemetryActivities } from './telemetry.ts';
import { createTrafficActivities } from './traffic.ts';
import { createVersionActivities } from './versions.ts';
import { createWebhookActivities } from './webhook.ts';
import { translateErrors } from './translate-errors.ts';

/** Everything activities need from outside, given once by the composition root. */
export interface ActivityPorts extends ApprovalActivityPorts {
  /** Whose gateway and registry these are. */
  readonly environment: string;
  readonly versions: VersionRegistry;
  readonly rolloutApprovals: RolloutApprovals;
  readonly router: TrafficRouter;
  readonly metrics: MetricsSource;
  readonly health: HealthProbe;
  readonly smoke: SmokeTest;
  readonly traffic: TrafficStore;
  readonly rollouts: RolloutStore;
  readonly history: HistoryReader;
  readonly noise: NoiseAssessor;
  readonly lookup: RolloutLookup;
  readonly journal: EmergencyJournal;
  readonly notifier: Notifier;
  readonly outbox: Outbox;
  readonly webhooks: WebhookMail;
  readonly engine: EngineVersion;
  /** Null: the watch is turned off. */
  readonly accessWatch: AccessWatchStore | null;
  /** Null: no other registry is configured. */
  readonly registrySource: RegistrySource | null;
  readonly ownKeys: OwnKeys;
  readonly handOvers: HandOvers;
}

/** Every activity a worker registers. */
export function createActivities(ports: ActivityPorts) {
  const ofOneEnvironment = inOwnEnvironment(ports.environment, {
    ...createPreflightActivities(ports),
    ...createTrafficActivities(ports),
    ...createTelemetryActivities(ports),
    ...createHealthActivities(ports),
    ...createVersionActivities(ports),
    ...createGuardActivities(ports),
    ...createAccessWatchActivities(ports),
    ...createRegistrySourceActivities(ports),
    ...createOwnKeyActivities(ports),
  });
  return translateErrors({
    ...ofOneEnvironment,
    // That somebody tried is written down where it was tried.
    ...createRefusalActivities(ports),
    ...createRecordActivities(ports),
    ...createAuthorityActivities(ports),
    ...createClockActivities(),
    ...createApprovalActivities(ports),
    ...createHandOverActivities(ports),
    ...createRolloutApprovalActivities(ports),
    ...createWebhookActivities(ports),
  });
}

export type RolloutActivities = ReturnType<typeof createActivities>;
