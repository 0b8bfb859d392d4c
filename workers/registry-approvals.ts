import type { BoundContent } from '../activities/approval-ports.ts';
import { findHolder } from '../adapters/postgres/registry/held-by-rollout.ts';
import { liveSplitOf } from '../adapters/postgres/registry/live-split.ts';
import { readChange, whyVersionIsGone } from '../adapters/postgres/registry/change-content.ts';
import type { RegistryParts } from '../adapters/postgres/registry/parts.ts';
import type { createRegistry } from '../adapters/postgres/registry/registry.ts';
import { isMlopsError, MlopsError } from '../domain/errors.ts';
import type { ApprovalAsk, ApprovalView } from '../domain/registry/approval/request.ts';
import type { AwaitedApproval } from '../domain/registry/records.ts';
import type { ArtifactSignatures } from '../domain/registry/artifact.ts';
import { weightOf } from '../domain/registry/traffic-weight.ts';
import { parseChange, resourceOfChange, type VersionChange } from '../domain/registry/version-change.ts';
import type { Carriers } from './carriers.ts';
import { riskAsSeen, riskWithSignature } from './signed-risk.ts';

type Registry = ReturnType<typeof createRegistry>;
type Known = Pick<RegistryParts, 'environment' | 'policy' | 'pool'> & { readonly signatures: ArtifactSignatures };

/** Opens an approval, or takes up the one that is open for the same thing. */
export type RequestApproval = (
  order: Omit<ApprovalAsk, 'claim' | 'environment'>,
) => Promise<Pick<ApprovalView, 'approvalId'>>;

/** The registry that asks for what it lacks: a change that needs an approval opens a request for it. */
export function askForApprovals(
  registry: Registry,
  parts: Pick<RegistryParts, 'principals'>,
  request: RequestApproval,
): Registry {
  const ask = async <Outcome extends { readonly awaiting: AwaitedApproval | null }>(
    { actor, reason }: { readonly actor: string; readonly reason: string },
    outcome: Outcome,
  ): Promise<Outcome> => {
    if (outcome.awaiting === null) return outcome;
    const { kind, resource } = outcome.awaiting;
    const { id: requestedBy } = await parts.principals.actor(actor);
    const { approvalId } = await request({ kind, resource, requestedBy, reason });
    return { ...outcome, awaiting: { ...outcome.awaiting, approvalId } };
  };
  return {
    ...registry,
    promote: async (order) => await ask(order, await registry.promote(order)),
    goBack: async (order) => await ask(order, await registry.goBack(order)),
    alias: async (order) => await ask(order, await registry.alias(order)),
  };
}

/** What follows when a change of a version is approved: it is made, by who asked for it. */
export function composeRegistryCarriers(registry: Registry, parts: Known): Carriers {
  const assess: BoundContent['assess'] = async ({ resource }, before) => {
    const change = parseChange(resource);
    // Another environment has other stages.
    if (change === null || resourceOfChange(change, parts.environment) !== resource) return null;
    try {
      const shown = await readChange(parts, change);
      if (shown === null) return null;
      const { content, excluded } = shown;
      const assessRisk = before === null ? riskWithSignature : riskAsSeen;
      return { ...content, excluded, risk: await assessRisk(parts.signatures, shown) };
    } catch (error) {
      // What is not there is not approved either.
      if (isMlopsError(error, 'VERSION_NOT_FOUND') || isMlopsError(error, 'MODEL_NOT_FOUND')) return null;
      throw error;
    }
  };
  const whyGone: BoundContent['whyGone'] = async ({ resource }) => {
    const change = parseChange(resource);
    if (change === null || resourceOfChange(change, parts.environment) !== resource) return null;
    return await whyVersionIsGone(parts, change);
  };
  return {
    'stage-promotion': {
      assess,
      whyGone,
      async apply(approval) {
        const change = requireChange(approval.resource);
        if (change.kind !== 'stage-promotion') throw new Error(`${approval.resource} is no promotion`);
        const isLeft = change.to === 'production' && (await isByRollout(parts, change));
        if (isLeft) return { isDone: false, what: 'used by the rollout that brings the users there' };
        const replaces = approval.action['replaces'];
        const { from, version } = await registry.promote({
          ...orderOf(approval, change),
          to: change.to,
          expectedProduction: typeof replaces === 'string' ? replaces : null,
        });
        return { isDone: true, what: `${from} → ${version.stage}` };
      },
    },
    'protected-alias': {
      assess,
      whyGone,
      async apply(approval) {
        const change = requireChange(approval.resource);
        if (change.kind !== 'protected-alias') throw new Error(`${approval.resource} is no alias`);
        const { before, version } = await registry.alias({ ...orderOf(approval, change), alias: change.alias });
        return { isDone: true, what: `${before ?? 'nothing'} → ${version ?? 'nothing'}` };
      },
    },
  };
}

/** Whether users of the model are on other versions, or are just being moved: a rollout moves the stage, when they have come. */
async function isByRollout(
  { environment, pool }: Pick<Known, 'environment' | 'pool'>,
  { model, version }: VersionChange,
): Promise<boolean> {
  if ((await findHolder(pool, environment, model)) !== null) return true;
  const live = await liveSplitOf(pool, environment, model);
  return live !== null && weightOf(live.split, version) < 10_000;
}

function orderOf({ approvalId, requestedBy }: ApprovalView, { model, version }: VersionChange) {
  return { model, version, approvalId, actor: requestedBy, reason: '' };
}

function requireChange(resource: string): VersionChange {
  const change = parseChange(resource);
  if (change === null) throw new MlopsError('SUBJECT_UNKNOWN', { subject: resource });
  return change;
}
