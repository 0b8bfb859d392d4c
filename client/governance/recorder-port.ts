import type { RecordedEvent } from '../../domain/governance/recorded-event.ts';
import type { Claim } from '../../domain/governance/statement.ts';

/** What became of it: it is in the ledger, or it waits until somebody has approved it. */
export type Recording =
  | { readonly state: 'recorded'; readonly unshown: readonly string[] }
  | { readonly state: 'pending'; readonly approvalId: string; readonly unshown: readonly string[] };

/** What a statement about recording is about. */
export const RECORDING_ACTION = 'governance.record';

/** Port: records what programs did elsewhere. */
export interface Recorder {
  /**
   * Writes an event, or asks for an approval first: when one is required, or when it claims what nothing about its resource shows.
   *
   * @throws USAGE_INVALID, NOT_AUTHENTICATED, NOT_AUTHORISED, APPROVAL_UNANSWERED
   */
  record(event: RecordedEvent, claim: Claim): Promise<Recording>;
}
