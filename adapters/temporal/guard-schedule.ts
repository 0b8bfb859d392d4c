import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';

/** Id of the schedule that watches over splits (architecture D14). */
export function guardScheduleId(environment: string): string {
  return `schedule/traffic-guard/${environment}`;
}

/**
 * Makes the schedule that starts the traffic guard each minute, once. Any number of workers may call it. The one that is
 * there must be readable: a worker with other keys would fail the work of rollouts that it cannot read.
 *
 * @throws PAYLOAD_UNREADABLE
 */
export async function ensureGuardSchedule(client: Client, environment: string, taskQueue: string): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: guardScheduleId(environment),
      spec: { intervals: [{ every: '1m' }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'trafficGuard',
        workflowId: `traffic-guard/${environment}`,
        taskQueue,
        args: [{ environment }],
      },
      // After a stand-still one look is enough; the default would catch up for a year.
      policies: { catchupWindow: '1m', overlap: ScheduleOverlapPolicy.SKIP },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(guardScheduleId(environment)).describe();
  }
}
