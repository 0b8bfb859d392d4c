import { distance } from 'fastest-levenshtein';
import { ownValue } from '../domain/own-value.ts';
import { FRAMEWORKS, parseFrameworks } from '../domain/governance/recorded-event.ts';
import { parseWrappingKeyList } from '../domain/governance/wrapping-key-list.ts';
import { hasCredentials } from '../domain/url-credentials.ts';
import { MOST_PORT_OFFSET } from './defaults.ts';

/** One environment variable that is read. */
interface Variable {
  readonly summary: string;
  readonly wanted: string;
  readonly accepts: (value: string) => boolean;
  /** Arrives with a later part of the program; read and checked already. */
  readonly later?: string;
  /** Never shown. */
  readonly isSecret?: boolean;
}

const text = (summary: string, later?: string): Variable => ({
  summary,
  wanted: 'text',
  accepts: (value) => value !== '',
  ...(later === undefined ? {} : { later }),
});
const url = (summary: string, later?: string): Variable => ({
  summary,
  wanted: 'a URL without user and password',
  accepts: (value) => URL.canParse(value) && !hasCredentials(value),
  ...(later === undefined ? {} : { later }),
});
const whole = (summary: string, least: number, later?: string): Variable => ({
  summary,
  wanted: `a whole number of at least ${least}`,
  accepts: (value) => /^\d+$/.test(value) && Number(value) >= least,
  ...(later === undefined ? {} : { later }),
});
const percent = (summary: string, later: string): Variable => ({
  summary,
  wanted: 'a number from 1 to 100',
  accepts: (value) => /^\d+(\.\d+)?$/.test(value) && Number(value) >= 1 && Number(value) <= 100,
  later,
});

/** Other programs read it too, so what it may be is theirs to say. */
const ofOthers = (summary: string): Variable => ({ summary, wanted: 'text', accepts: () => true, isSecret: true });

const PIPELINES = 'pipelines';

/** Every environment variable of ours and of the brief (contract §6). */
export const VARIABLES: Readonly<Record<string, Variable>> = {
  MLOPS_ENV: {
    summary: 'Environment: names workflows and rows',
    wanted: 'lower-case letters, digits and dashes',
    accepts: (value) => /^[a-z][a-z0-9-]*$/.test(value),
  },
  MLOPS_PORT_OFFSET: {
    summary: 'Added to every port',
    wanted: `a whole number from 0 to ${MOST_PORT_OFFSET} (the largest port is 65535)`,
    accepts: (value) => /^\d+$/.test(value) && Number(value) <= MOST_PORT_OFFSET,
  },
  MLOPS_STATE_DIRECTORY: text('Folder of state and logs'),
  MLOPS_IDENTITY: {
    summary:
      'Who acts and signs: a name in .mlops/identities, or an identity file; without it, in production the identity of the user of the operating system',
    wanted: 'a name or the path of a file, not what is in it',
    accepts: (value) => value !== '' && !/[{\n]/.test(value),
    // Somebody may have put the key itself there.
    isSecret: true,
  },
  MLOPS_WRAPPING_KEYS: {
    summary:
      'Wrapping keys for `keys.provider: environment`: `id:base64` of 32 bytes each, separated by commas; the first is in use',
    wanted: 'id:base64 of 32 bytes, separated by commas',
    accepts: (value) => parseWrappingKeyList(value) !== null,
    isSecret: true,
  },
  VAULT_TOKEN: ofOthers('Token for `keys.provider: vault`, unless `keys.vault.token_file` is set'),
  AWS_ACCESS_KEY_ID: ofOthers('Access key for `artifacts.store: s3`, unless `artifacts.s3.credentials_file` is set'),
  AWS_SECRET_ACCESS_KEY: ofOthers('Its secret'),
  AWS_SESSION_TOKEN: ofOthers('Its session token, where it is of a session'),
  MLOPS_DEBUG: { summary: 'Prints stack traces', wanted: '1', accepts: (value) => value === '1' },
  DATABASE_URL: {
    summary: 'PostgreSQL; without it an own one is started',
    wanted: 'a postgres:// URL',
    accepts: (value) => /^postgres(ql)?:\/\//.test(value),
    // It may hold a password.
    isSecret: true,
  },
  MODEL_REGISTRY_URL: url(
    'Registry: our API, or one of MLflow, which the worker takes versions over from every minute (and `mlops model import --from-mlflow` at once)',
  ),
  MLFLOW_TRACKING_TOKEN: ofOthers('Bearer token for it'),
  MONITORING_ENDPOINT: url('Metrics of both versions as Prometheus text; `mlops status` reads it'),
  AUDIT_STORAGE_PATH: text('Folder of the ledger in files: segments, newest checkpoint, verifier keys'),
  COMPLIANCE_FRAMEWORKS: {
    summary:
      'Frameworks that everything recorded by `governance.recordEvent` is evidence for, beside those that it names',
    wanted: `one or more of ${FRAMEWORKS.join(', ')}, separated by commas`,
    accepts: (value) => parseFrameworks(value) !== null,
  },
  DRIFT_CHECK_INTERVAL: whole('Seconds between drift checks', 1, 'drift'),
  DRIFT_CHECK_PARALLELISM: whole('Drift checks at a time', 1, 'drift'),
  PIPELINE_TIMEOUT: whole('Seconds a pipeline may run', 1, PIPELINES),
  MAX_PARALLEL_PIPELINES: whole('Pipelines at a time', 1, PIPELINES),
  MAX_CONCURRENT_PIPELINES: whole('Pipelines at a time', 1, PIPELINES),
  PIPELINE_WORKER_POOL_SIZE: whole('Worker processes for pipeline steps', 1, PIPELINES),
  MAX_MODEL_REPLICAS: whole('Most replicas of a model', 1, 'scaling'),
  MIN_MODEL_REPLICAS: whole('Fewest replicas of a model', 0, 'scaling'),
  AUTO_SCALE_THRESHOLD_CPU: percent('CPU use that adds a replica, percent', 'scaling'),
  AUTO_SCALE_THRESHOLD_MEMORY: percent('Memory use that adds a replica, percent', 'scaling'),
};

/** Every problem with the environment's variables; unknown MLOPS_ names are problems too. */
export function validateEnvironment(env: Readonly<Record<string, string | undefined>>): string[] {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    const variable = ownValue(VARIABLES, name);
    if (variable !== undefined && value !== undefined && !variable.accepts(value)) {
      problems.push(
        `environment variable ${name}: ${JSON.stringify(variable.isSecret === true ? '(hidden)' : value)}, wanted ${variable.wanted}`,
      );
    }
    if (variable === undefined && name.startsWith('MLOPS_')) {
      problems.push(
        `environment variable ${name} is not known; the nearest is ${nearest(name, Object.keys(VARIABLES))}`,
      );
    }
  }
  const [most, fewest] = [
    Number(env['MAX_MODEL_REPLICAS'] ?? Number.NaN),
    Number(env['MIN_MODEL_REPLICAS'] ?? Number.NaN),
  ];
  if (fewest > most)
    problems.push(`environment variable MIN_MODEL_REPLICAS: ${fewest}, wanted at most MAX_MODEL_REPLICAS (${most})`);
  return problems;
}

/** The environment without the variables of ours whose value is not valid. */
export function usableEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) => value === undefined || ownValue(VARIABLES, name)?.accepts(value) !== false,
    ),
  );
}

/** The known name with the fewest changed letters. */
export function nearest(name: string, known: readonly string[]): string {
  return known.reduce((best, candidate) => (distance(name, candidate) < distance(name, best) ? candidate : best));
}
