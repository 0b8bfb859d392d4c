import type { ErrorDefinition } from './definition.ts';

/** Failures of rollouts, their plans and the judge. */
export const ROLLOUT_ERRORS = {
  ROLLOUT_PLAN_INVALID: {
    message: 'Rollout plan is not valid: {problems}',
    remedy: 'Mend the keys under `canary` in config/deployment.yaml, then look at `mlops rollout plan`',
    retryable: false,
    exitCode: 2,
  },
  ENVIRONMENT_FOREIGN: {
    message: 'Order for environment {asked} refused: this worker is of {own}, wanted an order for {own}',
    remedy:
      'Start it where MLOPS_ENV is {asked}; give each environment a Temporal namespace of its own (TEMPORAL_NAMESPACE)',
    retryable: false,
    exitCode: 4,
  },
  ROLLOUT_NOT_FOUND: {
    message: 'No rollout of {model} in environment {environment}',
    remedy: 'List what is there with `mlops rollout list`, and name one with --model',
    retryable: false,
    exitCode: 2,
  },
  ROLLOUT_ALREADY_OPEN: {
    message: 'Rollout of {model} to {toVersion} refused: {openVersion} is already being rolled out ({rolloutId})',
    remedy: 'Wait for it, end it with `mlops rollout abort --model {model}`, or start with --supersede',
    retryable: false,
    exitCode: 3,
  },
  REPLAY_INPUT_INVALID: {
    message: 'Replay input is not valid at line {line}: {problem}',
    remedy: 'Give one JSON object per line, as docs/reference/replay.md describes; --input - reads standard input',
    retryable: false,
    exitCode: 2,
  },
  PREFLIGHT_SPLIT_FOREIGN: {
    message:
      'Rollout of {model} refused: the live split (generation {live}, {percent} % on {canary}) is not the recorded one (generation {recorded}), wanted the recorded one',
    remedy:
      'Somebody edited the router: inspect with `mlops status`, then `mlops rollback {model}` puts all traffic on the stable version and records it',
    retryable: false,
    exitCode: 3,
  },
  PREFLIGHT_SPLIT_BUSY: {
    message:
      'Rollout of {model} refused: {percent} % of the traffic is on {canary} already, wanted all of it on {stable}',
    remedy: 'Put all traffic on the stable version with `mlops rollback {model}`, then start again',
    retryable: false,
    exitCode: 3,
  },
  PREFLIGHT_STABLE_DIFFERS: {
    message: 'Rollout of {model} refused: live stable version is {live}, wanted {wanted} (the version rolled out from)',
    remedy: 'Start with `--from {live}`, or roll {wanted} out first',
    retryable: false,
    exitCode: 3,
  },
  PREFLIGHT_UNHEALTHY: {
    message: 'Rollout of {model} refused: {arm} {version} at {endpoint} is not healthy: {detail}',
    remedy: 'Mend the service, or the `health` section of config/deployment.yaml, then start again',
    retryable: false,
    exitCode: 3,
  },
  PREFLIGHT_NO_TELEMETRY: {
    message: 'Rollout of {model} refused: the metrics source has no data now: {reason}',
    remedy: 'Check the metrics source with `mlops doctor`; a rollout without telemetry could never be promoted',
    retryable: false,
    exitCode: 7,
  },
  SMOKE_TEST_FAILED: {
    message: 'Smoke test of {model} {version} through the override header failed: {detail}',
    remedy: 'Ask the gateway yourself with the header `x-mlops-arm: canary`',
    retryable: true,
    exitCode: 3,
  },
  PREFLIGHT_VERSION: {
    message: 'Rollout of {model} {from} → {to} refused by the registry: {problem}',
    remedy: 'See what it lacks, then start it again: `{next}`',
    retryable: false,
    exitCode: 3,
  },
  ROLLOUT_UNAUTHORISED: {
    message: '{action} of {model} refused: {problem}',
    remedy: 'Sign with an identity that may (MLOPS_IDENTITY; docs/reference/roles.md), or ask somebody who may',
    retryable: false,
    exitCode: 4,
  },
  ROLLOUT_REFUSED_ACTION: {
    message: '{action} refused: {problem}',
    remedy: '{remedy}',
    retryable: false,
    exitCode: 3,
  },
  ROLLOUT_UNANSWERED: {
    message: '{action} of {model} was not answered (up to {seconds} s are waited): no worker answers on queue {queue}',
    remedy: 'Start a worker with `mlops up --detach` or `mlops worker`, then try again',
    retryable: true,
    exitCode: 1,
  },
  ROLLOUT_BROKEN: {
    message: 'Rollout of {model} in {environment} ended without a result: {reason}',
    remedy:
      'Nothing steers it any more: `mlops rollback {model}` puts all traffic on the stable version now (the traffic guard does within two minutes), then start again',
    retryable: false,
    exitCode: 1,
  },
  ROLLOUT_OVER: {
    message: 'Look {tick} of rollout {rolloutKey} came after its end: it is not kept',
    remedy: 'Nothing is to be done: the rollout was closed as broken while the look was taken',
    retryable: false,
    exitCode: 3,
  },
  CALIBRATION_HISTORY_SHORT: {
    message: 'Noise of {model} cannot be known: {value} {what}, wanted at least {wanted}',
    remedy:
      'Collect more with `mlops rollout calibrate --run`, or give a longer history with --input (one {"requests": n, "errors": n, "slow": n} per line and tick)',
    retryable: true,
    exitCode: 7,
  },
  HISTORY_INVALID: {
    message: 'History {file} cannot be used: line {line}: {problem}',
    remedy: 'Give one tick of the stable version per line, {"requests": 600, "errors": 3}, or streams as for replay',
    retryable: false,
    exitCode: 2,
  },
  RECEIPT_NOT_FOUND: {
    message: 'No receipt of {model} in environment {environment}',
    remedy:
      'List rollouts and their keys with `mlops rollout list`; receipts live in the database named by DATABASE_URL',
    retryable: false,
    exitCode: 2,
  },
  RECEIPT_INVALID: {
    message: 'Receipt {file} cannot be read: {problem}',
    remedy: 'Export it again with `mlops rollout receipt --model MODEL --out FILE`',
    retryable: false,
    exitCode: 2,
  },
  TARGET_UNKNOWN: {
    message: 'Endpoint of {model} {version} is not known, wanted its URL',
    remedy:
      'Register it: `mlops model endpoint {model} {version} URL`, add it under `targets` in config/deployment.yaml, or pass `--endpoint {version}=URL`',
    retryable: false,
    exitCode: 2,
  },
  ENDPOINT_NOT_ALLOWED: {
    message: 'Endpoint {endpoint} refused: wanted http(s) on one of {allowed}, without user and password',
    remedy: 'Add its host to `endpoint_allow_list` in config/deployment.yaml if it is yours',
    retryable: false,
    exitCode: 2,
  },
  NOTIFICATION_FAILED: {
    message: 'Webhook to {url} failed: {reason}',
    remedy: 'Check the receiver and its `secret_file` under `notifications.webhooks` in config/deployment.yaml',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
