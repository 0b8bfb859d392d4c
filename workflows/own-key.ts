// Puts a new key in the place of its owner's old one, which signed that; whoever has no login of an admin sends it here.
// Id: own-key/<id of the new key>. Messages: none. It ends with the keys that were replaced, and fails when it is refused.
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { RolloutActivities } from '../activities/index.ts';
import type { ReplacedKey } from '../activities/own-key.ts';
import type { OwnKeyOrder } from '../domain/governance/own-key.ts';

const activities = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '10m',
  retry: { initialInterval: '1s', maximumInterval: '20s' },
});

export async function ownKey(order: OwnKeyOrder): Promise<ReplacedKey> {
  // A statement that waited for a worker is as old as it was when it came.
  return await activities.replaceOwnKey({ ...order, receivedAt: workflowInfo().startTime.toISOString() });
}
