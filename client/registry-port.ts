import type { Dependency } from '../domain/registry/dependency.ts';
import type { Lineage } from '../domain/registry/lineage.ts';
import type { SourceConflict } from '../domain/registry/mlflow/source-conflict.ts';
import type { RegistrationOrder } from '../domain/registry/registration.ts';
import type {
  AliasOutcome,
  DescribeOutcome,
  EndpointOutcome,
  HistoryPage,
  ImportReport,
  ModelPage,
  RegisteredVersion,
  StageChangeRecord,
  StageOutcome,
  TagOutcome,
  VerifiedArtifact,
  VersionPage,
  VersionRecord,
} from '../domain/registry/records.ts';
import type { Stage } from '../domain/registry/stages.ts';

/** A version by its number or an alias. */
export interface VersionOrder {
  readonly model: string;
  readonly version: string;
}

/** A version by its number or an alias; null: the model itself. */
export interface LabelOrder {
  readonly model: string;
  readonly version: string | null;
}

/** What is registered. */
export interface RegisterOrder {
  readonly registration: RegistrationOrder;
  /** A file or folder that becomes the version's artifact; null for none. */
  readonly artifactPath: string | null;
  /** Whether it is wanted in production: that is noted, and still needs every step and approval. */
  readonly wantsProduction: boolean;
}

/** Why something is changed. */
export interface Reasoned {
  /** Sealed in the ledger under the key of who gave it. */
  readonly reason: string;
}

/** What a promotion or a way back rests on. */
export interface ProductionOrder extends Reasoned {
  readonly model: string;
  /** The version that is believed to be in production, null for none: when it is another one, nothing happens. */
  readonly expectedProduction: string | null;
  readonly approvalId: string | null;
}

