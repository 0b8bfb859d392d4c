import type { Pool } from 'pg';
import type { GrantedApprovals } from '../adapters/postgres/registry/parts.ts';
import { NO_APPROVALS, NO_ARTIFACTS } from '../adapters/postgres/registry/refuse-all.ts';
import { createRegistry } from '../adapters/postgres/registry/registry.ts';
import type { MlopsConfig } from '../config/schema.ts';
import type { ArtifactStore } from '../domain/registry/artifact.ts';
import { assemblePolicy } from '../domain/registry/policy.ts';
import { currentIdentity } from '../adapters/identity/own-identity.ts';
import { composeAuthority } from './authority.ts';
import { guardRegistry } from './guarded-registry.ts';
import { composeEvidence } from './ledger.ts';

/** What the registry works with. Left out, it refuses: no artifact is taken in, and nothing was approved. */
export interface RegistryPorts {
  readonly store?: ArtifactStore;
  readonly approvals?: GrantedApprovals;
}

/** The model registry of an environment, as who acts in this process may use it. */
export async function composeRegistry(
  config: Pick<MlopsConfig, 'environment' | 'identity' | 'stateDirectory' | 'governance'>,
  pool: Pool,
  { approvals = NO_APPROVALS, store = NO_ARTIFACTS }: RegistryPorts,
) {
  const { environment, governance } = config;
  const parts = await composeEvidence(config, pool);
  const registry = createRegistry({
    ...parts,
    environment,
    store,
    approvals,
    policy: assemblePolicy(governance.protectedAliases),
    readSample: governance.readSample,
  });
  return guardRegistry(registry, composeAuthority(config, parts), await currentIdentity(config));
}
