import { AsyncLocalStorage } from 'node:async_hooks';
import { createActivities, type ActivityPorts, type RolloutActivities } from '../../activities/index.ts';

/** Told of each moment of an activity: `applySplit: start`, `applySplit: after router.apply`, ... */
type OnMoment = (moment: string) => Promise<void>;

type Work = (...args: never[]) => unknown;

/**
 * Activities that report their start, and the return of each call they make to the world. After the last call nothing
 * is left but telling Temporal, so that is the moment between the effect and its report.
 */
export function assembleWatched(ports: ActivityPorts, onMoment: OnMoment): RolloutActivities {
  const current = new AsyncLocalStorage<string>();
  const watchedPorts = Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [
      name,
      typeof port === 'object' && port !== null ? watchPort(name, port, current, onMoment) : port,
    ]),
  ) as unknown as ActivityPorts;
  const activities = Object.entries(createActivities(watchedPorts)).map(([name, work]) => [
    name,
    async (...args: never[]) =>
      await current.run(name, async () => {
        await onMoment(`${name}: start`);
        return await (work as Work)(...args);
      }),
  ]);
  return Object.fromEntries(activities) as RolloutActivities;
}

function watchPort(name: string, port: object, current: AsyncLocalStorage<string>, onMoment: OnMoment): object {
  return Object.fromEntries(
    Object.entries(port).map(([method, value]: [string, unknown]) => {
      if (typeof value !== 'function') return [method, value];
      const call = async (...args: never[]): Promise<unknown> => {
        const result: unknown = await (value as Work)(...args);
        await onMoment(`${current.getStore() ?? 'outside'}: after ${name}.${method}`);
        return result;
      };
      // What a router can do is told without waiting.
      return [method, method === 'describe' ? value : call];
    }),
  );
}
