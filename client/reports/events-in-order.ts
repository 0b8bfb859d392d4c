import type { ReceiptEvent } from '../../domain/rollout/receipt.ts';

/** What people do; what follows of it may carry the same time. */
const ASKED = new Set(['approve', 'deny', 'pause', 'resume', 'promote', 'abort']);

/** Events by the time of what happened (what people did is written a moment after it), causes before what follows. */
export function eventsInOrder(events: readonly ReceiptEvent[]): readonly ReceiptEvent[] {
  return events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || rankOf(a) - rankOf(b));
}

function rankOf({ event }: ReceiptEvent): number {
  return ASKED.has(event) ? 0 : 1;
}
