import { proxyActivities } from '@temporalio/workflow';

interface Activities {
  noOp(payload: string): Promise<string>;
}

const bare = proxyActivities<Activities>({ startToCloseTimeout: '10s' });
/** The options of a rollout's activities (workflows/rollout/context.ts). */
const ours = proxyActivities<Activities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s', maximumAttempts: 12 },
});

/** `steps` no-op activities, one after the other. */
export async function bareLoop(steps: number, payload: string): Promise<void> {
  for (let step = 0; step < steps; step += 1) await bare.noOp(payload);
}

/** The same as a rollout calls them: with a summary for the Web UI. */
export async function ourLoop(steps: number, payload: string): Promise<void> {
  for (let step = 0; step < steps; step += 1)
    await ours.noOp.executeWithOptions({ summary: `step ${step} of ${steps}` }, [payload]);
}
