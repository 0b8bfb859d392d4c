import { ownValue } from '../domain/own-value.ts';
import { assemblePlan, minimumPlanSeconds } from '../domain/rollout/plan.ts';
import type { PlanProblem } from '../domain/rollout/plan-problem.ts';
import { validatePlanSettings } from '../domain/rollout/plan-rules.ts';
import type { DeploymentFile } from './file-schema.ts';
import type { RuleProblem } from './rules.ts';
import type { CanaryConfig, DeploymentConfig } from './schema.ts';

/** What a setting is judged by beside itself. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  initial_percentage: ['max_percentage'],
  observation_window_minutes: ['tick_seconds'],
  manual_gates: ['initial_percentage', 'max_percentage', 'ramp_step', 'header_only', 'steps'],
  shadow_percentage: ['steps'],
  header_only: ['steps'],
  steps: ['manual_gates'],
};

/** Checks each profile as the plan it comes to; what is wrong with `canary` itself is said once. */
export function checkPlans(
  file: DeploymentFile,
  { profiles }: DeploymentConfig,
  isUsable: (path: string) => boolean,
): RuleProblem[] {
  const said = new Set<string>();
  return Object.entries(profiles).flatMap(([name, canary]) => {
    const own = ownValue(file.profiles, name) ?? {};
    const isRead = (key: string): boolean =>
      isUsable(`profiles.${name}.${key}`) && (Object.hasOwn(own, key) || isUsable(`canary.${key}`));
    const isWhole = isUsable('canary') && isUsable(`profiles.${name}`);
    const problems = [
      ...validatePlanSettings(canary).filter(({ key }) => readsOf(key).every(isRead)),
      ...(isWhole ? checkDeadline(canary, name) : []),
    ];
    return problems.flatMap((problem) => placeProblem(file, name, problem, said));
  });
}

function readsOf(key: string): readonly string[] {
  const [setting = ''] = key.split('.');
  return [setting, ...(ownValue(BESIDE, setting) ?? [])];
}

function checkDeadline(canary: CanaryConfig, name: string): PlanProblem[] {
  if (validatePlanSettings(canary).length > 0) return [];
  const plan = assemblePlan(canary, name);
  const needed = minimumPlanSeconds(plan);
  if (needed <= plan.deadlineSeconds) return [];
  const wanted = `at least ${(needed / 3600).toFixed(2)}, the time its steps take`;
  return [{ key: 'max_deployment_hours', value: String(canary.maxDeploymentHours), wanted }];
}

/** Where the setting of a profile stands: in the profile, or in `canary`, which it changes. */
function placeProblem(
  file: DeploymentFile,
  profile: string,
  { key, value, wanted }: PlanProblem,
  said: Set<string>,
): RuleProblem[] {
  const [setting = ''] = key.split('.');
  const isOwn = Object.hasOwn(ownValue(file.profiles, profile) ?? {}, setting);
  const path = isOwn ? `profiles.${profile}.${key}` : `canary.${key}`;
  const words = `${path} ${value} ${wanted}`;
  if (said.has(words)) return [];
  said.add(words);
  return [{ path, value, wanted: isOwn || profile === 'default' ? wanted : `${wanted} (profile ${profile})` }];
}
