import { writeFile } from 'node:fs/promises';
import { pidFileOf } from '../adapters/processes/part.ts';
import { readLivePid } from '../adapters/processes/pid-file.ts';
import { BASE_PORTS } from '../config/defaults.ts';
import { savedStack, stackFile } from '../config/load.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { MlopsError } from '../domain/errors.ts';

/** How far the ports of a configuration are from those that nobody moved. */
export function portOffsetOf({ ports }: Pick<MlopsConfig, 'ports'>): number {
  return ports.api - BASE_PORTS.api;
}

/** Later commands find the stack by it: only who starts the stack says where and what it is. */
export async function saveStack(config: Pick<MlopsConfig, 'environment' | 'stateDirectory' | 'ports'>): Promise<void> {
  const text = JSON.stringify({ portOffset: portOffsetOf(config), environment: config.environment });
  await writeFile(stackFile(config.stateDirectory), `${text}\n`);
}

/**
 * A stack that runs is not moved, for its parts would be looked for where they are not; and its environment does not change, for it would
 * go on in the one it was started in, with other rules than who asks believes.
 *
 * @param parts names of the processes of a stack
 * @throws STACK_AT_OTHER_PORTS, STACK_OF_OTHER_ENVIRONMENT
 */
export async function assertSameStack(
  config: Pick<MlopsConfig, 'environment' | 'stateDirectory' | 'ports'>,
  parts: readonly string[],
): Promise<void> {
  const wanted = portOffsetOf(config);
  // What started before its environment was written down is not known to have another one.
  const { environment = config.environment, portOffset: running = wanted } = savedStack(config.stateDirectory);
  if (running === wanted && environment === config.environment) return;
  for (const part of parts) {
    const pid = await readLivePid(pidFileOf(config.stateDirectory, part));
    if (pid === null || pid === process.pid) continue;
    if (running !== wanted) throw new MlopsError('STACK_AT_OTHER_PORTS', { running, wanted, part, pid });
    const asked = config.environment;
    throw new MlopsError('STACK_OF_OTHER_ENVIRONMENT', { running: environment, wanted: asked, part, pid });
  }
}
