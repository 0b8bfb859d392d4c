import type { AccessRules } from '../domain/governance/access-watch/rules.ts';
import type { Framework } from '../domain/governance/recorded-event.ts';
import type { Role } from '../domain/governance/roles.ts';
import type { TokenIssuer } from '../domain/governance/token-claims.ts';
import type { ApprovalPolicy } from '../domain/registry/approval/policy.ts';
import type { NoiseSetting } from '../domain/rollout/calibration/noise-basis.ts';
import type { NoiseAssumption } from '../domain/rollout/judge/noise.ts';

/** Configuration after loading: complete, validated, frozen. */
export interface MlopsConfig {
  /** MLOPS_ENV, e.g. dev, staging, production */
  readonly environment: string;
  /** Absolute path of the folder that holds config/ and .mlops/ */
  readonly root: string;
  /** Absolute path of .mlops */
  readonly stateDirectory: string;
  /** Absolute path of the folder with the ledger's segment files, its newest checkpoint and its verifier keys. */
  readonly auditDirectory: string;
  /** What everything recorded is evidence for, beside the frameworks that it names. */
  readonly complianceFrameworks: readonly Framework[];
  readonly ports: {
    readonly api: number;
    readonly gateway: number;
    readonly gatewayAdmin: number;
    readonly temporal: number;
    readonly temporalUi: number;
    readonly postgres: number;
    readonly workerMetrics: number;
  };
  /** MLOPS_IDENTITY: name or file of who acts; null: the user of the operating system. */
  readonly identity: string | null;
  /** DATABASE_URL, or null for the embedded database. */
  readonly databaseUrl: string | null;
  readonly temporal: { readonly address: string | null; readonly namespace: string; readonly retentionDays: number };
  /** Where the gateway is reached. */
  readonly gateway: {
    /** Base URL of its proxy */
    readonly url: string;
    readonly adminUrl: string;
    /** Absolute path of the file with the admin API's token */
    readonly tokenFile: string;
    /** It runs elsewhere: `mlops up` starts none. */
    readonly isElsewhere: boolean;
  };
  /** MONITORING_ENDPOINT: Prometheus text with the counters of both arms */
  readonly monitoringEndpoint: string;
  /** MODEL_REGISTRY_URL: a registry of MLflow that versions come from; null: there is none but ours */
  readonly modelRegistryUrl: string | null;
  readonly monitoring: {
    readonly modelName: string;
    readonly driftDetectionEnabled: boolean;
    readonly alertThresholds: {
      readonly errorRate: number;
      readonly responseTimeP95Ms: number;
      readonly psiScore: number;
    };
    readonly monitoringIntervalSeconds: number;
    readonly baselineWindowDays: number;
  };
  readonly deployment: DeploymentConfig;
  readonly governance: {
    /** Chance that a query of the ledger or a reading of the registry is an event itself, 0 to 1. */
    readonly readSample: number;
    /** Roles of users of the operating system who were granted none; empty in production. */
    readonly developmentRoles: readonly Role[];
    /** Identity providers whose tokens the API takes. */
    readonly issuers: readonly TokenIssuer[];
    /** Aliases that need an approval, beside those that always do. */
    readonly protectedAliases: readonly string[];
    /** What approvals need, by risk. */
    readonly approvalPolicy: ApprovalPolicy;
    /** Where people reach the pages of one-time links; null: on this machine. */
    readonly linkBaseUrl: string | null;
    /** Hosts and addresses that webhooks may be sent to. */
    readonly webhookHosts: readonly string[];
  };
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly accessWatch: AccessWatchConfig;
  readonly keys: KeysConfig;
  readonly artifacts: ArtifactsConfig;
}

/** Who is watched for what is not usual of them. */
export interface AccessWatchConfig {
  readonly isEnabled: boolean;
  readonly rules: AccessRules;
  /** Name of the time zone whose clocks count. */
  readonly timeZone: string;
}

/** Where the keys are that wrap those of ledger and artifacts. */
export type KeysConfig =
  | { readonly provider: 'file' }
  | { readonly provider: 'environment' }
  | { readonly provider: 'vault'; readonly vault: VaultConfig };

/** The transit engine of a Vault or OpenBao server. */
export interface VaultConfig {
  /** Base URL */
  readonly address: string;
  readonly mount: string;
  readonly key: string;
  /** Absolute path; null: VAULT_TOKEN */
  readonly tokenFile: string | null;
  readonly namespace: string | null;
}

/** Where artifacts are kept, and which of them must be signed. */
export interface ArtifactsConfig {
  /** Null: in files of the state directory */
  readonly s3: S3Config | null;
  /** By one of the signers */
  readonly isSignatureRequired: boolean;
  readonly signers: SignersConfig;
}

/** Whose signatures of artifacts are known. All paths are absolute. */
export interface SignersConfig {
  /** Public keys; null: those of keys/artifact-signers in the state directory */
  readonly keys: readonly string[] | null;
  /** Null: none is known */
  readonly certificates: {
    readonly roots: readonly string[];
    /** None: anybody the roots vouch for */
    readonly identities: readonly string[];
  } | null;
  /** Null: none is known */
  readonly sigstore: {
    readonly trustedRoot: string;
    readonly identities: readonly { readonly identity: string; readonly issuer: string }[];
  } | null;
}

