import { writeFile } from 'node:fs/promises';
import { pidFileOf } from '../adapters/processes/part.ts';
import { readLivePid } from '../adapters/processes/pid-file.ts';
import { BASE_PORTS } from '../config/defaults.ts';
import { portOffsetFile, savedPortOffset } from '../config/load.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { MlopsError } from '../domain/errors.ts';

/** How far the ports of a configuration are from those that nobody moved. */
export function portOffsetOf({ ports }: Pick<MlopsConfig, 'ports'>): number {
  return ports.api - BASE_PORTS.api;
}

/** Later commands find the stack by it: only who starts the stack says where it is. */
export async function savePortOffset(config: Pick<MlopsConfig, 'stateDirectory' | 'ports'>): Promise<void> {
  const text = JSON.stringify({ portOffset: portOffsetOf(config) });
  await writeFile(portOffsetFile(config.stateDirectory), `${text}\n`);
}

/**
 * A stack that runs is not moved: its parts would be looked for where they are not.
 *
 * @param parts names of the processes of a stack
 * @throws STACK_AT_OTHER_PORTS
 */
export async function assertNotElsewhere(
  config: Pick<MlopsConfig, 'stateDirectory' | 'ports'>,
  parts: readonly string[],
): Promise<void> {
  const wanted = portOffsetOf(config);
  const running = savedPortOffset(config.stateDirectory);
  if (running === null || running === wanted) return;
  for (const part of parts) {
    const pid = await readLivePid(pidFileOf(config.stateDirectory, part));
    if (pid !== null && pid !== process.pid)
      throw new MlopsError('STACK_AT_OTHER_PORTS', { running, wanted, part, pid });
  }
}
