import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { MlopsError } from '../../domain/errors.ts';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import {
  statusQuery,
  TASK_QUEUE,
  type ActionAccepted,
  type RolloutResult,
  type RolloutStatus,
} from '../../workflows/messages.ts';
import type { rollout } from '../../workflows/rollout.ts';
import {
  ended,
  isUnanswered,
  sendAction,
  unanswered,
  withinAnswerTime,
  type Acting,
  type RolloutAction,
} from './actions.ts';
import { startAttributes } from './attributes.ts';
import { rolloutIdOf } from './rollout-id.ts';

/** What `start` found or did. */
export interface StartedRollout {
  readonly rolloutId: string;
  readonly runId: string;
  /** An equal rollout was running already: this is that one. */
  readonly attached: boolean;
  /** Version of the rollout that was ended to make room. */
  readonly superseded: string | null;
}

/** Rollouts of one environment, as people and CI jobs use them. */
export interface Rollouts {
  /** @throws ROLLOUT_ALREADY_OPEN */
  start(
    request: RolloutRequest,
    options: { readonly supersede: boolean; readonly actor: string },
  ): Promise<StartedRollout>;
  /** @throws ROLLOUT_NOT_FOUND, ROLLOUT_BROKEN, ROLLOUT_UNANSWERED */
  status(model: string): Promise<RolloutStatus>;
  /** Version of the rollout that is open, null when none is. One that has its outcome is waited for. */
  openVersion(model: string): Promise<string | null>;
  /** Waits for the end; the signal stops the waiting, never the rollout. @throws ROLLOUT_NOT_FOUND, ROLLOUT_BROKEN */
  result(model: string, signal: AbortSignal): Promise<RolloutResult | null>;
  /** @throws ROLLOUT_NOT_FOUND, ROLLOUT_REFUSED_ACTION, ROLLOUT_UNANSWERED */
  act(model: string, action: RolloutAction): Promise<ActionAccepted>;
}

/** Whoever has a key signs what they ask for, and where from. */
export function createRollouts(
  client: Client,
  environment: string,
  acting: Acting = { identity: null, source: null },
): Rollouts {
  const handleOf = (model: string): WorkflowHandle<typeof rollout> =>
    client.workflow.getHandle<typeof rollout>(rolloutIdOf(environment, model));
  return {
    start: async (asked, { supersede, actor }) => {
      const request = signRequest(asked, acting);
      const first = await startOrAttach(client, request);
      if (first.started !== null) return first.started;
      const openVersion = first.openVersion;
      if (!supersede)
        throw new MlopsError('ROLLOUT_ALREADY_OPEN', {
          model: request.model,
          toVersion: request.canary.version,
          openVersion,
          rolloutId: rolloutIdOf(environment, request.model),
        });
      // Weight 0 first, verified; only then the next one begins.
      const handle = handleOf(request.model);
      await sendAction(
        client,
        handle,
        request.model,
        {
          kind: 'abort',
          actor,
          reason: `superseded by ${request.canary.version}`,
        },
        acting,
      );
      await handle.result();
      const second = await startOrAttach(client, request);
      if (second.started === null)
        throw new MlopsError('ROLLOUT_ALREADY_OPEN', {
          model: request.model,
          toVersion: request.canary.version,
          openVersion: second.openVersion,
          rolloutId: rolloutIdOf(environment, request.model),
        });
      return { ...second.started, superseded: openVersion };
    },

    status: async (model) => await loadStatus(client, handleOf(model), model, environment),

    openVersion: async (model) => await findOpenVersion(client, handleOf(model)),

    result: async (model, signal) => await waitForResult(client, handleOf(model), model, environment, signal),

    act: async (model, action) => {
      const handle = handleOf(model);
      try {
        return await sendAction(client, handle, model, action, acting);
      } catch (error) {
        // The server tells a rollout that has ended from one that never was only when it is asked.
        if (error instanceof WorkflowNotFoundError && (await exists(handle))) throw ended(error, action.kind, model);
        throw notFound(error, model, environment);
      }
    },
  };
}

/** Who signs is who starts it, and the statement is over everything that is asked. */
function signRequest(asked: RolloutRequest, { identity, source }: Acting): RolloutRequest {
  const request = source === null ? asked : { ...asked, source };
  if (identity === null) return request;
  const content = { ...request, startedBy: identity.actor };
  const resource = rolloutIdOf(request.environment, request.model);
  const { statement } = identity.claim({ action: 'rollout.start', resource, content });
  return statement === undefined ? request : { ...content, statement };
}

