import { patched } from '@temporalio/workflow';
import { resourceAlertKey, resourceAlertText } from '../../domain/rollout/resource-alert.ts';
import { recordProbe } from '../../domain/rollout/run.ts';
import { breach } from './breach.ts';
import { askArms } from './ask-arms.ts';
import { advanceClock, type Ending, type RolloutContext } from './context.ts';
import { isPassing } from './failure.ts';
import { record } from './record.ts';
import { movesUsersOffStable } from './stable-down.ts';

/** Probes both arms: k failures of the last n make an arm unhealthy. */
export async function probeArms(context: RolloutContext): Promise<Ending | null> {
  const { request, run } = context;
  const result = await probe(context);
  if (result === null) return null;
  advanceClock(context, result.nowMs);
  const stable = recordProbe(run.health.stable, result.stable.healthy, result.stable.detail, request.health);
  const canary = recordProbe(run.health.canary, result.canary.healthy, result.canary.detail, request.health);
  run.health = { stable: stable.history, canary: canary.history };
  for (const alert of result.resourceAlerts) {
    const detail = resourceAlertText(alert, request.resourceAlertPercent);
    await record(context, { key: resourceAlertKey(alert), event: 'scale-alert', detail, notify: 'warning' });
  }
  if (stable.unhealthy) return stableDown(context, result.stable.detail);
  if (!canary.unhealthy) return await endWaiver(context);
  if (run.waived.includes('health')) return null;
  const reason = `canary ${request.canary.version} failed ${request.health.failures} of its last ${canary.history.recent.length} health checks: ${result.canary.detail}`;
  return await breach(context, { metric: 'health', reason, action: 'rollback', tick: run.tick });
}

/** What a person accepted was that failure: once the canary is well again, the next one is a new finding. */
async function endWaiver(context: RolloutContext): Promise<null> {
  const { run } = context;
  if (!run.waived.includes('health') || !patched('a-recovery-ends-its-waiver')) return null;
  run.waived = run.waived.filter((metric) => metric !== 'health');
  const detail = `canary ${context.request.canary.version} is healthy again: what was accepted of its health is over`;
  await record(context, { key: `recovered/${run.tick}`, event: 'recovered', detail, facts: { metric: 'health' } });
  return null;
}

async function probe(context: RolloutContext) {
  try {
    return await askArms(context, 'health of both arms');
  } catch (error) {
    if (!isPassing(error)) throw error;
    return null;
  }
}

/** Never shift users onto a dead arm. Where they go is settled at the close; a canary without users gets none. */
function stableDown({ request, run }: RolloutContext, problem: string): Ending {
  const { canaryBasisPoints } = run.intended;
  const { stable, canary } = request;
  const ending = { outcome: 'failed', reason: 'stable-down', actor: 'rollout' } as const;
  const detail = `stable ${stable.version} is not healthy (${problem})`;
  if (!movesUsersOffStable()) {
    const where = `traffic stays where it is, ${canaryBasisPoints / 100} % on ${canary.version}`;
    return { ...ending, detail: `${detail}; ${where}`, leaveTraffic: true };
  }
  return { ...ending, detail: `${detail}; no user was on ${canary.version}, nobody was moved`, stableProblem: problem };
}
