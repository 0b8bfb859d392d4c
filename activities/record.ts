import type { RolloutOutcomeRecord } from '../domain/rollout/records.ts';
import type { ArmTarget } from '../domain/rollout/split.ts';
import type { Notification, Notifier, RolloutEventRecord, RolloutStore } from './ports.ts';

export interface CloseInput {
  readonly rolloutKey: string;
  readonly model: string;
  readonly environment: string;
  readonly outcome: RolloutOutcomeRecord;
  /** The version that was promoted, null for every other outcome. */
  readonly proven: ArmTarget | null;
  /** Time spent waiting for people; absent from rollouts that began before it was kept. */
  readonly humanWaitSeconds?: number;
}

/** Activities that write what happened, and tell people. */
export function createRecordActivities({ rollouts, notifier }: { rollouts: RolloutStore; notifier: Notifier }) {
  return {
    /** Writes an entry of the rollout's story, once per key. */
    async recordEvent(record: RolloutEventRecord): Promise<void> {
      await rollouts.recordEvent(record);
    },

    /** Tells every configured receiver. @throws NOTIFICATION_FAILED, safe to repeat */
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
