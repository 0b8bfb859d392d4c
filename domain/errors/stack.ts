import type { ErrorDefinition } from './definition.ts';

/** Failures of the local stack and of what it depends on. */
export const STACK_ERRORS = {
  DATABASE_UNREACHABLE: {
    message: 'Database cannot be reached: {reason}',
    remedy: 'Start it with `mlops up`, or mend DATABASE_URL; `mlops doctor` shows more',
    retryable: true,
    exitCode: 1,
  },
  TEMPORAL_UNREACHABLE: {
    message: 'Temporal at {address} cannot be reached: {reason}',
    remedy: 'Start it with `mlops up`, or mend TEMPORAL_ADDRESS; `mlops doctor` shows more',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
