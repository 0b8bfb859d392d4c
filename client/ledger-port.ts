import type { Refusal } from '../domain/governance/access-drafts.ts';
import type { Checkpoint } from '../domain/governance/checkpoint.ts';
import type { ConsistencyProof } from '../domain/governance/consistency-proof.ts';
import type { EventPage, EventQuery } from '../domain/governance/event-query.ts';
import type { Claim } from '../domain/governance/statement.ts';
import type { Json } from '../domain/governance/event-draft.ts';

/** What a statement about reading the ledger is about. */
export const LEDGER_RESOURCE = 'ledger';

/** What is exported, and for whom. */
export interface LedgerExport extends Claim {
  /** Nothing given: every event. Else a selection, each event with its proof. */
  readonly chosen: Pick<EventQuery, 'from' | 'to' | 'type'>;
  /** Shows the payloads that were not erased. */
  readonly withPayloads: boolean;
}

/** One event with what proves it. */
export interface ProvenEvent {
  readonly event: { readonly [name: string]: Json };
  readonly leafHash: string;
  /** Audit path to the root of the checkpoint. */
  readonly proof: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
  /** Undefined when it has none, or it was not asked for; null when it cannot be read any more. */
  readonly payload?: unknown;
}

/** Port: the evidence ledger as its readers have it. */
export interface LedgerReader {
  /**
   * Lines of an export in groups. The checkpoint covers everything that was committed before.
   *
   * @throws LEDGER_CLOSED, LEDGER_UNSIGNED, LEDGER_TAMPERED, DATABASE_UNREACHABLE
   */
  export(order: LedgerExport): AsyncIterable<readonly string[]>;
  /** @throws DATABASE_UNREACHABLE */
  query(
    asked: EventQuery,
    page: { readonly isNewestFirst: boolean; readonly after: number | null; readonly limit: number },
    order: Claim,
  ): Promise<EventPage>;
  /** Writes down that somebody was refused. @throws LEDGER_CLOSED, DATABASE_UNREACHABLE */
  refused(refusal: Refusal & { readonly actor: string }): Promise<void>;
  /** One event with its proof; null when there is none. @throws as export */
  event(sequence: number, order: Claim & { readonly withPayload: boolean }): Promise<ProvenEvent | null>;
  /** That one checkpoint continues another of the same log. @throws USAGE_INVALID, LEDGER_TAMPERED when it does not, as query */
  proveContinued(
    asked: { readonly earlier: Checkpoint; readonly now: Checkpoint },
    order: Claim,
  ): Promise<ConsistencyProof>;
  /** What principal ids mean, as far as it was not erased. */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
}
