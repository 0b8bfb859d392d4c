import { createHash } from 'node:crypto';
import { WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { MlopsError } from '../../domain/errors.ts';
import { answerOfDecision, ownDecision, problemOfEnd } from '../../domain/registry/approval/quorum.ts';
import {
  isFinal,
  type ApprovalAsk,
  type ApprovalRecord,
  type ApprovalStanding,
  type DecisionAnswer,
  type DecisionInput,
  type Verdict,
} from '../../domain/registry/approval/request.ts';
import { errorOf, isUnanswered } from './said-by-worker.ts';

/** What is asked of the database, which knows approvals whose workflows are gone. */
interface Reader {
  standing(approvalId: string): Promise<ApprovalStanding>;
  openFor(environment: string, kind: string, resource: string): Promise<{ readonly approvalId: string } | null>;
  countFor(environment: string, kind: string, resource: string): Promise<number>;
  isTaken(approvalId: string): Promise<boolean>;
}

/** What is sent to the workflow of an approval, and what is answered once that is over: null refuses it. */
interface Message<T> {
  readonly name: string;
  readonly args: [unknown];
  readonly ended?: (record: ApprovalRecord) => Promise<T | null>;
}

type AskedThing = Pick<ApprovalAsk, 'environment' | 'kind' | 'resource'>;

/** Long enough for a worker that is busy, short enough for a person who waits. */
const ANSWER_TIMEOUT_MS = 15_000;
const TITLE = { approve: 'Approval', deny: 'Denial' } as const;

/** Sends what people ask of approvals to their workflows; whoever decides, by whatever way, comes through here. */
export function createApprovalDesk(client: Client, reader: Reader, taskQueue: string) {
  const answered = async <T>(approvalId: string, action: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await client.connection.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, call);
    } catch (error) {
      throw translate(error, { approvalId, action, queue: taskQueue, seconds: ANSWER_TIMEOUT_MS / 1000 });
    }
  };
  /** One that was terminated is taken up again: what was decided is in the database. */
  const update = async <T>(approvalId: string, action: string, { args, name, ended }: Message<T>): Promise<T> =>
    await answered(approvalId, action, async () => {
      try {
        return await send<T>(client, approvalId, name, args);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        const { record } = await reader.standing(approvalId);
        if (isFinal(record.state)) {
          const answer = (await ended?.(record)) ?? null;
          if (answer !== null) return answer;
          const problem = problemOfEnd(record.state);
          throw new MlopsError('APPROVAL_REFUSED', { action, approvalId, problem }, { cause: error });
        }
        await start(client, taskQueue, { approvalId, order: null });
        return await send<T>(client, approvalId, name, args);
      }
    });
  return {
    /** Id of the next request for a thing. */
    nextId: async (thing: AskedThing) => await nextIdOf(reader, thing),

    /**
     * Asks for an approval, or takes up the one that is open for the same thing: content that is another by now voids what was given there.
     *
     * @throws APPROVAL_REFUSED, APPROVAL_UNANSWERED, and what the worker says of who asks
     */
    async request(order: ApprovalAsk): Promise<ApprovalStanding> {
      const { environment, kind, resource } = order;
      const open = await reader.openFor(environment, kind, resource);
      if (open !== null) return await update(open.approvalId, 'Request', { name: 'renew', args: [order] });
      const approvalId = await nextIdOf(reader, order);
      await start(client, taskQueue, { approvalId, order });
      try {
        return await update(approvalId, 'Request', { name: 'opened', args: [null] });
      } catch (error) {
        throw (await refusalOf(client, approvalId).catch(() => null)) ?? error;
      }
    },

    /** Has somebody wait for a request that is written, or look at what is new of it. */
    takeUp: async (approvalId: string) => await takeUp(client, taskQueue, approvalId),

    /**
     * The answer comes after the decision is written. One that ended the approval, and whose answer was lost, is answered by the database.
     *
     * @param whoSent the principal that decides: asked where no workflow is there any more that looks at that
     * @throws APPROVAL_REFUSED, APPROVAL_NOT_FOUND, APPROVAL_UNANSWERED, and what `whoSent` throws
     */
    async decide(
      approvalId: string,
      verdict: Verdict,
      input: DecisionInput,
      whoSent: () => Promise<string>,
    ): Promise<DecisionAnswer> {
      const ended = async (record: ApprovalRecord): Promise<DecisionAnswer | null> =>
        answerAfter(record, verdict, { principal: await whoSent(), seen: input.seen });
      return await update(approvalId, TITLE[verdict], { name: verdict, args: [input], ended });
    },
  };
}

