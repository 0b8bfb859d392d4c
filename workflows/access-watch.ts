// Looks at what is new in the ledger for what is not usual of who did it; started every five minutes by the schedule access-watch.
// Id: access-watch/<environment>-<time>. Messages: none. It ends with a report of what it looked at and raised.
import { patched, proxyActivities } from '@temporalio/workflow';
import type { AccessWatchReport } from '../activities/access-watch.ts';
import type { RolloutActivities } from '../activities/index.ts';

const RETRY = { initialInterval: '1s', maximumInterval: '20s', maximumAttempts: 5 } as const;

/** A long history takes its time; a worker that died is noticed by its silence, and another goes on from where it was. */
const beating = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '15m',
  heartbeatTimeout: '20s',
  retry: RETRY,
});
/** Of runs that began before it beat. */
const silent = proxyActivities<RolloutActivities>({ startToCloseTimeout: '2m', retry: RETRY });

export async function accessWatch(input: { readonly environment: string }): Promise<AccessWatchReport> {
  return await (patched('the-watch-beats') ? beating : silent).watchAccess(input);
}
