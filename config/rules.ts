import { isAllowedEndpoint } from '../domain/rollout/endpoint.ts';
import { marginLogOf } from '../domain/rollout/judge/policy.ts';
import { checkPlans } from './plan-rules.ts';
import type { DeploymentFile } from './file-schema.ts';
import type { DeploymentConfig } from './schema.ts';

/** What is wrong with a setting beside others. */
export interface RuleProblem {
  /** Dotted, as in the file */
  readonly path: string;
  readonly value: string;
  readonly wanted: string;
}

/** One rule that involves several settings. */
interface Rule {
  readonly name: string;
  /** What it goes by; it is not asked while one of them is wrong in itself. */
  readonly reads: readonly string[];
  readonly check: (config: DeploymentConfig) => RuleProblem[];
}

/** Rules over the settings as a whole. */
const RULES: readonly Rule[] = [
  {
    name: 'probes',
    reads: ['health.failures', 'health.out_of'],
    check: ({ health }) =>
      health.failures <= health.outOf
        ? []
        : [problem('health.failures', health.failures, `at most health.out_of (${health.outOf})`)],
  },
  {
    name: 'probe-timeout',
    reads: ['health.timeout_seconds', 'health.interval_seconds'],
    check: ({ health: { timeoutSeconds, intervalSeconds } }) =>
      timeoutSeconds <= intervalSeconds
        ? []
        : [problem('health.timeout_seconds', timeoutSeconds, `at most health.interval_seconds (${intervalSeconds})`)],
  },
  {
    name: 'non-inferiority',
    reads: ['judge.non_inferiority_ratio'],
    check: ({ judge: { nonInferiorityRatio: ratio } }) =>
      marginLogOf(ratio) === null
        ? [problem('judge.non_inferiority_ratio', ratio, 'exp of a multiple of 0.2: 1.22, 1.49, 1.82, 2.23, 2.72, ...')]
        : [],
  },
  {
    name: 'noise',
    reads: ['judge.noise', 'noise_assumptions'],
    check: (config) => checkNoise(config, 'judge.noise', config.judge.noise),
  },
  {
    name: 'noise-of-models',
    reads: ['noise_assumptions'],
    check: (config) =>
      Object.entries(config.models).flatMap(([model, { noise }]) => checkNoise(config, `models.${model}.noise`, noise)),
  },
  {
    name: 'required-and-shown',
    reads: ['judge.required_metrics', 'judge.dry_run_metrics'],
    check: ({ judge }) => {
      const both = judge.requiredMetrics.filter((name) => judge.dryRunMetrics.includes(name)).join(', ');
      return both === ''
        ? []
        : [problem('judge.dry_run_metrics', `${both} is required for promotion too`, 'one or the other')];
    },
  },
  {
    name: 'gateway-elsewhere',
    reads: ['gateway.url', 'gateway.admin_url', 'gateway.token_file'],
    check: ({ gateway }) => {
      const set = [gateway.url, gateway.adminUrl].filter((url) => url !== null).length;
      const missing = gateway.url === null ? 'gateway.url' : 'gateway.admin_url';
      if (set === 1)
        return [problem(missing, null, 'both url and admin_url of a gateway that runs elsewhere, or neither')];
      return set === 2 && gateway.tokenFile === null
        ? [problem('gateway.token_file', null, 'the file with the token of the gateway that runs elsewhere')]
        : [];
    },
  },
  { name: 'targets', reads: ['endpoint_allow_list'], check: checkTargets },
];

/**
 * Every broken rule, and everything that is wrong with the plan that each profile comes to.
 *
 * @param file what `config` was made from: it says which settings a profile has itself
 * @param isUsable whether what was written at a path is in it
 */
export function validateRules(
  file: DeploymentFile,
  config: DeploymentConfig,
  isUsable: (path: string) => boolean,
): RuleProblem[] {
  return [
    ...RULES.filter(({ reads }) => reads.every(isUsable)).flatMap(({ check }) => check(config)),
    ...checkPlans(file, config, isUsable),
  ];
}

function checkNoise({ noiseAssumptions }: DeploymentConfig, path: string, noise: unknown): RuleProblem[] {
  if (typeof noise !== 'string' || Object.hasOwn(noiseAssumptions, noise)) return [];
  return [problem(path, noise, `one of ${Object.keys(noiseAssumptions).join(', ')}`)];
}

function checkTargets({ targets, endpointAllowList: allowed }: DeploymentConfig): RuleProblem[] {
  const all = Object.entries(targets).flatMap(([model, versions]) =>
    Object.entries(versions).map(([version, url]) => ({ path: `targets.${model}.${version}`, url })),
  );
  return all
    .filter(({ url }) => !isAllowedEndpoint(url, allowed))
    .map(({ path, url }) => problem(path, url, `http(s) on one of endpoint_allow_list (${allowed.join(', ')})`));
}

function problem(path: string, value: unknown, wanted: string): RuleProblem {
  return { path, value: String(value), wanted };
}
