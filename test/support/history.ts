import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { gunzipSync, gzipSync } from 'node:zlib';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { loadConfig } from '../../config/load.ts';
import { connectTemporal, loadDataConverter } from '../../adapters/temporal/connect.ts';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';

/** What tests look at in a kept history. */
export interface SavedHistory {
  readonly events: {
    readonly workflowExecutionStartedEventAttributes?: {
      readonly workflowType?: { readonly name?: string | null } | null;
      readonly workflowId?: string | null;
    } | null;
    readonly activityTaskScheduledEventAttributes?: { readonly activityType?: { name?: string | null } | null } | null;
  }[];
}

const HistoryMessage = proto.temporal.api.history.v1.History;

/** A workflow's history. */
export type History = Parameters<typeof Worker.runReplayHistory>[1];

/** Reads the history of a workflow of a test project: of the newest run, unless one is named. */
export async function readHistory(
  root: string,
  portOffset: number,
  workflowId: string,
  runId?: string,
): Promise<History> {
  const { config } = loadConfig({ env: {}, workingDirectory: root, portOffset });
  const client = await connectTemporal(config);
  try {
    return await client.workflow.getHandle(workflowId, runId).fetchHistory();
  } finally {
    await client.connection.close();
  }
}

/** Who completed workflow tasks. */
export function identitiesOf(history: History): string[] {
  const { events } = history as {
    events?: readonly { workflowTaskCompletedEventAttributes?: { identity?: string | null } | null }[];
  };
  return [...new Set((events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: done }) => done?.identity ?? []))];
}

/** Ids of the updates that were accepted, in order. */
export function acceptedUpdates(history: History): string[] {
  const { events } = history as {
    events?: readonly {
      workflowExecutionUpdateAcceptedEventAttributes?: {
        acceptedRequest?: { meta?: { updateId?: string | null } | null } | null;
      } | null;
    }[];
  };
  return (events ?? []).flatMap(
    ({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => accepted?.acceptedRequest?.meta?.updateId ?? [],
  );
}

/** Attempts of the activities of a type that were started, with the worker that had the last one. */
export function attemptsOf(history: History, type: string): { readonly attempt: number; readonly identity: string }[] {
  const { events = [] } = history as {
    events?: readonly {
      eventId?: { toString(): string } | null;
      activityTaskScheduledEventAttributes?: { activityType?: { name?: string | null } | null } | null;
      activityTaskStartedEventAttributes?: {
        scheduledEventId?: { toString(): string } | null;
        attempt?: number | null;
        identity?: string | null;
      } | null;
    }[];
  };
  const scheduled = new Set(
    events
      .filter(({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === type)
      .map(({ eventId }) => String(eventId)),
  );
  return events.flatMap(({ activityTaskStartedEventAttributes: started }) =>
    started && scheduled.has(String(started.scheduledEventId))
      ? { attempt: started.attempt ?? 0, identity: started.identity ?? '' }
      : [],
  );
}

/** Runs the workflow code of this checkout over a history. Rejects when the code would have decided differently. */
export async function replayHistory(history: History, workflowId: string, stateDirectory: string): Promise<void> {
  const codePath = await loadWorkflowBundle(tmpdir());
  await Worker.runReplayHistory(
    { workflowBundle: { codePath }, dataConverter: await loadDataConverter(stateDirectory) },
    history,
    workflowId,
  );
}

/** Keeps a history as compressed protobuf: JSON of the command line cannot be read back (enum names differ). */
export async function saveHistory(history: History, file: string): Promise<void> {
  await writeFile(file, gzipSync(encodeHistory(history), { level: 9 }));
}

/** A history as the server has it, byte for byte but for the order of fields. */
export function encodeHistory(history: History): Uint8Array {
  return HistoryMessage.encode(HistoryMessage.create(history as object)).finish();
}

export function decodeHistory(bytes: Uint8Array) {
  return HistoryMessage.decode(bytes);
}

/** Of what type a workflow is, and under which id it ran. */
export function startOf({ events: [first] }: SavedHistory): { readonly type: string; readonly workflowId: string } {
  const started = first?.workflowExecutionStartedEventAttributes;
  return { type: started?.workflowType?.name ?? '', workflowId: started?.workflowId ?? '' };
}

export async function loadHistory(file: string): Promise<SavedHistory> {
  return decodeHistory(gunzipSync(await readFile(file)));
}
