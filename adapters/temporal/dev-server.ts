import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';

/** How the local Temporal server is started. */
export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Folder that must exist. */
  readonly directory: string;
}

/** The shard's queue readers look 20 times a second unless told otherwise: 100 ms per step instead of 17. */
const POLL_KEYS = ['transfer', 'timer', 'visibility'].map((queue) => `history.${queue}ProcessorMaxPollRPS=2000`);
/** Timers are put off by the clock skew that hosts of a cluster may have, 1 s unless told otherwise: here is one host. */
const TIMER_KEY = 'history.timerProcessorMaxTimeShift="20ms"';

/** Command line of the local server: file database that survives SIGKILL, Web UI with our codec, search attributes. */
export function devServerCommand(options: {
  readonly binary: string;
  readonly stateDirectory: string;
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  readonly codecEndpoint: string | null;
}): ServerCommand {
  const directory = join(options.stateDirectory, 'temporal');
  const args = [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${options.port}`,
    `--ui-port=${options.uiPort}`,
    `--namespace=${options.namespace}`,
    `--db-filename=${join(directory, 'temporal.db')}`,
    '--log-level=warn',
    '--sqlite-pragma=journal_mode=WAL',
    '--sqlite-pragma=synchronous=FULL',
    ...[...POLL_KEYS, TIMER_KEY].flatMap((value) => ['--dynamic-config-value', value]),
    ...SEARCH_ATTRIBUTES.flatMap(({ name, type }) => ['--search-attribute', `${name}=${type}`]),
    ...(options.codecEndpoint === null ? [] : ['--ui-codec-endpoint', options.codecEndpoint]),
  ];
  return { file: options.binary, args, directory };
}
