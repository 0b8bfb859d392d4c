import { resourceAlertKey, resourceAlertText, type ResourceAlert } from '../domain/rollout/resource-alert.ts';
import type { ArmTarget } from '../domain/rollout/split.ts';
import { serverTimeMs } from './clock.ts';
import type { HealthProbe, ProbeResult, RolloutStore } from './ports.ts';

export interface ProbeArmsInput {
  readonly model: string;
  readonly environment: string;
  readonly rolloutKey: string;
  readonly stable: ArmTarget;
  readonly canary: ArmTarget;
  readonly resourceAlertPercent: number;
}

export interface ProbeArmsResult {
  /** Time of the server, milliseconds since 1970. */
  readonly nowMs: number;
  readonly stable: ProbeResult;
  readonly canary: ProbeResult;
  /** Arms above the share of a limit of theirs, told for the first time. */
  readonly resourceAlerts: readonly ResourceAlert[];
}

/** Activities that ask the services themselves. An unwell service is a result, not an error. */
export function createHealthActivities({ health, rollouts }: { health: HealthProbe; rollouts: RolloutStore }) {
  return {
    /** Probes both arms, and opens a scale alert (once per arm and resource) when one uses too much of a limit of its. */
    async probeArms(input: ProbeArmsInput): Promise<ProbeArmsResult> {
      const [stable, canary] = await Promise.all([
        health.probe(input.stable.endpoint, input.stable.version),
        health.probe(input.canary.endpoint, input.canary.version),
      ]);
      const alerts = [...(await alert(input, 'stable', stable)), ...(await alert(input, 'canary', canary))];
      return { stable, canary, resourceAlerts: alerts, nowMs: serverTimeMs() };
    },

    /** Whether the stable version can take the traffic back: healthy in one of three probes, a second apart. */
    async checkStable(input: { readonly stable: ArmTarget }): Promise<ProbeResult> {
      let last = await health.probe(input.stable.endpoint, input.stable.version);
      for (let attempt = 1; attempt < 3 && !last.healthy; attempt += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        last = await health.probe(input.stable.endpoint, input.stable.version);
      }
      return last;
    },
  };

  async function alert(input: ProbeArmsInput, arm: 'stable' | 'canary', result: ProbeResult): Promise<ResourceAlert[]> {
    const { version, endpoint } = input[arm];
    const alerts: ResourceAlert[] = [];
    for (const { resource, used, limit } of usageOf(result)) {
      const percent = (100 * used) / limit;
      if (percent <= input.resourceAlertPercent) continue;
      const found = { arm, version, percent, resource };
      const isNew = await rollouts.openIncident({
        idempotencyKey: `${input.rolloutKey}/${resourceAlertKey(found)}`,
        model: input.model,
        environment: input.environment,
        actor: 'rollout',
        kind: 'resource-usage',
        severity: 'warning',
        summary: resourceAlertText(found, input.resourceAlertPercent),
        evidence: { resource, used, limit, endpoint },
      });
      if (isNew) alerts.push(found);
    }
    return alerts;
  }
}

/** What a service says it uses, of what it may; nothing where it does not say. */
function usageOf({ memoryBytes, memoryLimitBytes, cpuCores, cpuLimitCores }: ProbeResult) {
  const all = [
    { resource: 'memory', used: memoryBytes, limit: memoryLimitBytes },
    { resource: 'CPU', used: cpuCores, limit: cpuLimitCores },
  ] as const;
  return all.flatMap(({ resource, used, limit }) =>
    used === null || limit === null || limit <= 0 ? [] : [{ resource, used, limit }],
  );
}
