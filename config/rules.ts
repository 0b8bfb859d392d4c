import { assemblePlan, minimumPlanSeconds } from '../domain/rollout/plan.ts';
import { marginLogOf } from '../domain/rollout/judge/policy.ts';
import { isMlopsError } from '../domain/errors.ts';
import type { CanaryConfig, DeploymentConfig } from './schema.ts';

/** One rule that involves several settings: the problem in words, or null. */
interface Rule {
  readonly name: string;
  readonly check: (config: DeploymentConfig) => string | null;
}

/** Rules over the settings as a whole; each profile is checked as the plan it comes to. */
export const RULES: readonly Rule[] = [
  {
    name: 'probes',
    check: ({ health }) =>
      health.failures <= health.outOf
        ? null
        : `health.failures: ${health.failures}, wanted at most health.out_of (${health.outOf})`,
  },
  {
    name: 'probe-timeout',
    check: ({ health }) =>
      health.timeoutSeconds <= health.intervalSeconds
        ? null
        : `health.timeout_seconds: ${health.timeoutSeconds}, wanted at most health.interval_seconds (${health.intervalSeconds})`,
  },
  {
    name: 'non-inferiority',
    check: ({ judge }) =>
      marginLogOf(judge.nonInferiorityRatio) === null
        ? `judge.non_inferiority_ratio: ${judge.nonInferiorityRatio}, wanted exp of a multiple of 0.2: 1.22, 1.49, 1.82, 2.23, 2.72, ...`
        : null,
  },
  {
    name: 'noise',
    check: ({ judge, noiseAssumptions }) =>
      Object.hasOwn(noiseAssumptions, judge.noise)
        ? null
        : `judge.noise: ${judge.noise}, wanted one of ${Object.keys(noiseAssumptions).join(', ')}`,
  },
  {
    name: 'noise-of-models',
    check: ({ models, noiseAssumptions }) => {
      for (const [model, { noise }] of Object.entries(models)) {
        if (typeof noise === 'string' && !Object.hasOwn(noiseAssumptions, noise))
          return `models.${model}.noise: ${noise}, wanted one of ${Object.keys(noiseAssumptions).join(', ')}`;
      }
      return null;
    },
  },
  {
    name: 'required-and-shown',
    check: ({ judge }) => {
      const both = judge.requiredMetrics.filter((name) => judge.dryRunMetrics.includes(name));
      return both.length === 0
        ? null
        : `judge.dry_run_metrics: ${both.join(', ')} is required for promotion too, wanted one or the other`;
    },
  },
  {
    name: 'gateway-elsewhere',
    check: ({ gateway }) => {
      const set = [gateway.url, gateway.adminUrl].filter((url) => url !== null).length;
      if (set === 1)
        return `gateway.${gateway.url === null ? 'url' : 'admin_url'}: null, wanted both url and admin_url of a gateway that runs elsewhere, or neither`;
      return set === 2 && gateway.tokenFile === null
        ? 'gateway.token_file: null, wanted the file with the token of the gateway that runs elsewhere'
        : null;
    },
  },
  { name: 'targets', check: checkTargets },
];

/** Every broken rule in words, prefixed by where it is. */
export function validateRules(config: DeploymentConfig): string[] {
  const broken = RULES.map(({ check }) => check(config)).filter((problem) => problem !== null);
  const plans = Object.entries(config.profiles).flatMap(([name, canary]) => checkPlan(name, canary));
  return [...broken, ...plans];
}

function checkPlan(name: string, canary: CanaryConfig): string[] {
  const where = name === 'default' ? 'canary' : `profiles.${name}`;
  const problems: string[] = [];
  if (canary.steps === null && canary.observationWindowMinutes * 60 < canary.tickSeconds) {
    problems.push(
      `${where}.observation_window_minutes: ${canary.observationWindowMinutes}, wanted at least one tick (${canary.tickSeconds} s)`,
    );
  }
  try {
    const plan = assemblePlan(canary, name);
    const needed = minimumPlanSeconds(plan);
    if (needed > plan.deadlineSeconds) {
      problems.push(
        `${where}.max_deployment_hours: ${canary.maxDeploymentHours}, wanted at least ${(needed / 3600).toFixed(2)}, the time its steps take`,
      );
    }
  } catch (error) {
    if (!isMlopsError(error, 'ROLLOUT_PLAN_INVALID')) throw error;
    problems.push(`${where}: ${String(error.details['problems'])}`);
  }
  return problems;
}

function checkTargets({ targets, endpointAllowList }: DeploymentConfig): string | null {
  for (const [model, versions] of Object.entries(targets)) {
    for (const [version, url] of Object.entries(versions)) {
      const { hostname, protocol } = new URL(url);
      const allowed =
        (protocol === 'http:' || protocol === 'https:') && endpointAllowList.includes(hostname.replace(/^\[|\]$/g, ''));
      if (!allowed)
        return `targets.${model}.${version}: ${url}, wanted http(s) on one of endpoint_allow_list (${endpointAllowList.join(', ')})`;
    }
  }
  return null;
}
