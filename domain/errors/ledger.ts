import type { ErrorDefinition } from './definition.ts';

/** Failures of the evidence ledger, its keys and its exports. */
export const LEDGER_ERRORS = {
  EVENT_NOT_FOUND: {
    message: 'Ledger has no event {sequence}',
    remedy: 'List events with `mlops audit query`',
    retryable: false,
    exitCode: 2,
  },
  ALARM_UNKNOWN: {
    message: 'Event {alarm} raised no alarm of the access watch',
    remedy: 'Name the event of an alarm as `mlops governance watch` shows it',
    retryable: false,
    exitCode: 2,
  },
  ALARM_ACKNOWLEDGED: {
    message: 'Alarm {alarm} was acknowledged before, by {by}',
    remedy: 'Read what they found: `mlops audit query --type access.alarm-acknowledged`',
    retryable: false,
    exitCode: 3,
  },
  ALARM_OWN: {
    message: 'Alarm {alarm} is about you, and nobody acknowledges an alarm about themselves',
    remedy: 'Ask another auditor or admin to look into it',
    retryable: false,
    exitCode: 4,
  },
  HOLD_UNKNOWN: {
    message: 'Legal hold on {subject} for the case {case} is not there: {there}',
    remedy: 'List those in force with `mlops governance hold`, and name the case with --case as it stands there',
    retryable: false,
    exitCode: 2,
  },
  LEGAL_HOLD: {
    message: 'Subject {subject} may not be erased: a legal hold on {held} is in force',
    remedy:
      'Ask who placed the hold: `mlops governance hold` says for which case. It ends with `mlops governance hold {held} --case <case> --release`',
    retryable: false,
    exitCode: 3,
  },
  ERASURE_UNFINISHED: {
    message:
      'Subject {subject} is erased, but not from the file of the table {table}: {problem}; wanted nobody who reads what was there',
    remedy:
      'End what has the database open for so long (a backup, a long query), then finish it: `mlops governance erase {subject} --reason "again"`',
    retryable: true,
    exitCode: 1,
  },
  SUBJECT_AMBIGUOUS: {
    message: 'Subject {subject} is the name of more than one principal: {ids}; wanted one',
    remedy: 'Give the principal id; `mlops identity list` shows how each is known',
    retryable: false,
    exitCode: 2,
  },
  SUBJECT_UNKNOWN: {
    message: 'Subject {subject} is not known: no person of that name or id, and nothing in the ledger about it',
    remedy: 'Give the name or principal id of a person, or a resource as `mlops audit query` shows it',
    retryable: false,
    exitCode: 2,
  },
  LEDGER_CLOSED: {
    message: 'Ledger was never opened in this database: nothing can be recorded, so nothing is done',
    remedy:
      'Start a worker on the machine that has the signing key, which opens it: `mlops up --detach`, or `mlops worker`',
    retryable: false,
    exitCode: 1,
  },
  LEDGER_BUSY: {
    message: 'Ledger cannot be written: another program has held its end for 10 s',
    remedy: 'Try again; when it lasts, look for a stopped worker with `mlops status`',
    retryable: true,
    exitCode: 1,
  },
  // Both may be tried again: what they want is mended while what asks for it waits.
  LEDGER_REFUSED: {
    message: 'Database refuses {events}, with what is changed by it: {problem}; wanted what its rules allow',
    remedy:
      'Nothing of it was written. Bring program and database to one release (`mlops doctor`, docs/how-to/upgrade.md); when it lasts, report it with this message',
    retryable: true,
    exitCode: 1,
  },
  LEDGER_FORBIDDEN: {
    message:
      'Database lets the login of DATABASE_URL not do {events}, with what is changed by it: {problem}; wanted what its role may',
    remedy:
      'Nothing of it was written. Use the login of the role that does it (docs/reference/database-roles.md); `mlops doctor` says which role a login is of',
    retryable: true,
    exitCode: 4,
  },
  LEDGER_KEYS_INVALID: {
    message: 'Keys of the ledger in {file} cannot be used: {problem}',
    remedy:
      'Mend what it says. A file that is lost or broken is restored from its backup: without it payloads cannot be read and checkpoints cannot be signed',
    retryable: false,
    exitCode: 1,
  },
  CHECKPOINT_KEY_ELSEWHERE: {
    message: 'Key that signs checkpoints is not on this machine: {file} is not there',
    remedy: 'Run the command on the machine that signs, where the file is',
    retryable: false,
    exitCode: 2,
  },
  CHECKPOINT_KEY_ALONE: {
    message: 'Key {key} is the only one that signs checkpoints: nothing can be retired',
    remedy: 'Make its successor first: `mlops governance rotate --checkpoint-key`',
    retryable: false,
    exitCode: 2,
  },
  CHECKPOINT_KEY_UNUSED: {
    message: 'Newest checkpoint is not signed by the newer key {key}: the older one cannot be retired yet',
    remedy:
      'Finish `mlops governance rotate --checkpoint-key`, copy keys/ledger-signing.json to every machine that signs, then try again',
    retryable: true,
    exitCode: 3,
  },
  LEDGER_KEY_UNREADABLE: {
    message: 'Payload key of {subject} cannot be opened with {key}',
    remedy: 'Restore the key-encryption key {key}; it is named by the event that rotated it',
    retryable: false,
    exitCode: 1,
  },
  PAYLOAD_UNREADABLE: {
    message: 'Payload of event {sequence} is not the one that the event commits to, or was sealed by another key',
    remedy:
      'Look at who appended the event (`mlops audit event {sequence}`), and for the payload in a backup of the database; an export withholds it and has everything else',
    retryable: false,
    exitCode: 3,
  },
  LEDGER_KEY_FOREIGN: {
    message: 'Ledger of the database is {ledger}, the signing key here is of {key}',
    remedy: 'Use the keys that were made for this database, or point DATABASE_URL at the one they belong to',
    retryable: false,
    exitCode: 1,
  },
  LEDGER_TAMPERED: {
    message: 'Ledger is not the one that was signed: {problem}',
    remedy:
      'Stop, keep the database as it is, and compare it with the segment files and with checkpoints kept elsewhere (docs/how-to/verify-evidence-offline.md)',
    retryable: false,
    exitCode: 3,
  },
  CHECKPOINT_NOT_FOUND: {
    message: 'Nothing of the ledger was signed yet: there is no checkpoint',
    remedy:
      'Start the worker, which holds the signing key and signs every second (`mlops up --detach`), then try again',
    retryable: true,
    exitCode: 1,
  },
  LEDGER_UNSIGNED: {
    message: 'Ledger has {size} events, and its newest checkpoint covers {signed}',
    remedy:
      'Start the worker, which holds the signing key and signs every second (`mlops up --detach`), then try again',
    retryable: true,
    exitCode: 1,
  },
  VERIFIER_KEY_INVALID: {
    message: 'Verifier key {key} is not valid: {problem}',
    remedy:
      'Give it as <name>+<key id>+<base64>, as the trusted-keys file of the ledger or GET /api/v1/audit/keys has it',
    retryable: false,
    exitCode: 2,
  },
  CHECKPOINT_OF_SELECTION: {
    message:
      'Audit file {file} is a selection of events: it cannot show by itself that it continues an earlier checkpoint',
    remedy:
      'Give --proof of `mlops audit prove --checkpoint <file> --file {file}`, or verify a full export (`mlops audit export` without --from, --to and --type)',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
