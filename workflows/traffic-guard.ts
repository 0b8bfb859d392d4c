// Compares intended and observed split of every model, once; started each minute by the schedule traffic-guard (D14).
// Id: traffic-guard-<time>. Messages: none. It ends with a report of what it found and returned.
import { proxyActivities } from '@temporalio/workflow';
import type { RolloutActivities } from '../activities/index.ts';
import type { GuardReport } from '../activities/guard.ts';

const { guardTraffic } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '5s', maximumAttempts: 5 },
});

export async function trafficGuard({ environment }: { readonly environment: string }): Promise<GuardReport> {
  return await guardTraffic({ environment, at: new Date(Date.now()).toISOString() });
}
