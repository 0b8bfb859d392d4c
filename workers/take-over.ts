import type { Pool } from 'pg';
import { currentIdentity } from '../adapters/identity/own-identity.ts';
import { createVersionSource } from '../adapters/mlflow/version-source.ts';
import { takeOver } from '../adapters/postgres/registry/mlflow/take-over.ts';
import type { MlopsConfig } from '../config/schema.ts';
import type { TakenOver } from '../domain/registry/mlflow/version-source.ts';
import { composeAuthority } from './authority.ts';
import { composeEvidence } from './ledger.ts';
import { openRegistry, type RegistryRules } from './registry.ts';

/** Takes versions over from an MLflow registry, for who acts in this process and may import. */
export async function composeTakeOver(
  config: RegistryRules & Pick<MlopsConfig, 'identity'>,
  pool: Pool,
): Promise<(url: string, token: string | null) => Promise<TakenOver>> {
  const evidence = await composeEvidence(config, pool);
  const { parts } = await openRegistry(config, evidence);
  const [authority, identity] = [composeAuthority(config, evidence), await currentIdentity(config)];
  return async (url, token) => {
    const source = createVersionSource(url, token);
    const asked = { action: 'model.import', resource: 'model', content: { from: source.url } };
    const actor = await authority.authorise(identity.claim(asked), asked);
    return await takeOver(parts, { source, actor });
  };
}
