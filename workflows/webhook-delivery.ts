// Tells one webhook of one event of the registry, and tries for half a day. Its first attempt follows the first attempt of the
// delivery before it to the same hook: what is up is told in the order of the log, and what is down keeps nobody waiting.
// Id: webhook/<delivery id>. Messages: signal `next`, by which the delivery after it asks for its turn; signal `turn`, the answer.
// It ends with `delivered` or `dropped` (the hook is gone), and fails when the receiver never took it.
import {
  allHandlersFinished,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RolloutActivities } from '../activities/index.ts';
import type { WebhookDelivery } from '../activities/ports.ts';
import { messageOf } from './rollout/failure.ts';

/** Once: an attempt that others wait for. */
const first = proxyActivities<RolloutActivities>({ startToCloseTimeout: '20s', retry: { maximumAttempts: 1 } });
const again = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '12h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10m' },
});
const { recordLostWebhook } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 60 },
});

const nextSignal = defineSignal<[workflowId: string]>('next');
const turnSignal = defineSignal('turn');
/** The one before may have been terminated: then nobody answers. */
const LONGEST_WAIT = '10 minutes';

export async function webhookDelivery(delivery: WebhookDelivery): Promise<'delivered' | 'dropped'> {
  const line = standInLine();
  await line.myTurn(delivery.previous);
  try {
    const outcome = await first.deliverWebhook
      .executeWithOptions({ summary: delivery.told }, [delivery])
      .catch(() => null);
    await line.pass();
    return outcome ?? (await again.deliverWebhook.executeWithOptions({ summary: delivery.told }, [delivery]));
  } catch (error) {
    await recordLostWebhook({ delivery, problem: messageOf(error) });
    throw error;
  } finally {
    await condition(allHandlersFinished);
  }
}

/** Deliveries to one hook, each known to the one after it. */
function standInLine() {
  const waiting: string[] = [];
  let hasTurn = false;
  let hasPassed = false;
  const answer = async (workflowId: string): Promise<void> => {
    // Who asked may have stopped waiting, and ended.
    await getExternalWorkflowHandle(workflowId)
      .signal(turnSignal)
      .catch(() => undefined);
  };
  setHandler(turnSignal, () => void (hasTurn = true));
  setHandler(nextSignal, async (workflowId) => {
    if (hasPassed) await answer(workflowId);
    else waiting.push(workflowId);
  });
  return {
    async myTurn(previous: string | null): Promise<void> {
      if (previous === null) return;
      const handle = getExternalWorkflowHandle(`webhook/${previous}`);
      const isThere = await handle.signal(nextSignal, workflowInfo().workflowId).then(
        () => true,
        // It has ended.
        () => false,
      );
      if (isThere) await condition(() => hasTurn, LONGEST_WAIT);
    },
    async pass(): Promise<void> {
      hasPassed = true;
      for (const workflowId of waiting) await answer(workflowId);
    },
  };
}
