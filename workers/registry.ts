import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { currentIdentity } from '../adapters/identity/own-identity.ts';
import { createGatewayRouter } from '../adapters/gateway/router.ts';
import { createGrantedApprovals } from '../adapters/postgres/registry/granted-approvals.ts';
import type { RegistryParts } from '../adapters/postgres/registry/parts.ts';
import { createRegistry } from '../adapters/postgres/registry/registry.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { assemblePolicy } from '../domain/registry/policy.ts';
import { composeApprovals, type AskingRules } from './approvals.ts';
import { composeArtifacts, type ArtifactPlace } from './artifacts.ts';
import { composeAuthority, type Rules } from './authority.ts';
import { guardRegistry } from './guarded-registry.ts';
import { composeEvidence } from './ledger.ts';
import { askForApprovals } from './registry-approvals.ts';
import { createApprovalWaker } from './wake-approvals.ts';

/** What the registry goes by. */
export type RegistryRules = Rules & ArtifactPlace & Pick<MlopsConfig, 'deployment' | 'gateway'>;

/** The registry of an environment without anybody before it: for programs that carry out what was approved. */
export async function openRegistry(
  config: RegistryRules,
  evidence: EvidenceParts,
  wakeApprovals: RegistryParts['wakeApprovals'] = async () => await Promise.resolve(),
) {
  const { deployment, environment, governance } = config;
  const { store } = await composeArtifacts(config);
  const parts = {
    ...evidence,
    environment,
    store,
    signatures: store,
    approvals: createGrantedApprovals(),
    policy: assemblePolicy(governance.protectedAliases, governance.approvalPolicy),
    router: createGatewayRouter(config),
    endpointHosts: deployment.endpointAllowList,
    wakeApprovals,
    readSample: governance.readSample,
  };
  return { registry: createRegistry(parts), parts };
}

/** The same, asking for the approvals that it lacks: for who has been authorised elsewhere. */
export async function openAskingRegistry(
  config: RegistryRules & AskingRules,
  evidence: EvidenceParts,
  connect: () => Promise<Client>,
) {
  const { parts, registry } = await openRegistry(config, evidence, createApprovalWaker(config, evidence.pool, connect));
  const approvals = composeApprovals(config, { connect, evidence });
  return { parts, registry: askForApprovals(registry, parts, async (order) => await approvals.request(order)) };
}

/** The model registry of an environment, as who acts in this process may use it. Connected when an approval has to be asked for. */
export async function composeRegistry(config: RegistryRules & AskingRules, pool: Pool, connect: () => Promise<Client>) {
  const evidence = await composeEvidence(config, pool);
  const { registry } = await openAskingRegistry(config, evidence, connect);
  return guardRegistry(registry, composeAuthority(config, evidence), await currentIdentity(config));
}
