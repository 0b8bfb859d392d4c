import type { Client } from '@temporalio/client';
import type { BoundContent } from '../activities/approval-ports.ts';
import type { RolloutApprovals } from '../activities/rollout-approvals.ts';
import { digestOf } from '../adapters/crypto/digest-of.ts';
import { createApprovalReader } from '../adapters/postgres/registry/approval-reader.ts';
import { readChange, type ShownChange } from '../adapters/postgres/registry/change-content.ts';
import type { RegistryParts } from '../adapters/postgres/registry/parts.ts';
import { findOpenRollout, type OpenRollout } from '../adapters/postgres/open-rollout.ts';
import { createRolloutStore, type EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { createApprovalDesk } from '../adapters/temporal/approval-desk.ts';
import { createRolloutLookup } from '../adapters/temporal/rollout-lookup.ts';
import { isMlopsError, MlopsError } from '../domain/errors.ts';
import type { ArtifactSignatures } from '../domain/registry/artifact.ts';
import type {
  ApprovalAssessment,
  ApprovalContent,
  ApprovalOrder,
  ApprovalView,
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

/**
 * Approvals as rollouts ask for them, assembled by the worker and sent through no workflow: with what its records say of the rollout and
 * the registry of the version; and what is there now of what was asked.
 */
export function composeRolloutApprovals(parts: Parts): {
  readonly approvals: RolloutApprovals;
  readonly carriers: Carriers;
} {
  const reader = createApprovalReader(parts.evidence.pool);
  const desk = createApprovalDesk(parts.client, reader, TASK_QUEUE);
  const assess: BoundContent['assess'] = async (_, before) =>
    before === null ? null : await assessAgain(parts, before);
  return {
    approvals: {
      async assemble(ask) {
        const { environment, kind, requestedBy, resource } = ask;
        const order = await assembleOrder(parts, ask);
        const requester = await parts.evidence.principals.actor(requestedBy);
        const open = await reader.openFor(environment, kind, resource);
        const approvalId = open?.approvalId ?? (await desk.nextId(ask));
        return { approvalId, isOpen: open !== null, order, requester };
      },
      takeUp: async (approvalId) => await desk.takeUp(approvalId),
    },
    carriers: { 'rollout-gate': { assess }, 'gate-skip': { assess } },
  };
}

/** What a rollout has seen is fixed when it asks; somebody more may have brought the same artifact since. */
async function assessAgain(
  parts: Parts,
  { action, bound, evidence, resource }: ApprovalView,
): Promise<ApprovalAssessment | null> {
  const { rollout, to } = action;
  const model = rolloutOfResource(resource)?.split('/')[2] ?? '';
  if (!(await isRunning(parts, model, textOf(rollout)))) return null;
  const known = await findVersion(parts.registry, model, textOf(to));
  // Another artifact, or other test results: it is another question, which the rollout asks by itself.
  if (!sameVersion(bound, known)) return null;
  return { action, bound, evidence, excluded: known?.excluded ?? {}, risk: null };
}

/** @throws APPROVAL_REFUSED when the records know no such rollout underway */
async function assembleOrder({ evidence: { pool }, registry }: Parts, ask: RolloutAsk): Promise<ApprovalOrder> {
  const { action, environment, evidence, failedGates, kind, model, policy, reason, requestedBy, resource } = ask;
  const { fromVersion, toVersion, trafficPercent } = ask;
  const rollout = await findOpenRollout(pool, textOf(action['rollout']));
  if (rollout === null || !isOf(rollout, ask)) {
    const problem = 'no such rollout is underway';
    throw new MlopsError('APPROVAL_REFUSED', { action: 'Request', approvalId: resource, problem });
  }
  const known = await findVersion(registry, model, toVersion);
  const changeSize = changeSizeOf(fromVersion, toVersion);
  const risk = known === null ? UNKNOWN : await riskWithSignature(registry.signatures, known);
  return {
    kind,
    resource,
    environment,
    requestedBy,
    excluded: excludedOf(ask, rollout, known),
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

function isOf(rollout: OpenRollout, ask: RolloutAsk): boolean {
  return (['environment', 'model', 'fromVersion', 'toVersion'] as const).every((name) => rollout[name] === ask[name]);
}

/** Nobody decides about what they made, or brought on its way. */
function excludedOf(
  { requestedBy, startedBy }: RolloutAsk,
  rollout: OpenRollout,
  known: ShownChange | null,
): Record<string, ExcludedAs> {
  const starters = [startedBy, rollout.startedBy].filter((id) => id !== '' && id !== requestedBy);
  return { ...Object.fromEntries(starters.map((id) => [id, 'starter' as const])), ...known?.excluded };
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
