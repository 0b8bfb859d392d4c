import type { RegistrationOrder } from '../domain/registry/registration.ts';
import type { ModelPage, RegisteredVersion, VersionPage, VersionRecord } from '../domain/registry/records.ts';
import type { Stage } from '../domain/registry/stages.ts';

/** A version by its number or an alias, and who asks. */
export interface VersionOrder {
  readonly model: string;
  readonly version: string;
  readonly actor: string;
}

/** What is registered. */
export interface RegisterOrder {
  readonly registration: RegistrationOrder;
  /** A file or folder that becomes the version's artifact; null for none. */
  readonly artifactPath: string | null;
  /** Whether it is wanted in production: that is noted, and still needs every step and approval. */
  readonly wantsProduction: boolean;
  readonly actor: string;
}

/** Port: the model registry of one environment. Every method may throw DATABASE_UNREACHABLE and LEDGER_CLOSED. */
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
    readonly actor: string;
  }): Promise<VersionPage>;
  /** By name. */
  models(asked: { readonly after: string | null; readonly limit: number; readonly actor: string }): Promise<ModelPage>;
  /** What principal ids mean, as far as it was not erased. */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
}
