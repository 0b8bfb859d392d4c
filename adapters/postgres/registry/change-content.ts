import { isMlopsError } from '../../../domain/errors.ts';
import type { ApprovalContent } from '../../../domain/registry/approval/request.ts';
import type { RiskInputs } from '../../../domain/registry/approval/risk.ts';
import { boundContentOf } from '../../../domain/registry/bound-content.ts';
import { contentOfChange, riskOfChange, type VersionChange } from '../../../domain/registry/version-change.ts';
import { sha256Of } from '../../crypto/sha256.ts';
import type { RegistryParts } from './parts.ts';
import { productionOf, requireVersion, run, type Queries, type VersionRow } from './versions.ts';

/** A change as approvers are asked about it. */
export interface ShownChange {
  readonly content: ApprovalContent;
  readonly risk: RiskInputs;
  /** Principal id of who registered the version. */
  readonly author: string;
}

/**
 * What there is to approve of a change now; null when the version was retired, or its model was deleted.
 *
 * @throws VERSION_NOT_FOUND, DATABASE_UNREACHABLE
 */
export async function readChange(
  { environment, policy, pool }: Pick<RegistryParts, 'environment' | 'policy' | 'pool'>,
  change: VersionChange,
): Promise<ShownChange | null> {
  const row = await findVersion(pool, environment, change);
  if (row === null || row.retired_at !== null) return null;
  const production = (await productionOf(pool, environment, row.model_id))?.content ?? null;
  const [times] = await run<{ last_change: Date | null; now: Date }>(
    pool,
    `SELECT max(at) AS last_change, clock_timestamp() AS now FROM stage_change
     WHERE model_id = $1 AND environment = $2 AND to_stage = 'production'`,
    [row.model_id, environment],
  );
  const registration = row.content;
  const bound = boundContentOf(registration, policy, sha256Of);
  return {
    content: contentOfChange(change, { registration, bound, production }),
    risk: riskOfChange(change, {
      registration,
      production,
      lastChangeAtMs: times?.last_change?.getTime() ?? null,
      nowMs: times?.now.getTime() ?? 0,
    }),
    author: row.author,
  };
}

async function findVersion(queries: Queries, environment: string, change: VersionChange): Promise<VersionRow | null> {
  try {
    return await requireVersion(queries, environment, change);
  } catch (error) {
    if (isMlopsError(error, 'MODEL_NOT_FOUND')) return null;
    throw error;
  }
}
