import { patched } from '@temporalio/workflow';
import { activities, type Ending, type RolloutContext } from './context.ts';
import { codeOf, messageOf } from './failure.ts';
import { record } from './record.ts';

/** Some seconds for a service that is just warming up. */
const ATTEMPTS = 5;

/** Asks the canary by the header alone. When it fails here, it has failed before any user met it. */
export async function smokeTest(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  try {
    const detail = await activities.smokeTest.executeWithOptions(
      { summary: 'smoke test by header', retry: { maximumAttempts: ATTEMPTS } },
      [{ model: request.model, version: request.canary.version }],
    );
    await record(context, { key: `step/${run.stepIndex}/smoke`, event: 'smoke-tested', detail });
    return null;
  } catch (error) {
    if (codeOf(error) !== 'SMOKE_TEST_FAILED' || !patched('a-failed-smoke-test-ends-it')) throw error;
    return { outcome: 'rolled-back', reason: 'smoke-test', detail: messageOf(error), actor: 'rollout' };
  }
}
