import { loadConfig } from '../config/load.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { createApprovalVerbs, type ApprovalVerbs } from './approvals/approval-verbs.ts';
import { createAuditVerbs, type AuditVerbs } from './audit/audit-verbs.ts';
import { createComposition } from './cli/composition.ts';
import { createGovernanceVerbs, type GovernanceVerbs } from './governance/governance-verbs.ts';
import { createIdentityVerbs, type IdentityVerbs } from './identity/identity-verbs.ts';
import { createModelRegistry, type ModelRegistry } from './registry/model-registry.ts';
import { createTransferVerbs, type TransferVerbs } from './registry/registry-transfer.ts';
import { createRolloutVerbs, type RolloutVerbs } from './rollouts/rollout-verbs.ts';

/** The verbs of the command line for TypeScript programs. Connections are opened when a verb first needs them. */
export interface Mlops {
  /** Complete, validated and frozen. */
  readonly config: MlopsConfig;
  /** Versions rolled out, judged. */
  readonly rollouts: RolloutVerbs;
  /** Versions of models, their stages, aliases and lineage. */
  readonly registry: ModelRegistry & {
    /** All of it at once: to another registry, and from one. */
    readonly transfer: TransferVerbs;
  };
  /** Who is asked, and what they decided. */
  readonly approvals: ApprovalVerbs;
  /** The evidence ledger: found, exported, verified. */
  readonly audit: AuditVerbs;
  /** Principals with their roles and keys. */
  readonly identities: IdentityVerbs;
  /** Evidence of what programs did elsewhere; erasure, legal holds, keys, and the watch over who does what. */
  readonly governance: GovernanceVerbs;
  /** Closes every connection that was opened. */
  close(): Promise<void>;
}

/**
 * Opens the system as configured in a folder (config/*.yaml, mlops.yaml, environment variables).
 *
 * @throws CONFIG_INVALID with all problems
 * @example
 * const mlops = connect();
 * await mlops.rollouts.start({ model: 'rag_api', fromVersion: '1.0.0', toVersion: '1.1.0', reason: 'build 4711' });
 * const result = await mlops.rollouts.result('rag_api');
 */
export function connect(
  options: {
    readonly workingDirectory?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
  } = {},
): Mlops {
  const { workingDirectory = process.cwd(), env = process.env } = options;
  const { config } = loadConfig({ env, workingDirectory });
  const load = async () => await Promise.resolve(config);
  const composition = createComposition(load);
  const parts = { ...composition, config: load, warn, workingDirectory, auditDirectory: config.auditDirectory };
  return {
    config,
    rollouts: createRolloutVerbs(parts),
    registry: { ...createModelRegistry(async () => await parts.registry()), transfer: createTransferVerbs(parts) },
    approvals: createApprovalVerbs(parts),
    audit: createAuditVerbs(parts),
    identities: createIdentityVerbs(parts),
    governance: createGovernanceVerbs(parts),
    close: async () => await composition.close(),
  };
}

/** Nobody reads along as at a terminal: what went wrong beside a verb is a warning of the process. */
function warn(text: string): void {
  process.emitWarning(text);
}
