import type { Claim } from '../domain/governance/statement.ts';
import type { CustodyOrder, HoldOrder } from '../domain/governance/custody-drafts.ts';

/** What an erasure takes away, or would. */
export interface ErasureReport {
  readonly subject: string;
  /** Keys destroyed; 0 when there were none any more. */
  readonly keys: number;
  /** Whether the meaning of a principal's id goes. */
  readonly name: boolean;
  /** Payloads that nobody can read any more. */
  readonly payloads: number;
  /** Rows beside the ledger that words of the subject were taken out of; absent of what is only foreseen. */
  readonly rows?: number;
  /** Where the registry may name them still, at most 100: `model/rag_api/1.1.0` with the places. */
  readonly mentions: readonly { readonly resource: string; readonly places: readonly string[] }[];
  /** There are more mentions than are listed. */
  readonly hasMore: boolean;
  /** Models and versions that have their id as the author's, which means nobody after an erasure. */
  readonly authored: number;
}

/** A legal hold in force. */
export interface LegalHold {
  readonly subject: string;
  /** Null: of no case in particular. */
  readonly caseId: string | null;
  /** ISO 8601, UTC */
  readonly placedAt: string;
}

/** How the watch over who does what stands. */
export interface WatchState {
  /** ISO 8601, UTC; null: it has not looked yet. */
  readonly lookedAt: string | null;
  /** Events that it has not looked at; null: it has not looked yet. */
  readonly behind: number | null;
  readonly principals: number;
  /** Principals without a baseline yet. */
  readonly learning: number;
  /** Alarms of the last 30 days by their kind, most first. */
  readonly alarms: readonly { readonly detector: string; readonly alarms: number }[];
  /** Alarms that are neither over nor acknowledged. */
  readonly open: number;
  /** Alarms that nobody has acknowledged, over or not. */
  readonly unseen: number;
  /** The newest alarms, those that are open before the others, newest first. */
  readonly newest: readonly {
    /** Of its event in the ledger. */
    readonly sequence: number;
    readonly principal: string;
    readonly detector: string;
    /** Sequence of the event that tipped it. */
    readonly tippedBy: number;
    readonly startedAt: string;
    readonly at: string;
    readonly observed: number;
    readonly baseline: number;
    readonly limit: number;
    readonly unit: string;
    /** ISO 8601, UTC; null: it goes on. */
    readonly endedAt: string | null;
    readonly acknowledgedAt: string | null;
    /** Principal id */
    readonly acknowledgedBy: string | null;
  }[];
}

/** What a statement about keeping and erasing is about: subjects stand in its content, out of the log. */
export const CUSTODY_RESOURCE = 'ledger';

/** What a rotation has done. */
export interface KeyRotation {
  /** Id of the wrapping key that is in use now */
  readonly key: string;
  /** Where it is kept, for people */
  readonly place: string;
  /** Keys of payloads that were wrapped anew */
  readonly rewrapped: number;
  /** Secrets of webhooks that were */
  readonly secrets: number;
  /** Keys of artifacts that were */
  readonly artifacts: number;
}

/** A key that signs checkpoints beside another one. */
export interface CheckpointKey {
  /** Key id of the newer one, eight hex digits */
  readonly key: string;
  /** Its line for files of trusted keys */
  readonly verifierKey: string;
  /** Key id of the older one */
  readonly beside: string;
  /** False when it was made and told before. */
  readonly isNew: boolean;
}

/** Port: what becomes of sealed payloads, and of the keys they are sealed under. Every call is authorised: NOT_AUTHENTICATED, NOT_AUTHORISED. */
export interface Governance {
  /** What an erasure would take away, and the hold that forbids it. @throws SUBJECT_UNKNOWN */
  foresee(subject: string, claim: Claim): Promise<ErasureReport & { readonly held: string | null }>;
  /**
   * Destroys a subject's key, for good; repeating it changes nothing. In production it waits for the approval that is named, and nothing is
   * erased yet.
   *
   * @throws SUBJECT_UNKNOWN, LEGAL_HOLD, APPROVAL_UNANSWERED
   */
  erase(order: CustodyOrder): Promise<ErasureReport & { readonly approvalId?: string }>;
  /** False when a hold for this case was there already. @throws SUBJECT_UNKNOWN, DATABASE_ROLE_MISSING */
  hold(order: HoldOrder): Promise<boolean>;
  /** Ends the hold for one case. @throws HOLD_UNKNOWN, DATABASE_ROLE_MISSING */
  release(order: HoldOrder): Promise<void>;
  holds(claim: Claim): Promise<readonly LegalHold[]>;
  /** How the watch over who does what stands. */
  watch(claim: Claim): Promise<WatchState>;
  /** Writes that somebody has looked into an alarm. @throws ALARM_UNKNOWN, ALARM_ACKNOWLEDGED, ALARM_OWN */
  acknowledge(
    order: Claim & { readonly alarm: number; readonly reason: string },
  ): Promise<{ readonly principal: string; readonly detector: string }>;
  /** Adds a wrapping key that is not used yet. Returns its id. @throws LEDGER_KEYS_INVALID, KEY_ROTATION_REFUSED */
  addKey(claim: Claim): Promise<string>;
  /** Puts the newest wrapping key to use and wraps every key anew. @throws LEDGER_KEYS_INVALID, LEDGER_KEY_UNREADABLE, KEY_SERVICE_UNREACHABLE */
  rotate(order: Claim & { readonly reason: string }): Promise<KeyRotation>;
  /**
   * Makes a key that signs checkpoints beside the one in use; one at a time.
   *
   * @throws CHECKPOINT_KEY_ELSEWHERE, LEDGER_KEYS_INVALID, LEDGER_KEY_FOREIGN, DATABASE_ROLE_MISSING
   */
  addCheckpointKey(order: Claim & { readonly reason: string }): Promise<CheckpointKey>;
  /** Ends the older of two keys that sign. @throws CHECKPOINT_KEY_ALONE, CHECKPOINT_KEY_UNUSED, LEDGER_UNSIGNED, and as addCheckpointKey */
  retireCheckpointKey(
    order: Claim & { readonly reason: string },
  ): Promise<{ readonly key: string; readonly inUse: string; readonly verifierKey: string }>;
}
