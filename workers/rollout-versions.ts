import type { VersionRegistry } from '../activities/ports.ts';
import type { RestoreOrder, StageOrder } from '../activities/versions.ts';
import { readErased } from '../adapters/postgres/erased-while-running.ts';
import { createApprovalReader } from '../adapters/postgres/registry/approval-reader.ts';
import type { RegistryParts } from '../adapters/postgres/registry/parts.ts';
import { admitVersions } from '../adapters/postgres/registry/rollout-versions.ts';
import type { createRegistry } from '../adapters/postgres/registry/registry.ts';
import { undoPromotion, type UndoOrder } from '../adapters/postgres/registry/undo-promotion.ts';

/** The registry as rollouts see it: it lets versions in, and its stages follow the traffic. */
export function composeRolloutVersions(
  registry: ReturnType<typeof createRegistry>,
  parts: RegistryParts,
): VersionRegistry {
  const approvals = createApprovalReader(parts.pool);
  return {
    admit: async (pair) => await admitVersions(parts, approvals, pair),
    async promote(asked) {
      const { approvalId, model, production, rolloutKey, version } = asked;
      const actor = await actorOf(parts, asked);
      const order = { model, version, to: 'production', expectedProduction: production, approvalId, actor } as const;
      const rollout = { isByRollout: true, ...(rolloutKey === undefined ? {} : { rolloutKey }) };
      const outcome = await registry.promote({ ...order, ...rollout, reason: '' });
      return outcome.from === outcome.version.stage
        ? `${version} is in production already`
        : `${version}: ${outcome.from} → ${outcome.version.stage}`;
    },
    restore: async (asked) => await undoPromotion(parts, await undoOf(parts, asked)),
  };
}

async function undoOf(parts: RegistryParts, asked: RestoreOrder): Promise<UndoOrder> {
  const { key, model, production, rolloutKey, version } = asked;
  const named =
    rolloutKey === undefined ? {} : { rolloutKey, ...(key === undefined ? {} : { key: `${rolloutKey}/${key}` }) };
  return { model, version, production, actor: await actorOf(parts, asked), ...named };
}

/** Who began the rollout; by their id when they were erased since: the name means nobody any more. */
async function actorOf({ pool }: RegistryParts, { actor, rolloutKey = '' }: StageOrder): Promise<string> {
  return (await readErased(pool, rolloutKey)).idOf(actor) ?? actor;
}
