import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from '../../test/support/stack.ts';

/** What the gateway's admin API has of one write. */
export interface GatewayWrite {
  readonly generation: number;
  readonly idempotencyKey: string;
  readonly split: { readonly canaryBasisPoints: number; readonly stable: { readonly version: string } };
}

/** Short steps with the real judge: a rollout of some seconds. */
export const SHORT_STEPS = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.2
  bake_minutes: 0.03
  steps: [{ weight: 10, window_minutes: 0.03 }, { weight: 30, window_minutes: 0.03 }, { weight: 60, window_minutes: 0.03 }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
health: { interval_seconds: 5, timeout_seconds: 2, failures: 3, out_of: 3 }
`;

/** Every write the gateway applied for a model, in its order. */
export async function readWrites(project: TestProject, offset: number, model: string): Promise<GatewayWrite[]> {
  const token = (await readFile(join(project.root, '.mlops/gateway/token'), 'utf8')).trim();
  const response = await fetch(`http://127.0.0.1:${8081 + offset}/v1/splits/${model}/history`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await response.json()) as { writes: GatewayWrite[] }).writes;
}

/** Arguments of a start between two services. */
export function startArguments(model: string, to: string, endpoints: Record<string, string>): string[] {
  const list = Object.entries(endpoints).flatMap(([version, url]) => ['--endpoint', `${version}=${url}`]);
  return ['rollout', 'start', '--model', model, '--to', to, ...list];
}

/** Process number of a part from its pid file, as the supervisor keeps it; null while it is not running. */
export async function pidFromFile(project: TestProject, part: string): Promise<number | null> {
  try {
    const text = await readFile(join(project.root, `.mlops/run/${part}.json`), 'utf8');
    return (JSON.parse(text) as { pid: number }).pid;
  } catch {
    return null;
  }
}
