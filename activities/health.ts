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
  /** Arms above the share of their memory limit, told for the first time. */
  readonly resourceAlerts: readonly {
    readonly arm: 'stable' | 'canary';
    readonly version: string;
    readonly percent: number;
  }[];
}

/** Activities that ask the services themselves. An unwell service is a result, not an error. */
export function createHealthActivities({ health, rollouts }: { health: HealthProbe; rollouts: RolloutStore }) {
  return {
    /** Probes both arms, and opens a scale alert (once per arm) when one uses too much of its memory limit. */
    async probeArms(input: ProbeArmsInput): Promise<ProbeArmsResult> {
      const [stable, canary] = await Promise.all([
        health.probe(input.stable.endpoint, input.stable.version),
        health.probe(input.canary.endpoint, input.canary.version),
      ]);
      const alerts = [
        ...(await alert(input, 'stable', input.stable.version, stable)),
        ...(await alert(input, 'canary', input.canary.version, canary)),
      ];
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

  async function alert(input: ProbeArmsInput, arm: 'stable' | 'canary', version: string, result: ProbeResult) {
    if (result.memoryBytes === null || result.memoryLimitBytes === null || result.memoryLimitBytes <= 0) return [];
    const percent = (100 * result.memoryBytes) / result.memoryLimitBytes;
    if (percent <= input.resourceAlertPercent) return [];
    const isNew = await rollouts.openIncident({
      idempotencyKey: `${input.rolloutKey}/resources/${arm}`,
      model: input.model,
      environment: input.environment,
      actor: 'rollout',
      kind: 'resource-usage',
      severity: 'warning',
      summary: `${arm} ${version} uses ${percent.toFixed(0)} % of its memory limit, wanted at most ${input.resourceAlertPercent} %`,
      evidence: {
        memoryBytes: result.memoryBytes,
        memoryLimitBytes: result.memoryLimitBytes,
        endpoint: input[arm].endpoint,
      },
    });
    return isNew ? [{ arm, version, percent }] : [];
  }
}
