import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { NoiseAssessor } from '../../activities/ports.ts';
import type { NoiseBasis } from '../../domain/rollout/calibration/noise-basis.ts';
import { ownModule } from './own-file.ts';

/** What a thread is asked, as it arrives there. */
export type Asked = Parameters<NoiseAssessor['assess']>;

/**
 * Assesses noise in a thread of its own, so that the event loop goes on; one at a time, so that other cores do too.
 *
 * What is asked again before it is known, as a retried activity does, waits for the same answer.
 */
export function createNoiseAssessor(): NoiseAssessor {
  const open = new Map<string, Promise<NoiseBasis>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    assess: async (...asked) => {
      const [setting, , ...rest] = asked;
      const key = JSON.stringify([setting, ...rest]);
      const known = open.get(key);
      if (known !== undefined) return await known;
      const answer = last.then(async () => await assessInThread(asked)).finally(() => open.delete(key));
      open.set(key, answer);
      last = answer.catch(() => undefined);
      return await answer;
    },
  };
}

async function assessInThread(asked: Asked): Promise<NoiseBasis> {
  const thread = new Worker(ownModule('adapters/processes/noise-thread'), { workerData: asked });
  const [answer] = (await once(thread, 'message')) as [NoiseBasis];
  return answer;
}
