import type { SearchAttributePair } from '@temporalio/common';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import { MLOPS_SEARCH_ATTRIBUTES as KEY } from '../../workflows/search-attributes.ts';

/** Search attributes a rollout starts with, so that it can be found before its first step. */
export function startAttributes(request: RolloutRequest): SearchAttributePair[] {
  return [
    { key: KEY.model, value: request.model },
    { key: KEY.version, value: request.canary.version },
    { key: KEY.environment, value: request.environment },
    { key: KEY.phase, value: 'validating' },
    { key: KEY.verdict, value: 'inconclusive' },
    { key: KEY.weight, value: 0 },
    { key: KEY.needsApproval, value: false },
  ];
}
