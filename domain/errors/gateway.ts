import type { ErrorDefinition } from './definition.ts';

/** Failures of traffic routing. */
export const GATEWAY_ERRORS = {
  TRAFFIC_STALE_GENERATION: {
    message: 'Traffic write for {model} refused: generation {generation} is not newer than {current}',
    remedy: 'Another writer was faster; read the split with `mlops rollout status {model}` before writing again',
    retryable: false,
    exitCode: 3,
  },
  TRAFFIC_GENERATION_CONFLICT: {
    message: 'Traffic write for {model} refused: expected generation {expected}, the router has {current}',
    remedy: 'Somebody else changed the split; inspect it with `mlops rollout status {model}` and decide whose split stands',
    retryable: false,
    exitCode: 3,
  },
  ROUTER_UNREACHABLE: {
    message: 'Traffic router at {address} cannot be reached: {reason}',
    remedy: 'Start it with `mlops up`, or mend `router` in config/deployment.yaml; `mlops doctor` shows more',
    retryable: true,
    exitCode: 1,
  },
  TRAFFIC_WRITE_LOST: {
    message: 'Traffic write for {model} with generation {generation} lost against a newer one',
    remedy: 'Nothing to do: it is tried again with a newer generation',
    retryable: true,
    exitCode: 1,
  },
  TRAFFIC_NOT_VERIFIED: {
    message: 'Split of {model} read back differs: {observed}, wanted {intended} %',
    remedy: 'Look for another writer with `mlops status`; the write is tried again',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
