import type { RolloutOutcomeRecord, RolloutRecord, TickRecord } from './records.ts';
import type { TrafficSplit } from './split.ts';

/** One traffic write of a rollout, as the ledger of writes has it. */
export interface ReceiptWrite {
  readonly generation: number;
  readonly idempotencyKey: string;
  readonly split: TrafficSplit;
  readonly actor: string;
  readonly reason: string;
  readonly requestedAt: string;
  readonly appliedAt: string | null;
  readonly refusedCode: string | null;
}

export interface ReceiptEvent {
  readonly at: string;
  readonly event: string;
  readonly actor: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A judged look, without what can be recomputed. */
export type ReceiptTick = Omit<TickRecord, 'state' | 'snapshot' | 'rolloutKey'>;

/** Everything that was decided in a rollout, by whom and on what evidence: enough to decide it again offline. */
export interface RolloutReceipt {
  readonly schemaVersion: 1;
  readonly kind: 'rollout-receipt';
  readonly rollout: RolloutRecord;
  /** Null while the rollout is open. */
  readonly outcome: Omit<RolloutOutcomeRecord, 'actor'> | null;
  readonly events: readonly ReceiptEvent[];
  readonly writes: readonly ReceiptWrite[];
  readonly ticks: readonly ReceiptTick[];
}
