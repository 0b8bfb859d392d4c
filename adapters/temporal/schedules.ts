import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';

/** What is started again and again, and how often. */
const SCHEDULED = {
  /** Watches over splits (architecture D14). */
  'traffic-guard': { workflowType: 'trafficGuard', every: '1m' },
  /** Watches over who does what. */
  'access-watch': { workflowType: 'accessWatch', every: '5m' },
  /** Follows a registry elsewhere. */
  'registry-source': { workflowType: 'registrySource', every: '1m' },
} as const;

/** Id of a schedule. */
export function scheduleId(name: keyof typeof SCHEDULED, environment: string): string {
  return `schedule/${name}/${environment}`;
}

/** What is scheduled, and where. */
interface Scheduling {
  readonly environment: string;
  readonly taskQueue: string;
  /** Whether versions come from a registry elsewhere. */
  readonly hasRegistrySource: boolean;
}

/**
 * Makes the schedules, once. Any number of workers may call it. One that is there must be readable: a worker with other keys would
 * fail the work of rollouts that it cannot read.
 *
 * @throws PAYLOAD_UNREADABLE
 */
export async function ensureSchedules(client: Client, scheduling: Scheduling): Promise<void> {
  await ensureSchedule(client, 'traffic-guard', scheduling);
  await ensureSchedule(client, 'access-watch', scheduling);
  if (scheduling.hasRegistrySource) await ensureSchedule(client, 'registry-source', scheduling);
}

async function ensureSchedule(
  client: Client,
  name: keyof typeof SCHEDULED,
  { environment, taskQueue }: Scheduling,
): Promise<void> {
  const { every, workflowType } = SCHEDULED[name];
  try {
    await client.schedule.create({
      scheduleId: scheduleId(name, environment),
      spec: { intervals: [{ every }] },
      action: {
        type: 'startWorkflow',
        workflowType,
        workflowId: `${name}/${environment}`,
        taskQueue,
        args: [{ environment }],
      },
      // After a stand-still one look is enough; the default would catch up for a year.
      policies: { catchupWindow: '1m', overlap: ScheduleOverlapPolicy.SKIP },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId(name, environment)).describe();
  }
}