/** What is answered to a decision about what has ended: how it stands, when that decision is written there. */
function answerAfter(
  record: ApprovalRecord,
  verdict: Verdict,
  { principal, seen }: { readonly principal: string; readonly seen: string },
): DecisionAnswer | null {
  if (record.state === 'voided' || ownDecision(record, { principal, seen, verdict }) === null) return null;
  return answerOfDecision(verdict, record);
}

async function nextIdOf(reader: Reader, { environment, kind, resource }: AskedThing): Promise<string> {
  for (let number = await reader.countFor(environment, kind, resource); ; number += 1) {
    const hash = createHash('sha256').update([environment, kind, resource, number].join('\n')).digest('hex');
    const approvalId = `apr-${hash.slice(0, 12)}`;
    // By a request of another installation, which came with its registry: what that was used for is used up.
    if (!(await reader.isTaken(approvalId))) return approvalId;
  }
}

/** Starts the workflow, or takes up the one that runs. */
async function start(
  client: Client,
  taskQueue: string,
  input: { readonly approvalId: string; readonly order: ApprovalAsk | null },
): Promise<void> {
  const { approvalId, order } = input;
  await client.workflow.start('approval', {
    workflowId: idOf(approvalId),
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: order === null ? 'taken up again' : `${order.kind} of ${order.resource}`,
  });
}

async function takeUp(client: Client, taskQueue: string, approvalId: string): Promise<void> {
  await client.workflow.signalWithStart('approval', {
    workflowId: idOf(approvalId),
    taskQueue,
    args: [{ approvalId, order: null }],
    signal: 'contentChanged',
    signalArgs: [],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: 'written already',
  });
}

/** Why a request was refused, when its workflow has ended by that; null when it has not. */
async function refusalOf(client: Client, approvalId: string): Promise<MlopsError | null> {
  const handle = client.workflow.getHandle(idOf(approvalId));
  const { status } = await handle.describe();
  if (status.name !== 'FAILED') return null;
  const failure: unknown = await handle.result().catch((error: unknown) => error);
  const cause = failure instanceof WorkflowFailedError ? failure.cause : null;
  return errorOf(cause instanceof ActivityFailure ? cause.cause : cause);
}

async function send<T>(client: Client, approvalId: string, name: string, args: [unknown]): Promise<T> {
  return await client.workflow.getHandle(idOf(approvalId)).executeUpdate<T, [unknown]>(name, { args });
}

function idOf(approvalId: string): string {
  return `approval/${approvalId}`;
}

/** What the workflow or its activities said, as they said it. */
function translate(error: unknown, asked: Readonly<Record<string, unknown>>): unknown {
  if (isUnanswered(error)) return new MlopsError('APPROVAL_UNANSWERED', asked, { cause: error });
  const failure = error instanceof WorkflowUpdateFailedError ? error.cause : null;
  // The workflow was ended meanwhile; whether the decision was written shows the database.
  if (failure instanceof ApplicationFailure && failure.type === 'AcceptedUpdateCompletedWorkflow')
    return new MlopsError('APPROVAL_UNANSWERED', asked, { cause: error });
  return errorOf(failure) ?? error;
}
