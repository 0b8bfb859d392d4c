import { expect, it } from 'vitest';
import { createActivities, type ActivityPorts } from '../../../activities/index.ts';

/** Activities of a worker in production, whose ports must not be asked. */
const activities = createActivities({ environment: 'production' } as ActivityPorts) as unknown as Record<
  string,
  (order: object) => Promise<unknown>
>;

it.each([
  ['prepareRollout', { request: { environment: 'dev' } }],
  ['examineVersions', { request: { environment: 'dev' } }],
  ['applySplit', { environment: 'dev' }],
  ['observeAndJudge', { environment: 'dev' }],
  ['probeArms', { environment: 'dev' }],
  ['guardTraffic', { environment: 'dev' }],
  ['watchAccess', { environment: 'dev' }],
  ['askForApproval', { environment: 'dev' }],
  ['applySplit', { environment: '' }],
])('%s does nothing for another environment: %j', async (name, order) => {
  await expect(activities[name]?.(order)).rejects.toMatchObject({
    type: 'ENVIRONMENT_FOREIGN',
    nonRetryable: true,
    message: expect.stringContaining('this worker is of production') as string,
  });
});

it('an order for the own environment goes on to the ports', async () => {
  await expect(activities['applySplit']?.({ environment: 'production' })).rejects.toThrow(TypeError);
});