/** Port: the model registry of one environment, as who runs the program may use it. Every method may throw DATABASE_UNREACHABLE and LEDGER_CLOSED. */
export interface Registry {
  /**
   * Registers a version; the same content again changes nothing.
   *
   * @throws REGISTRATION_INVALID, VERSION_CONFLICT, VERSION_RETIRED, DEPENDENCY_UNKNOWN, DEPENDENCY_CYCLE
   */
  register(
    order: RegisterOrder,
    progress?: { readonly signal?: AbortSignal; readonly onProgress?: (bytes: number) => void },
  ): Promise<RegisteredVersion>;
  /** @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND */
  version(order: VersionOrder): Promise<VersionRecord>;
  /** Highest precedence first. @throws MODEL_NOT_FOUND */
  versions(asked: {
    readonly model: string;
    readonly stage: Stage | null;
    readonly withRetired: boolean;
    /** The last version of the page before; null for the first page. */
    readonly after: string | null;
    readonly limit: number;
  }): Promise<VersionPage>;
  /** By name. */
  models(asked: { readonly after: string | null; readonly limit: number }): Promise<ModelPage>;
  /** Versions of another registry that could not be taken over, at most 1000, those first that were tried longest ago. */
  conflicts(): Promise<readonly SourceConflict[]>;
  /** What principal ids mean, as far as it was not erased. */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The version in production. @throws MODEL_NOT_FOUND */
  production(asked: { readonly model: string }): Promise<string | null>;
  /**
   * One stage up; what needs an approval and has none is noted, and `awaiting` says what must be approved.
   *
   * @throws VERSION_NOT_FOUND, VERSION_RETIRED, TRANSITION_ILLEGAL, STAGE_CONFLICT, ARTIFACT_MISSING, ARTIFACT_MISMATCH,
   *   INDEX_MISMATCH, APPROVAL_NOT_GRANTED
   */
  promote(
    order: ProductionOrder & { readonly version: string; readonly to: 'staging' | 'production' },
  ): Promise<StageOutcome>;
  /** Back to the last production version that can be verified. @throws as promote, and PREVIOUS_UNKNOWN */
  goBack(order: ProductionOrder): Promise<StageOutcome>;
  /**
   * One stage back, or out of new use. @throws VERSION_NOT_FOUND, TRANSITION_ILLEGAL, DEMOTE_REFUSED while users are served by it, unless
   *   it is only deprecated, ROUTER_UNREACHABLE
   */
  demote(
    order: Reasoned & {
      readonly model: string;
      readonly version: string;
      readonly to: 'development' | 'staging' | 'deprecated';
    },
  ): Promise<StageOutcome>;
  /** Out of use for good. @throws VERSION_NOT_FOUND, RETIRE_REFUSED */
  retire(order: Reasoned & { readonly model: string; readonly version: string }): Promise<StageOutcome>;
  /**
   * Makes an alias mean a version; null removes it.
   *
   * @throws USAGE_INVALID, VERSION_NOT_FOUND, VERSION_RETIRED, ALIAS_PROTECTED, ARTIFACT_MISSING, ARTIFACT_MISMATCH, APPROVAL_NOT_GRANTED
   */
  alias(
    order: Reasoned & {
      readonly model: string;
      readonly alias: string;
      readonly version: string | null;
      readonly approvalId: string | null;
    },
  ): Promise<AliasOutcome>;
  /**
   * Says where a version answers in this environment; null: nowhere any more. The next rollout goes there.
   *
   * @throws VERSION_NOT_FOUND, VERSION_RETIRED, ENDPOINT_NOT_ALLOWED, USAGE_INVALID
   */
  endpoint(
    order: Reasoned & { readonly model: string; readonly version: string; readonly endpoint: string | null },
  ): Promise<EndpointOutcome>;
  /**
   * Sets tags of a version, or of the model where `version` is null, and takes others away.
   *
   * @throws USAGE_INVALID, MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND
   */
  tag(
    order: LabelOrder & { readonly set: Readonly<Record<string, string>>; readonly unset: readonly string[] },
  ): Promise<TagOutcome>;
  /** Says what a version, or the model, is in words. @throws as `tag` */
  describe(order: LabelOrder & { readonly description: string }): Promise<DescribeOutcome>;
  /** Reads the artifact again. @throws VERSION_NOT_FOUND, ARTIFACT_MISSING */
  verify(order: VersionOrder): Promise<VerifiedArtifact>;
  /**
   * Who of those who are known here has signed a version's artifact, for people; null when nobody has.
   *
   * @throws VERSION_NOT_FOUND, ARTIFACT_STORE_UNUSABLE, SIGNER_KEY_INVALID, SIGNER_ROOT_INVALID
   */
  signer(order: VersionOrder): Promise<string | null>;
  /** Transitions, newest first. @throws MODEL_NOT_FOUND */
  history(asked: {
    readonly model: string;
    readonly after: number | null;
    readonly limit: number;
  }): Promise<HistoryPage>;
  /** The transition by which a version was in production at a moment. @throws MODEL_NOT_FOUND */
  productionAt(asked: { readonly model: string; readonly at: Date }): Promise<StageChangeRecord | null>;
  /** What something rests on, or what rests on it. @throws VERSION_NOT_FOUND, MODEL_NOT_FOUND */
  lineage(order: {
    /** A registered version, or something that versions rest on. */
    readonly start: { readonly model: string; readonly version: string } | Dependency;
    readonly direction: 'upstream' | 'downstream';
    readonly depth: number;
  }): Promise<Lineage>;
  /**
   * Adds what a version rests on, when that becomes known later; false when it was known.
   *
   * @throws REGISTRATION_INVALID, VERSION_NOT_FOUND, VERSION_RETIRED, DEPENDENCY_UNKNOWN, DEPENDENCY_CYCLE
   */
  depend(
    order: VersionOrder & { readonly dependency: { readonly kind: string; readonly target: string } },
  ): Promise<boolean>;
  /** Lines of the whole registry, in groups. */
  export(): AsyncIterable<readonly string[]>;
  /** Puts an export into an empty registry. @throws REGISTRY_IMPORT_INVALID, REGISTRY_IMPORT_DIFFERS */
  import(order: { readonly lines: AsyncIterable<string> }): Promise<ImportReport>;
}
