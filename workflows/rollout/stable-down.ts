import { patched } from '@temporalio/workflow';
import { sourceOf } from '../../domain/governance/act-source.ts';
import { splitOf } from '../../domain/rollout/run.ts';
import { askArms } from './ask-arms.ts';
import type { Ending, RolloutContext } from './context.ts';
import { record } from './record.ts';
import { writeSplit } from './traffic.ts';

const WHOLE = 10_000;

/** A rollout that began before this was kept leaves its split as it is. */
export function movesUsersOffStable(): boolean {
  return patched('the-arm-that-works-takes-all');
}

/**
 * Ends a rollout whose stable version is down: the users of the dead arm go to the canary when that works, by its probes and
 * by the judge; else the split stays. Nobody is moved onto stable, and people are paged. Not for a canary without users:
 * nothing is known of it.
 *
 * @param share of the canary when stable was found down, in basis points
 */
export async function endWithoutStable(
  context: RolloutContext,
  wanted: Ending,
  problem: string,
  share: number,
): Promise<Ending> {
  const { stable, canary } = context.request;
  const instead = wanted.reason === 'stable-down' ? '' : `; wanted to end as ${wanted.outcome} (${wanted.reason})`;
  const obstacle = share === WHOLE ? null : await obstacleOf(context, wanted);
  if (share < WHOLE && obstacle === null) {
    const yielded = await moveToCanary(context);
    if (yielded !== null) return yielded;
  }
  const where =
    share === WHOLE
      ? `all traffic is on ${canary.version} already`
      : obstacle === null
        ? `all traffic went to ${canary.version}, the arm that works, which had ${share / 100} %`
        : `traffic stays where it is, ${share / 100} % on ${canary.version}: ${obstacle}`;
  const detail = `stable ${stable.version} is down (${problem}); ${where}${instead}`;
  await record(context, { key: 'stable-down', event: 'stable-down', detail, notify: 'page' });
  return { outcome: 'failed', reason: 'stable-down', detail, actor: wanted.actor, ...sourceOf(wanted) };
}

/** Why the canary is not known to work, or null. */
async function obstacleOf(context: RolloutContext, wanted: Ending): Promise<string | null> {
  if (!movesUsersOffStable()) return 'both arms are as they were';
  const { review } = context.run;
  if (wanted.actor === 'judge') return `it is in breach of ${wanted.reason}`;
  if (review !== null) return `it is in breach of ${review.metrics.join(', ')}, and nobody has accepted that`;
  const { canary } = await askArms(context, 'does the canary work?');
  return canary.healthy ? null : `it is not healthy either (${canary.detail})`;
}

async function moveToCanary(context: RolloutContext): Promise<Ending | null> {
  const split = splitOf(context.request, { weightBasisPoints: WHOLE, mirrorBasisPoints: 0 });
  return await writeSplit(context, 'stable-down', split, 'stable-down: all traffic to the arm that works');
}
