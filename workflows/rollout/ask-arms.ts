import { activities, type RolloutContext } from './context.ts';

/** Asks both arms how they are, once. */
export async function askArms({ request, run }: RolloutContext, summary: string) {
  return await activities.probeArms.executeWithOptions({ summary }, [
    {
      model: request.model,
      environment: request.environment,
      rolloutKey: run.rolloutKey,
      stable: request.stable,
      canary: request.canary,
      resourceAlertPercent: request.resourceAlertPercent,
    },
  ]);
}
