import type { HistoryQuery, HistoryTick } from '../domain/rollout/calibration/history.ts';
import type { Claim } from '../domain/governance/statement.ts';
import type { RolloutReceipt } from '../domain/rollout/receipt.ts';
import type { LiveSplit } from '../domain/rollout/split.ts';

/** One line of `mlops rollout list`. */
export interface RolloutSummary {
  readonly rolloutKey: string;
  readonly model: string;
  readonly environment: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** Null while it is open. */
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
}

/** Port: the recorded evidence of rollouts. Looking at it is authorised, and an event by chance: NOT_AUTHENTICATED, NOT_AUTHORISED. */
export interface EvidenceReader {
  /** Newest first. The claim is over `limit`. @throws DATABASE_UNREACHABLE, LEDGER_CLOSED */
  list(environment: string, model: string | null, limit: number, claim: Claim): Promise<readonly RolloutSummary[]>;
  /** Counts of the stable version in every look, oldest first; of both arms of A/A runs. @throws DATABASE_UNREACHABLE */
  history(environment: string, model: string, asked: HistoryQuery): Promise<readonly HistoryTick[]>;
  /** The receipt of one rollout, or of a model's newest; null when there is none. The claim is over `rolloutKey`. @throws DATABASE_UNREACHABLE, LEDGER_CLOSED */
  receipt(environment: string, model: string, rolloutKey: string | null, claim: Claim): Promise<RolloutReceipt | null>;
}

/** What an emergency rollback did. */
export interface EmergencyResult {
  readonly before: LiveSplit;
  readonly after: LiveSplit;
  /** ISO 8601, UTC */
  readonly verifiedAt: string;
  /** Whether who and why is in the local journal. */
  readonly journaled: boolean;
}

/** The claim is over model and reason. */
export interface EmergencyOrder extends Claim {
  readonly model: string;
  /** Null: none was given. */
  readonly reason: string | null;
}

/** A line of the journal that could not be written to it. */
export interface UnjournaledLine {
  readonly line: string;
  readonly file: string;
  /** In words. */
  readonly problem: string;
}

/** Port: all traffic to the stable version, with nothing but the router. */
export interface EmergencyRollback {
  /**
   * @param onUnjournaled called with every line the journal did not take, before anything else is done
   * @throws ROUTER_UNREACHABLE, ROLLBACK_NOTHING_LIVE
   */
  roll(order: EmergencyOrder, onUnjournaled: (unjournaled: UnjournaledLine) => void): Promise<EmergencyResult>;
}
