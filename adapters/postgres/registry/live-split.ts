import type { LiveSplit } from '../../../domain/rollout/split.ts';
import type { RegistryParts } from './parts.ts';
import { run, type Queries } from './versions.ts';

/** Where the users of a model are in an environment, as it was last verified; null when it has no traffic here. */
export async function liveSplitOf(queries: Queries, environment: string, model: string): Promise<LiveSplit | null> {
  const [row] = await run<{ observed: LiveSplit }>(
    queries,
    `SELECT observed FROM traffic_write WHERE environment = $1 AND model = $2 AND applied_at IS NOT NULL
     ORDER BY generation DESC LIMIT 1`,
    [environment, model],
  );
  return row?.observed ?? null;
}

/**
 * Where the router sends the users of a model now; null when it never had any here: then there is no router to ask. Asked before a
 * transaction, never within one.
 *
 * @throws ROUTER_UNREACHABLE
 */
export async function routedSplitOf(
  { environment, pool, router }: Pick<RegistryParts, 'environment' | 'pool' | 'router'>,
  model: string,
): Promise<LiveSplit | null> {
  return (await liveSplitOf(pool, environment, model)) === null ? null : await router.observe(model);
}
