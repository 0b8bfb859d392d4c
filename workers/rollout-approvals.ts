import type { Client } from '@temporalio/client';
import type { AskedApproval, RolloutApprovals } from '../activities/rollout-approvals.ts';
import { digestOf } from '../adapters/crypto/digest-of.ts';
import { createApprovalReader } from '../adapters/postgres/registry/approval-reader.ts';
import { createApprovalStore } from '../adapters/postgres/registry/approval-store.ts';
import { readChange, type ShownChange } from '../adapters/postgres/registry/change-content.ts';
import type { RegistryParts } from '../adapters/postgres/registry/parts.ts';
import { createRolloutStore, type EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { createApprovalDesk } from '../adapters/temporal/approval-desk.ts';
import { createRolloutLookup } from '../adapters/temporal/rollout-lookup.ts';
import { isMlopsError } from '../domain/errors.ts';
import type { ArtifactSignatures } from '../domain/registry/artifact.ts';
import { judgeQuorum } from '../domain/registry/approval/quorum.ts';
import type {
  ApprovalContent,
  ApprovalOrder,
  ApprovalRecord,
  ExcludedAs,
} from '../domain/registry/approval/request.ts';
import type { RiskInputs } from '../domain/registry/approval/risk.ts';
import { changeSizeOf } from '../domain/registry/version-change.ts';
import { rolloutOfResource, type RolloutAsk } from '../domain/rollout/approval-request.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';
import type { Carriers } from './carriers.ts';
import { riskWithSignature } from './signed-risk.ts';

interface Parts {
  readonly client: Client;
  readonly environment: string;
  readonly evidence: EvidenceParts;
  readonly registry: RegistryParts & { readonly signatures: ArtifactSignatures };
}

/** What is assessed of a version that the registry does not know: the riskier case. */
const UNKNOWN: RiskInputs = {
  trafficPercent: null,
  modelType: null,
  daysSinceLastChange: null,
  failedGates: [],
  changeSize: null,
  signed: null,
};

/** Approvals as rollouts ask for them: with what the registry knows of the version; and what is there now of what was asked. */
export function composeRolloutApprovals(parts: Parts): {
  readonly approvals: RolloutApprovals;
  readonly carriers: Carriers;
} {
  const reader = createApprovalReader(parts.evidence.pool);
  const store = createApprovalStore(parts.evidence);
  const desk = createApprovalDesk(parts.client, reader, TASK_QUEUE);
  const current = async (record: ApprovalRecord): Promise<ApprovalContent | null> => {
    const { action, bound, evidence } = await reader.view(record.approvalId);
    const { rollout, to } = action;
    const model = rolloutOfResource(record.resource)?.split('/')[2] ?? '';
    if (!(await isRunning(parts, model, textOf(rollout)))) return null;
    const known = await findVersion(parts.registry, model, textOf(to));
    // Another artifact, or other test results: it is another question, which the rollout asks by itself.
    return sameVersion(bound, known) ? { action, bound, evidence } : null;
  };
  return {
    approvals: {
      ask: async (ask) => askedOf(await desk.request(await assembleOrder(parts, ask))),
      withdraw: async (approvalId) => void (await store.changeContent(approvalId, null)),
    },
    carriers: { 'rollout-gate': { current }, 'gate-skip': { current } },
  };
}

async function assembleOrder({ registry }: Parts, ask: RolloutAsk): Promise<ApprovalOrder> {
  const { action, environment, evidence, failedGates, kind, model, policy, reason, requestedBy, resource } = ask;
  const known = await findVersion(registry, model, ask.toVersion);
  const { fromVersion, toVersion, trafficPercent } = ask;
  const changeSize = changeSizeOf(fromVersion, toVersion);
  const risk = known === null ? UNKNOWN : await riskWithSignature(registry.signatures, known);
  return {
    kind,
    resource,
    environment,
    requestedBy,
    excluded: excludedOf(ask, known),
    bound: {
      artifact: known?.content.bound.artifact ?? null,
      tests: testsOf(known),
      policy: digestOf({ rollout: policy, registry: known?.content.bound.policy ?? null }),
    },
    // First what the rollout has seen, then what was tested before.
    evidence: [...evidence, ...(known?.content.evidence ?? [])],
    action: { model, ...action },
    risk: { ...risk, trafficPercent, failedGates, changeSize },
    reason,
  };
}

/** Nobody decides about what they made, or brought on its way. */
function excludedOf({ requestedBy, startedBy }: RolloutAsk, known: ShownChange | null): Record<string, ExcludedAs> {
  return {
    ...(startedBy === requestedBy ? {} : { [startedBy]: 'starter' as const }),
    ...known?.excluded,
  };
}

function askedOf({ record }: { readonly record: ApprovalRecord }): AskedApproval {
  const { approvalId, bound, contentDigest, decisions, quorum } = record;
  return { approvalId, bound, contentDigest, quorum, missing: judgeQuorum(record, decisions).missing };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A rollout that was terminated asks nothing any more, and the next one asks by itself. */
async function isRunning(
  { client, environment, evidence }: Parts,
  model: string,
  rolloutKey: string,
): Promise<boolean> {
  const unfinished = await createRolloutStore(evidence).unfinished(environment, model);
  return unfinished.includes(rolloutKey) && (await createRolloutLookup(client).isOpen(environment, model));
}

/** The version as the registry knows it; null when it does not, and need not. */
async function findVersion(registry: RegistryParts, model: string, version: string): Promise<ShownChange | null> {
  try {
    return await readChange(registry, { kind: 'stage-promotion', model, version, to: 'production' });
  } catch (error) {
    if (isMlopsError(error, 'VERSION_NOT_FOUND') || isMlopsError(error, 'MODEL_NOT_FOUND')) return null;
    throw error;
  }
}

function sameVersion({ artifact, tests }: ApprovalContent['bound'], known: ShownChange | null): boolean {
  return artifact === (known?.content.bound.artifact ?? null) && tests === testsOf(known);
}

function testsOf(known: ShownChange | null): string {
  return known?.content.bound.tests ?? digestOf(null);
}
