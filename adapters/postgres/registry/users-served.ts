import { weightOf } from '../../../domain/registry/traffic-weight.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import type { RegistryParts } from './parts.ts';
import { run, type Queries } from './versions.ts';

/**
 * Which users a version serves, in words for each environment that it has some in: by what was written last, and here also by what the
 * router sends now, as `routedSplitOf` found it before the transaction. Null as `only`: in every environment.
 */
export async function usersServedBy(
  { environment: here }: Pick<RegistryParts, 'environment'>,
  queries: Queries,
  {
    model,
    only,
    routed,
    version,
  }: {
    readonly model: string;
    readonly version: string;
    readonly routed: LiveSplit | null;
    readonly only: string | null;
  },
): Promise<string[]> {
  const live = await run<{ environment: string; observed: LiveSplit }>(
    queries,
    `SELECT DISTINCT ON (environment) environment, observed FROM traffic_write
     WHERE model = $1 AND applied_at IS NOT NULL AND ($2::text IS NULL OR environment = $2)
     ORDER BY environment, generation DESC`,
    [model, only],
  );
  return live.flatMap(({ environment, observed }) => {
    // What was written last, and what somebody has made of it since.
    const seen = environment === here && routed !== null ? [observed, routed] : [observed];
    const weight = Math.max(...seen.map(({ split }) => weightOf(split, version)));
    return weight === 0 ? [] : [`${weight / 100} % of the users of ${environment} are served by it`];
  });
}
