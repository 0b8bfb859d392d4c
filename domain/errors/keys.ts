import type { ErrorDefinition } from './definition.ts';

/** Failures of the keys that wrap those of ledger and artifacts. */
export const KEY_ERRORS = {
  WRAPPING_KEYS_INVALID: {
    message: 'Wrapping keys of {place} cannot be used: {problem}',
    remedy: '{hint}',
    retryable: false,
    exitCode: 1,
  },
  KEY_SERVICE_UNREACHABLE: {
    message: 'Key service {place} cannot be asked: {problem}',
    remedy: 'Start or unseal it, or mend keys.vault of config/governance.yaml; then do it again',
    retryable: true,
    exitCode: 1,
  },
  KEY_ROTATION_REFUSED: {
    message: 'Wrapping keys of {place} are not rotated so: {problem}',
    remedy: '{hint}',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