/** A bucket of an S3-compatible server. */
export interface S3Config {
  /** Base URL */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Empty, or ended by "/" */
  readonly prefix: string;
  /** Absolute path; null: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY */
  readonly credentialsFile: string | null;
}

export interface DeploymentConfig {
  /** Plan settings by profile name; `default` is always there. */
  readonly profiles: Readonly<Record<string, CanaryConfig>>;
  readonly judge: JudgeConfig;
  /** Noise assumptions by name: those that come along, and those fitted to a service. */
  readonly noiseAssumptions: Readonly<Record<string, NoiseAssumption>>;
  /** What differs from model to model. */
  readonly models: Readonly<Record<string, ModelConfig>>;
  readonly health: {
    readonly intervalSeconds: number;
    readonly timeoutSeconds: number;
    /** k failures of the last n probes make an arm unhealthy. */
    readonly failures: number;
    readonly outOf: number;
    readonly path: string;
    /** Top-level fields the JSON body must have with these values. */
    readonly expect: Readonly<Record<string, string | number | boolean>>;
  };
  readonly resources: { readonly alertAtPercentOfLimit: number };
  /** Base URLs by model and version. */
  readonly targets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names under which this program's own servers are called, beside localhost and addresses. */
  readonly allowedHosts: readonly string[];
  /** Hosts a rollout may send traffic or probes to. */
  readonly endpointAllowList: readonly string[];
  readonly webhooks: readonly {
    readonly url: string;
    readonly secretFile: string;
    readonly events: readonly string[] | 'all';
  }[];
  readonly gateway: {
    /** Of a gateway that runs elsewhere; null: this project's own. */
    readonly url: string | null;
    readonly adminUrl: string | null;
    /** Relative to the project's folder; null: the one this project's own gateway made. */
    readonly tokenFile: string | null;
    readonly listenHost: string;
    readonly adminListenHost: string;
    readonly userHeader: string;
    readonly userCookie: string;
    readonly overrideHeader: string;
    readonly requestTimeoutSeconds: number;
  };
}

export interface CanaryConfig {
  readonly initialPercentage: number;
  readonly maxPercentage: number;
  readonly rampStep: number;
  readonly observationWindowMinutes: number;
  readonly autoRollback: boolean;
  readonly maxDeploymentHours: number;
  readonly tickSeconds: number;
  readonly warmUpSeconds: number;
  /** Requests the canary must have had in a step before the next step. */
  readonly minimumRequests: number;
  readonly bakeMinutes: number;
  /** Share of requests mirrored to the canary before any user sees it; 0 = no shadow step. */
  readonly shadowPercentage: number;
  /** Starts with a 0 % step, reachable by the override header only and smoke-tested. */
  readonly headerOnly: boolean;
  /** Weights (percent) that wait for an approval before they are entered; 100 gates the promotion. */
  readonly manualGates: readonly number[];
  readonly onInFlight: 'refuse' | 'supersede';
  /** Overlap of retrieved ids that a shadow step must show, 0 to 1; null: it is shown only. */
  readonly shadowMinimumOverlap: number | null;
  /** Explicit steps instead of initial/ramp/max. */
  readonly steps: readonly StepConfig[] | null;
}

export interface ModelConfig {
  /** A name of `noiseAssumptions`, an assumption of its own, or null: the one of `judge`. */
  readonly noise: string | NoiseAssumption | null;
  /** As written by `mlops rollout calibrate --write`, or by hand; null: nothing was written. */
  readonly calibration: NoiseSetting['calibration'];
}

export type StepConfig =
  | { readonly shadow: number; readonly windowMinutes?: number; readonly minimumRequests?: number }
  | { readonly headerOnly: true; readonly windowMinutes?: number }
  | {
      readonly weight: number;
      readonly windowMinutes?: number;
      readonly minimumRequests?: number;
      readonly gate?: boolean;
    }
  | { readonly pause: number | 'manual' }
  | { readonly bake: number };

export interface JudgeConfig {
  readonly maxErrorRate: number;
  readonly errorBudget: number;
  readonly nonInferiorityRatio: number;
  readonly scoreMargin: number;
  readonly absoluteTolerance: { readonly errors: number; readonly slow: number };
  readonly requiredMetrics: readonly ('errors' | 'slow' | 'scores')[];
  readonly slowAction: 'hold' | 'rollback';
  /** Metrics that are shown and never decide. */
  readonly dryRunMetrics: readonly ('errors' | 'slow' | 'scores')[];
  /** Name of a noise assumption (contract 4.2), e.g. 'default', 'quiet', or one fitted by `mlops rollout calibrate`. */
  readonly noise: string;
  readonly minimumSuccessRate: number;
  readonly responseTimeDegradationPercent: number;
  readonly responseTimeFloorMs: number;
}
