import type { Pool } from 'pg';
import { NO_APPROVALS } from '../adapters/postgres/registry/refuse-all.ts';
import { createRegistry } from '../adapters/postgres/registry/registry.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { assemblePolicy } from '../domain/registry/policy.ts';
import { currentIdentity } from '../adapters/identity/own-identity.ts';
import { composeArtifacts } from './artifacts.ts';
import { composeAuthority, type Rules } from './authority.ts';
import { guardRegistry } from './guarded-registry.ts';
import { composeEvidence } from './ledger.ts';
import type { KeyPlace } from './wrapping-keys.ts';

/** The model registry of an environment, as who acts in this process may use it. */
export async function composeRegistry(config: Rules & KeyPlace & Pick<MlopsConfig, 'identity'>, pool: Pool) {
  const { environment, governance } = config;
  const parts = await composeEvidence(config, pool);
  const registry = createRegistry({
    ...parts,
    environment,
    store: (await composeArtifacts(config)).store,
    approvals: NO_APPROVALS,
    policy: assemblePolicy(governance.protectedAliases),
    readSample: governance.readSample,
  });
  return guardRegistry(registry, composeAuthority(config, parts), await currentIdentity(config));
}
