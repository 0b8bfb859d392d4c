// Takes over what changed in the registry that MODEL_REGISTRY_URL names; started each minute by the schedule registry-source.
// Id: registry-source/<environment>-<time>. Messages: none. It ends with a report of what it took over and skipped.
import { proxyActivities } from '@temporalio/workflow';
import type { RolloutActivities } from '../activities/index.ts';
import type { RegistrySourceReport } from '../activities/registry-source.ts';

const { readRegistrySource } = proxyActivities<RolloutActivities>({
  // The first reading of a large registry. What it has taken over by then stays.
  startToCloseTimeout: '1h',
  heartbeatTimeout: '10s',
  // A registry that cannot be read was asked several times: the next minute asks again.
  retry: { initialInterval: '1s', maximumAttempts: 3, nonRetryableErrorTypes: ['REGISTRY_SOURCE_FAILED'] },
});

export async function registrySource({ environment }: { readonly environment: string }): Promise<RegistrySourceReport> {
  return await readRegistrySource({ environment });
}
