/** What looking at recorded rollouts is about: those of one model, or with null of all. */
export function resourceOfRollouts(environment: string, model: string | null): string {
  return model === null ? `rollout/${environment}` : `rollout/${environment}/${model}`;
}
