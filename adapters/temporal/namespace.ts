import type { Connection } from '@temporalio/client';

const DAY_SECONDS = 86_400;

/** Raises the namespace's retention when it is below `days`; never lowers it. Returns the days in force. */
export async function ensureRetention(connection: Connection, namespace: string, days: number): Promise<number> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const current = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / DAY_SECONDS;
  if (current >= days) return current;
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: { seconds: days * DAY_SECONDS } as never },
  });
  return days;
}
