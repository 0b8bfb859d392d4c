import { loadConfig } from '../config/load.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { createApprovalVerbs, type ApprovalVerbs } from './approvals/approval-verbs.ts';
import { createAuditVerbs, type AuditVerbs } from './audit/audit-verbs.ts';
import { createComposition } from './cli/composition.ts';
import { createGovernanceVerbs, type GovernanceVerbs } from './governance/governance-verbs.ts';
import { createIdentityVerbs, type IdentityVerbs } from './identity/identity-verbs.ts';
import { createModelRegistry, type ModelRegistry } from './registry/model-registry.ts';
import { createRolloutVerbs, type RolloutVerbs } from './rollouts/rollout-verbs.ts';

export { MlopsError, isMlopsError } from '../domain/errors.ts';
export { createJudgeState, judgeTick, openJudge } from '../domain/rollout/judge.ts';
export { replayStream } from '../domain/rollout/replay.ts';
export { verifyReceiptHere as verifyReceipt } from './rollouts/verify-receipt-here.ts';
export type { ApprovalVerbs, Decided, DecisionOrder, DelegationInput } from './approvals/approval-verbs.ts';
export type { AuditQuery, ExportChoice, Verification } from './audit/audit-input.ts';
export type { AuditEvent, AuditPage, AuditVerbs, WrittenExport } from './audit/audit-verbs.ts';
export type { AlarmOrder, ErasureOrder, EventOrder, HoldInput } from './governance/governance-input.ts';
export type { Erasure, GovernanceVerbs, HoldVerbs, Watch } from './governance/governance-verbs.ts';
export type { GrantOrder, IdentityVerbs, KeyOrder, NewIdentityOrder, RevokeOrder } from './identity/identity-verbs.ts';
export type { ModelRegistry } from './registry/model-registry.ts';
export type * from './registry/registry-input.ts';
export type { ActionOrder, RollbackOrder, StartOrder } from './rollouts/rollout-input.ts';
export type { RolloutVerbs } from './rollouts/rollout-verbs.ts';

/** The verbs of the command line for TypeScript programs. Connections are opened when a verb first needs them. */
export interface Mlops {
  /** Complete, validated and frozen. */
  readonly config: MlopsConfig;
  /** Versions rolled out, judged. */
  readonly rollouts: RolloutVerbs;
  /** Versions of models, their stages, aliases and lineage. */
  readonly registry: ModelRegistry;
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
    registry: createModelRegistry(async () => await parts.registry()),
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
