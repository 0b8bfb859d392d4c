import type { ErrorDefinition } from './definition.ts';

/** Failures of who somebody is and what they may do. */
export const IDENTITY_ERRORS = {
  NOT_AUTHENTICATED: {
    message: 'Who asks for {action} is not shown: {problem}',
    remedy:
      'Sign with an identity of yours: set MLOPS_IDENTITY to its file or name (`mlops identity list` shows who is known)',
    retryable: false,
    exitCode: 4,
  },
  NOT_AUTHORISED: {
    message: '{who} may not do {action} on {resource}: has {has}, wanted {wanted}',
    remedy: 'Ask an admin for `mlops identity grant {who} <role>`; docs/reference/roles.md has the table',
    retryable: false,
    exitCode: 4,
  },
  DATABASE_ROLE_MISSING: {
    message:
      '{action} is done in the database by the role {role}, and the login {login} of DATABASE_URL is no member of it',
    remedy:
      'Run it with the login of an admin in DATABASE_URL, or let the owner of the database run GRANT {role} TO {login} (docs/how-to/separate-database-logins.md)',
    retryable: false,
    exitCode: 4,
  },
  KEY_NOT_HELD: {
    message: 'New key is not shown to be held by who asks: {problem}',
    remedy: 'Let `mlops identity rotate <name>` make the key on the machine where it is to be',
    retryable: false,
    exitCode: 4,
  },
  OWN_KEY_UNANSWERED: {
    message:
      'New key {key} was sent to the worker, which has not answered within {seconds} s: nobody may poll the queue {queue}',
    remedy:
      'Start a worker (`mlops status` shows who polls), then run the command again: it goes on with the same key, and the old one counts until then',
    retryable: true,
    exitCode: 1,
  },
  IDENTITY_UNKNOWN: {
    message: 'Identity {name} is not known here',
    remedy: 'List those that are with `mlops identity list`, or make it with `mlops identity create {name}`',
    retryable: false,
    exitCode: 2,
  },
  IDENTITY_EXISTS: {
    message: 'Identity {name} is there already',
    remedy:
      'Grant it roles with `mlops identity grant {name} <role>`, give it a new key with `mlops identity rotate {name}`',
    retryable: false,
    exitCode: 3,
  },
  IDENTITY_UNSIGNED: {
    message: 'Identity {name} is named by {provider} alone and has no key that could be replaced',
    remedy: 'Make an identity that signs: `mlops identity create {name}`, with the roles that it needs',
    retryable: false,
    exitCode: 2,
  },
  IDENTITY_FILE_INVALID: {
    message: 'Identity file {file} cannot be used: {problem}',
    remedy:
      'Point MLOPS_IDENTITY at a file that `mlops identity create <name>` wrote, readable by its owner alone (chmod 600)',
    retryable: false,
    exitCode: 2,
  },
  IDENTITY_FILE_UNWRITABLE: {
    message: 'Identity file {file} cannot be written: {problem}',
    remedy:
      'Name another file with --out, in a folder that is there; what is there is never overwritten: the key of somebody who is known is replaced with `mlops identity rotate <name>`',
    retryable: false,
    exitCode: 2,
  },
  ROLE_FOR_PEOPLE: {
    message: 'Identity {name} is a program and cannot have the role {role}: people decide, programs do not',
    remedy: 'Give it a role that its work needs, for example engineer (docs/reference/roles.md)',
    retryable: false,
    exitCode: 2,
  },
  TOKEN_ISSUER_UNREACHABLE: {
    message: 'Keys of {issuer} cannot be read from {url}: {problem}',
    remedy: 'Look whether the provider answers there; `identity.issuers` of config/governance.yaml has the address',
    retryable: true,
    exitCode: 1,
  },
  LAST_ADMIN: {
    message: 'Identity {name} is the last admin with a key: nobody could grant anything any more',
    remedy: 'Make another admin first with `mlops identity grant <name> admin`',
    retryable: false,
    exitCode: 3,
  },
  ROLE_NOT_GRANTED: {
    message: 'Identity {name} does not have the role {role}',
    remedy: 'See what it has with `mlops identity list`',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
