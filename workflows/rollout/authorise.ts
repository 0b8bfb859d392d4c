import { ApplicationFailure, currentUpdateInfo, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { RolloutActivities } from '../../activities/index.ts';
import type { Authorisation } from '../../activities/authorise.ts';
import { sourceOf, type FromSomewhere } from '../../domain/governance/act-source.ts';
import { PRODUCTION, problemOfClaim, type AskedFor, type Claim } from '../../domain/governance/statement.ts';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import type { ActionInput } from '../messages.ts';
import type { Ending } from './context.ts';
import { messageOf } from './failure.ts';

/** Somebody waits for the answer: given up before they do. */
const { authorise } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', maximumInterval: '2s' },
});

/** What a validator can see without keys; null when nothing is wrong. */
export function claimProblem(environment: string, action: string, input: ActionInput): string | null {
  return problemOfClaim(input, { environment, action: `rollout.${action}`, resource: workflowInfo().workflowId });
}

/** Has a signature verified and roles looked up. @throws ApplicationFailure with the code of the refusal */
export async function assertMay(action: string, input: ActionInput, content: object): Promise<void> {
  const { actor, statement } = input;
  // Validators have let it pass: outside production the user of the operating system is believed.
  if (statement === undefined) return;
  const occasion = currentUpdateInfo()?.id ?? '';
  const asked = { action: `rollout.${action}`, content, occasion };
  const answer = await ask({ actor, statement }, asked, input).catch((error: unknown) => ({
    allowed: false as const,
    code: 'ROLLOUT_REFUSED_ACTION',
    problem: nobodyLooked(error),
  }));
  if (answer.allowed) return;
  throw ApplicationFailure.nonRetryable(`${action} refused: ${answer.problem}`, answer.code);
}

function nobodyLooked(error: unknown): string {
  return `nobody could look who asks: ${messageOf(error)}`;
}

/**
 * The ending of a rollout that was started by somebody who may not; null when they may.
 *
 * @throws ActivityFailure while nobody can look
 */
export async function endUnlessMayStart({ statement, ...request }: RolloutRequest): Promise<Ending | null> {
  if (statement === undefined) {
    const problem = 'the start is not signed, and in production it must be (set MLOPS_IDENTITY)';
    return refusedStart('NOT_AUTHENTICATED', problem);
  }
  const { startTime } = workflowInfo();
  const answer = await ask(
    { actor: request.startedBy, statement },
    { action: 'rollout.start', content: request, occasion: 'start', receivedAt: startTime.toISOString() },
    request,
  );
  return answer.allowed ? null : refusedStart(answer.code, answer.problem);
}

/** Whether a start has to be looked at: it says who it is by, or it must. */
export function mustShowWho({ environment, statement }: RolloutRequest): boolean {
  return statement !== undefined || environment === PRODUCTION;
}

function refusedStart(reason: string, detail: string): Ending {
  return { outcome: 'failed', reason, detail, actor: 'rollout' };
}

async function ask(
  claim: Claim,
  { occasion, ...asked }: Omit<AskedFor, 'resource'> & { readonly occasion: string },
  by: FromSomewhere,
): Promise<Authorisation> {
  const { runId, workflowId } = workflowInfo();
  const placed = { ...asked, resource: workflowId, occasion: `${workflowId}/${runId}/${occasion}` };
  const order = { claim, asked: placed, ...sourceOf(by) };
  return await authorise.executeWithOptions({ summary: asked.action }, [order]);
}
