import type { ErrorDefinition } from './definition.ts';

/** Failures of the evidence ledger, its keys and its exports. */
export const LEDGER_ERRORS = {
  AUDIT_FILE_UNREADABLE: {
    message: 'Audit file {file} cannot be read: {reason}',
    remedy: 'Name an export of the ledger; --file - reads standard input',
    retryable: false,
    exitCode: 2,
  },
  VERIFIER_KEY_INVALID: {
    message: 'Verifier key {key} is not valid: {problem}',
    remedy:
      'Give it as <name>+<key id>+<base64>, as the trusted-keys file of the ledger or GET /api/v1/audit/keys has it',
    retryable: false,
    exitCode: 2,
  },
  CHECKPOINT_OF_SELECTION: {
    message: 'Audit file {file} is a selection of events: it cannot show that it continues an earlier checkpoint',
    remedy: 'Leave --checkpoint out, or verify a full export',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
