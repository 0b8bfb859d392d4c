import { MlopsError } from '../../../domain/errors.ts';
import { run, type Queries } from './versions.ts';

/** A rollout that is under way, and moves the stage when it ends at its new version. */
interface Holder extends Record<string, unknown> {
  readonly rollout_key: string;
  readonly from_version: string;
  readonly to_version: string;
}

/** The rollout of a model that is under way in an environment; null when none is. One of a version against itself moves no stage. */
export async function findHolder(queries: Queries, environment: string, model: string): Promise<Holder | null> {
  const [holder] = await run<Holder>(
    queries,
    `SELECT rollout_key, from_version, to_version FROM rollout
     WHERE environment = $1 AND model = $2 AND outcome IS NULL AND from_version <> to_version LIMIT 1`,
    [environment, model],
  );
  return holder ?? null;
}

/**
 * While a rollout is under way, production is what it makes of it: what somebody else puts there would be taken for its own, or stand in
 * its way. Asked in the transaction of the promotion, as opening and ending a rollout are written: nothing comes between.
 *
 * @throws STAGE_HELD
 */
export async function assertNotHeld(
  queries: Queries,
  environment: string,
  { model, version }: { readonly model: string; readonly version: string },
): Promise<void> {
  const holder = await findHolder(queries, environment, model);
  if (holder === null) return;
  const { from_version: from, rollout_key: rolloutKey, to_version: to } = holder;
  throw new MlopsError('STAGE_HELD', { model, version, environment, from, to, rolloutKey });
}
