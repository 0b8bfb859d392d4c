import {
  ApplicationFailure,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { MlopsError } from '../../domain/errors.ts';
import type { ActSource } from '../../domain/governance/act-source.ts';
import type { Claim } from '../../domain/governance/statement.ts';
import {
  abortUpdate,
  approveUpdate,
  denyUpdate,
  pauseUpdate,
  promoteUpdate,
  resumeUpdate,
  statusQuery,
  TASK_QUEUE,
  type ActionAccepted,
} from '../../workflows/messages.ts';
import { claimBy, type CurrentIdentity } from '../identity-port.ts';

/** What a person may ask of a rollout. */
export interface RolloutAction {
  readonly kind: 'approve' | 'deny' | 'pause' | 'resume' | 'promote' | 'abort';
  /** The user of the operating system; whoever has a key signs, and is the actor whatever stands here. */
  readonly actor: string;
  readonly reason: string;
  /** promote: straight to 100 %, past every gate. */
  readonly full?: boolean;
}

/** Who acts in this process, and where it runs; null: not known. */
export interface Acting {
  readonly identity: CurrentIdentity | null;
  readonly source: ActSource | null;
}

/** Long enough for a worker that is busy, short enough for a person who waits. */
const ANSWER_TIMEOUT_MS = 15_000;

const UPDATES = {
  approve: approveUpdate,
  deny: denyUpdate,
  pause: pauseUpdate,
  resume: resumeUpdate,
  abort: abortUpdate,
} as const;

/** Sends an action as an Update and returns the rollout's answer. @throws ROLLOUT_REFUSED_ACTION, ROLLOUT_UNANSWERED */
export async function sendAction(
  client: Client,
  handle: WorkflowHandle,
  model: string,
  action: RolloutAction,
  { identity, source }: Acting,
): Promise<ActionAccepted> {
  const { full = false, kind, reason } = action;
  const signed = <Content extends object>(wanted: Content): Content & Claim => {
    const content = source === null ? wanted : { ...wanted, source };
    const asked = { action: `rollout.${kind}`, resource: handle.workflowId, content };
    return { ...content, ...claimBy(identity, action.actor, asked) };
  };
  try {
    return await withinAnswerTime(client, async () => {
      if (kind === 'promote') return await handle.executeUpdate(promoteUpdate, { args: [signed({ reason, full })] });
      const seen = kind === 'approve' || kind === 'deny' ? await seenOf(handle) : {};
      return await handle.executeUpdate(UPDATES[kind], { args: [signed({ reason, ...seen })] });
    });
  } catch (error) {
    throw refused(unanswered(error, titleOf(action.kind), model), action.kind, model);
  }
}

/** What people decide about, where a rollout asks them by a request: a hold comes before a gate. */
async function seenOf(handle: WorkflowHandle): Promise<{ readonly seen?: string }> {
  const { requests = [] } = await handle.query(statusQuery);
  const find = (wanted: string) => requests.find(({ about }) => about === wanted);
  const open = find('review') ?? find('gate');
  return open === undefined ? {} : { seen: open.contentDigest };
}

/** Runs a call to a workflow; nobody should wait for ever because no worker runs. */
export async function withinAnswerTime<T>(client: Client, call: () => Promise<T>): Promise<T> {
  return await client.connection.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, call);
}

/** Turns "no worker answers" into a coded error; anything else stays what it is. */
export function unanswered(error: unknown, action: string, model: string): unknown {
  if (!isUnanswered(error)) return error;
  return new MlopsError(
    'ROLLOUT_UNANSWERED',
    { action, model, seconds: ANSWER_TIMEOUT_MS / 1000, queue: TASK_QUEUE },
    { cause: error },
  );
}

/** Whether a call to a workflow ended because no worker, or no server, answered it in time. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || UNANSWERED_CODES.has(Number(grpcCode(error)));
}

function refused(error: unknown, action: string, model: string): unknown {
  if (!(error instanceof WorkflowUpdateFailedError) || error.cause === undefined) return error;
  const problem = error.cause.message.replace(`${action} refused: `, '');
  // It is in the ledger already: whoever verified it wrote it there.
  if (error.cause instanceof ApplicationFailure && isUnauthorised(error.cause.type))
    return new MlopsError('ROLLOUT_UNAUTHORISED', { action: titleOf(action), model, problem }, { cause: error });
  if (error.cause instanceof ApplicationFailure && error.cause.type === 'APPROVAL_REFUSED')
    return new MlopsError('APPROVAL_REFUSED', detailsOf(error.cause), { cause: error });
  const remedy = `See what it waits for: \`mlops rollout explain --model ${model}\``;
  return refusal(action, { model, problem, remedy }, error);
}

function detailsOf({ details }: ApplicationFailure): Record<string, unknown> {
  return (details?.[0] ?? {}) as Record<string, unknown>;
}

function isUnauthorised(type: string | null | undefined): boolean {
  return type === 'NOT_AUTHENTICATED' || type === 'NOT_AUTHORISED';
}

/** An action came after the end. */
export function ended(cause: unknown, action: string, model: string): MlopsError {
  const remedy = `See how it ended: \`mlops rollout status --model ${model}\``;
  return refusal(action, { model, problem: 'the rollout has ended', remedy }, cause);
}

function refusal(
  action: string,
  details: { readonly model: string; readonly problem: string; readonly remedy: string },
  cause: unknown,
): MlopsError {
  return new MlopsError('ROLLOUT_REFUSED_ACTION', { action: titleOf(action), ...details }, { cause });
}

/**
 * What a query or an update ends with while workers or the server come and go: cancelled (1), deadline exceeded (4),
 * resource exhausted (8), failed precondition (9: no poller, or the task before was cut off), unavailable (14).
 */
const UNANSWERED_CODES = new Set([1, 4, 8, 9, 14]);

function grpcCode(error: unknown): unknown {
  return error instanceof ServiceError ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
}

function titleOf(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}
