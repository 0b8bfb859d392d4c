// Tells one receiver one thing, and tries for half a day: a receiver that is down keeps nothing else waiting.
// Id: notification/<idempotency key>/<receiver>. Messages: none. It fails when the receiver never took it.
import { proxyActivities } from '@temporalio/workflow';
import type { RolloutActivities } from '../activities/index.ts';
import type { Delivery } from '../activities/ports.ts';
import { messageOf } from './rollout/failure.ts';

const { deliver } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '12h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10m' },
});
const { recordEvent } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 60 },
});

export async function notification(delivery: Delivery): Promise<void> {
  try {
    await deliver.executeWithOptions({ summary: delivery.notification.event }, [delivery]);
  } catch (error) {
    await recordFailure(delivery, messageOf(error));
    throw error;
  }
}

/** Nobody could be told: the rollout's story says so. */
async function recordFailure({ notification: told, rolloutKey }: Delivery, problem: string): Promise<void> {
  if (rolloutKey === null) return;
  await recordEvent({
    rolloutKey,
    idempotencyKey: `${told.idempotencyKey}/not-delivered`,
    at: new Date(Date.now()).toISOString(),
    event: 'notification-failed',
    actor: 'rollout',
    details: { detail: `${told.event}: ${problem}` },
  });
}
