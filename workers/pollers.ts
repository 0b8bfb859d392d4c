import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { connectionOptionsOf } from '../adapters/temporal/connect.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';

const { TaskQueueType } = proto.temporal.api.enums.v1;
/** A worker polls at least once a minute; one that was killed stays listed for some minutes. */
const RECENT_MS = 75_000;

export interface Poller {
  readonly identity: string;
  readonly lastSeen: Date;
}

/** Workers that poll the queue for decisions. */
export async function findPollers(
  config: Pick<MlopsConfig, 'temporal' | 'ports' | 'stateDirectory'>,
): Promise<Poller[]> {
  const { connectionOptions, namespace } = connectionOptionsOf(config);
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '2s' });
  try {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: TASK_QUEUE },
      taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    });
    const found = (pollers ?? []).map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      lastSeen: new Date(Number(lastAccessTime?.seconds ?? 0) * 1000),
    }));
    return found.filter(({ lastSeen }) => Date.now() - lastSeen.getTime() < RECENT_MS);
  } finally {
    await connection.close();
  }
}
