import type { FromSomewhere } from '../domain/governance/act-source.ts';
import type { RolloutOutcomeRecord } from '../domain/rollout/records.ts';
import type { ArmTarget } from '../domain/rollout/split.ts';
import type { Delivery, Notification, Notifier, Outbox, RolloutEventRecord, RolloutStore } from './ports.ts';

export interface CloseInput extends FromSomewhere {
  readonly rolloutKey: string;
  readonly model: string;
  readonly environment: string;
  readonly outcome: RolloutOutcomeRecord;
  /** The version that was promoted, null for every other outcome. */
  readonly proven: ArmTarget | null;
  /** Time spent waiting for people; absent from rollouts that began before it was kept. */
  readonly humanWaitSeconds?: number;
}

interface RecordPorts {
  readonly rollouts: RolloutStore;
  readonly notifier: Notifier;
  readonly outbox: Outbox;
}

/** Activities that write what happened, and tell people. */
export function createRecordActivities({ rollouts, notifier, outbox }: RecordPorts) {
  return {
    /** Writes an entry of the rollout's story, once per key, and hands over what people are told of it. */
    async recordEvent({
      notification,
      ...record
    }: RolloutEventRecord & FromSomewhere & { readonly notification?: Notification }): Promise<void> {
      await rollouts.recordEvent(record);
      if (notification !== undefined) await outbox.send(notification, record.rolloutKey);
    },

    /** Tells one receiver. @throws NOTIFICATION_FAILED, safe to repeat */
    async deliver({ notification, receiver }: Delivery): Promise<void> {
      await notifier.deliver(notification, receiver);
    },

    /** Tells every receiver, for rollouts that began before deliveries were workflows. @throws NOTIFICATION_FAILED */
    async notify(notification: Notification): Promise<void> {
      await notifier.deliver(notification);
    },

    /** Writes outcome, closing event and proven version in one transaction. */
    async closeRollout(input: CloseInput): Promise<void> {
      const { rolloutKey, model, environment, outcome, proven, humanWaitSeconds = 0 } = input;
      await rollouts.close(rolloutKey, { ...outcome, humanWaitSeconds }, proven && { ...proven, model, environment });
    },
  };
}