async function startOrAttach(
  client: Client,
  request: RolloutRequest,
): Promise<
  | { readonly started: StartedRollout; readonly openVersion: null }
  | { readonly started: null; readonly openVersion: string }
> {
  const rolloutId = rolloutIdOf(request.environment, request.model);
  try {
    const handle = await client.workflow.start<typeof rollout>('rollout', {
      workflowId: rolloutId,
      taskQueue: TASK_QUEUE,
      args: [{ request }],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { digest: request.digest, toVersion: request.canary.version, startedBy: request.startedBy },
      typedSearchAttributes: startAttributes(request),
      staticSummary: `${request.model} ${request.stable.version} → ${request.canary.version}`,
      staticDetails: `Started by ${request.startedBy}. ${request.reason}`,
    });
    return {
      started: { rolloutId, runId: handle.firstExecutionRunId, attached: false, superseded: null },
      openVersion: null,
    };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const handle = client.workflow.getHandle<typeof rollout>(rolloutId);
  if (await hasLeft(client, handle)) return await startOrAttach(client, request);
  const open = await handle.describe();
  if (open.memo?.['digest'] === request.digest) {
    return { started: { rolloutId, runId: open.runId, attached: true, superseded: null }, openVersion: null };
  }
  return { started: null, openVersion: memoText(open.memo?.['toVersion']) };
}

async function findOpenVersion(client: Client, handle: WorkflowHandle<typeof rollout>): Promise<string | null> {
  try {
    const open = await handle.describe();
    if (open.status.name !== 'RUNNING' || (await hasLeft(client, handle))) return null;
    return memoText(open.memo?.['toVersion']);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Waits for a rollout that has its outcome and is about to leave: it is neither to be attached to nor in the way. */
async function hasLeft(client: Client, handle: WorkflowHandle<typeof rollout>): Promise<boolean> {
  try {
    return await withinAnswerTime(client, async () => {
      const { outcome } = await handle.query(statusQuery);
      if (outcome === null) return false;
      await handle.result();
      return true;
    });
  } catch (error) {
    if (error instanceof WorkflowFailedError) return true;
    // None that answers or leaves in time: it is in the way.
    if (isUnanswered(error)) return false;
    throw error;
  }
}

/** Ends of a workflow that are no end of a rollout. */
const STOPPED: Readonly<Record<string, string>> = {
  TERMINATED: 'its workflow was terminated',
  TIMED_OUT: 'its workflow timed out',
  FAILED: 'its workflow failed',
  CANCELLED: 'its workflow was cancelled',
};

/** Asks the workflow; one that ended carries its last status in its result, which needs no worker. */
async function loadStatus(
  client: Client,
  handle: WorkflowHandle<typeof rollout>,
  model: string,
  environment: string,
): Promise<RolloutStatus> {
  try {
    const { status } = await handle.describe();
    if (status.name === 'COMPLETED') return (await handle.result()).status;
    // A workflow that was stopped from outside would answer as if it went on.
    const stopped = STOPPED[status.name];
    if (stopped !== undefined) throw broken(stopped, model, environment);
    return await withinAnswerTime(client, async () => await handle.query(statusQuery));
  } catch (error) {
    throw unanswered(notFound(error, model, environment), 'Status', model);
  }
}

async function waitForResult(
  client: Client,
  handle: WorkflowHandle<typeof rollout>,
  model: string,
  environment: string,
  signal: AbortSignal,
): Promise<RolloutResult | null> {
  try {
    return await client.connection.withAbortSignal(signal, async () => await handle.result());
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof WorkflowFailedError) {
      throw broken(error.cause?.message ?? error.message, model, environment, error);
    }
    throw notFound(error, model, environment);
  }
}

async function exists(handle: WorkflowHandle): Promise<boolean> {
  try {
    await handle.describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function broken(reason: string, model: string, environment: string, cause?: unknown): MlopsError {
  return new MlopsError('ROLLOUT_BROKEN', { model, environment, reason }, { cause });
}

function notFound(error: unknown, model: string, environment: string): unknown {
  if (!(error instanceof WorkflowNotFoundError)) return error;
  return new MlopsError('ROLLOUT_NOT_FOUND', { model, environment }, { cause: error });
}

function memoText(value: unknown): string {
  return typeof value === 'string' ? value : 'another version';
}
