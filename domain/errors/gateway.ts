import type { ErrorDefinition } from './definition.ts';

/** Failures of traffic routing. */
export const GATEWAY_ERRORS = {
  TRAFFIC_STALE_GENERATION: {
    message: 'Traffic write for {model} refused: generation {generation} is not newer than {current}',
    remedy:
      'Another writer was faster; read the split with `mlops rollout status --model {model}` before writing again',
    retryable: false,
    exitCode: 3,
  },
  TRAFFIC_GENERATION_CONFLICT: {
    message: 'Traffic write for {model} refused: expected generation {expected}, the router has {current}',
    remedy:
      'Somebody else changed the split; inspect it with `mlops rollout status --model {model}` and decide whose split stands',
    retryable: false,
    exitCode: 3,
  },
  ROUTER_UNREACHABLE: {
    message: 'Traffic router at {address} cannot be reached: {reason}',
    remedy: 'Start it with `mlops up --detach`, or mend `gateway` in config/deployment.yaml; `mlops doctor` shows more',
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
  METRICS_UNAVAILABLE: {
    message: 'Metrics source at {address} has no reading of {model}: {reason}',
    remedy: 'Check it with `mlops status`; a tick without data is inconclusive and changes nothing',
    retryable: true,
    exitCode: 1,
  },
  GATEWAY_STATE_CORRUPT: {
    message: 'Gateway state {file} cannot be read: {reason}',
    remedy:
      'Restore the file, or remove it and write the split again with `mlops rollout start`; nothing is served from a guess',
    retryable: false,
    exitCode: 1,
  },
  GATEWAY_STATE_UNWRITABLE: {
    message: 'Split of {model} was not changed: the state file cannot be written ({reason})',
    remedy: 'Make room on the disk of the state directory; the old split stays live',
    retryable: true,
    exitCode: 1,
  },
  GATEWAY_REQUEST_INVALID: {
    message: 'Gateway refused the request: {problem}',
    remedy: 'See docs/reference/gateway.md for the shape',
    retryable: false,
    exitCode: 2,
  },
  ROLLBACK_NOTHING_LIVE: {
    message: 'Rollback of {model} refused: the router does not know this model',
    remedy: 'Name a model that is live; `mlops status` lists them',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
