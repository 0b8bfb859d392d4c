import { isMlopsError } from '../domain/errors.ts';
import type { TakenOver } from '../domain/registry/mlflow/version-source.ts';
import { alive } from './alive.ts';
import type { RegistrySource } from './ports.ts';

/** What a run came to. */
export interface RegistrySourceReport extends TakenOver {
  /** Whose registry took it over. */
  readonly environment: string;
  /** `none`: no other registry is configured, or the address is this one's. */
  readonly state: 'none' | 'read';
  /** The first of those that were skipped, `name/number: why`. */
  readonly skipped: readonly string[];
  /** All of them. */
  readonly skippedInAll: number;
}

const SKIPPED_SHOWN = 20;

/** Activities that follow a registry elsewhere. */
export function createRegistrySourceActivities({ registrySource }: { readonly registrySource: RegistrySource | null }) {
  return {
    /** Takes over what changed there since the last run. @throws REGISTRY_SOURCE_FAILED, DATABASE_UNREACHABLE */
    async readRegistrySource({ environment }: { readonly environment: string }): Promise<RegistrySourceReport> {
      const taken = registrySource === null ? null : await alive(async () => await readOther(registrySource));
      if (taken === null)
        return { environment, state: 'none', added: 0, changed: 0, unchanged: 0, skipped: [], skippedInAll: 0 };
      const { skipped } = taken;
      return {
        ...taken,
        environment,
        state: 'read',
        skipped: skipped.slice(0, SKIPPED_SHOWN),
        skippedInAll: skipped.length,
      };
    },
  };
}

/** Null where the address turns out to be this registry itself, by another name. */
async function readOther(source: RegistrySource): Promise<TakenOver | null> {
  try {
    return await source.read();
  } catch (error) {
    if (isMlopsError(error, 'REGISTRY_SOURCE_OWN')) return null;
    throw error;
  }
}
