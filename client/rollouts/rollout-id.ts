/** Workflow id of a model's rollout: one can be open per model and environment (architecture D3). */
export function rolloutIdOf(environment: string, model: string): string {
  return `rollout/${environment}/${model}`;
}
