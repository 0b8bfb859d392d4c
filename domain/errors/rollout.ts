import type { ErrorDefinition } from './definition.ts';

/** Failures of rollouts, their plans and the judge. */
export const ROLLOUT_ERRORS = {
  ROLLOUT_PLAN_INVALID: {
    message: 'Rollout plan is not valid: {problems}',
    remedy: 'Mend the keys under `canary` in config/deployment.yaml, then look at `mlops rollout plan`',
    retryable: false,
    exitCode: 2,
  },
  ROLLOUT_NOT_FOUND: {
    message: 'No rollout of {model} in environment {environment}',
    remedy: 'List what is there with `mlops rollout list`',
    retryable: false,
    exitCode: 2,
  },
  ROLLOUT_ALREADY_OPEN: {
    message: 'Rollout of {model} to {toVersion} refused: {openVersion} is already being rolled out ({rolloutId})',
    remedy: 'Wait for it, end it with `mlops rollout abort {model}`, or start with --supersede',
    retryable: false,
    exitCode: 3,
  },
  REPLAY_INPUT_INVALID: {
    message: 'Replay input is not valid at line {line}: {problem}',
    remedy: 'Mend the line; the shape is described in docs/reference/replay.md',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
