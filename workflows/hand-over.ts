// Lets a right to decide be used by a link or by somebody else, or takes that back, as its holder has signed it.
// Id: hand-over/<id of the order>. Messages: none. It ends with what came of it, and fails when it is refused.
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { HandedOver } from '../activities/hand-over.ts';
import type { RolloutActivities } from '../activities/index.ts';
import type { HandOverOrder } from '../domain/registry/approval/hand-over.ts';

const activities = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '10m',
  retry: { initialInterval: '1s', maximumInterval: '20s' },
});

export async function handOver(order: HandOverOrder): Promise<HandedOver> {
  // A statement that waited for a worker is as old as it was when it came.
  return await activities.handOver({ ...order, receivedAt: workflowInfo().startTime.toISOString() });
}
