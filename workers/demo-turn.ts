import { join } from 'node:path';
import { runAlone } from '../adapters/processes/exclusive.ts';
import { pidFileOf } from '../adapters/processes/part.ts';
import { readLivePid, savePid } from '../adapters/processes/pid-file.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { MlopsError } from '../domain/errors.ts';

/** Plays the demo while nobody else plays it on this stack: it kills parts that another one would need. @throws DEMO_RUNNING */
export async function playAlone<T>(
  { stateDirectory }: Pick<MlopsConfig, 'stateDirectory'>,
  play: () => Promise<T>,
): Promise<T> {
  const pidFile = pidFileOf(stateDirectory, 'demo');
  return await runAlone(
    join(stateDirectory, 'run/demo.lock'),
    async () => {
      await savePid(pidFile, process.pid);
      return await play();
    },
    async () => {
      throw new MlopsError('DEMO_RUNNING', { pid: (await readLivePid(pidFile)) ?? 'just started' });
    },
  );
}
