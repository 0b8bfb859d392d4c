// Looks at what is new in the ledger for what is not usual of who did it; started every five minutes by the schedule access-watch.
// Id: access-watch/<environment>-<time>. Messages: none. It ends with a report of what it looked at and raised.
import { proxyActivities } from '@temporalio/workflow';
import type { AccessWatchReport } from '../activities/access-watch.ts';
import type { RolloutActivities } from '../activities/index.ts';

const activities = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', maximumInterval: '20s', maximumAttempts: 5 },
});

export async function accessWatch(input: { readonly environment: string }): Promise<AccessWatchReport> {
  return await activities.watchAccess(input);
}
