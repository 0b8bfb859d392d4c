import { activateNextWrappingKey, addNextWrappingKey, followWrappingKeys, wrappingFileOf } from './ledger-keys.ts';
import { createLocalDataKeys } from './local-data-keys.ts';
import type { WrappingKeys } from './wrapping-keys.ts';

/** Wrapping keys in the file of a state directory, which is read again when it has changed. */
export function createFileWrappingKeys(stateDirectory: string): WrappingKeys {
  const ring = followWrappingKeys(stateDirectory);
  const addNext = async (): Promise<string> => await addNextWrappingKey(stateDirectory);
  return {
    place: wrappingFileOf(stateDirectory),
    dataKeys: (purpose) => createLocalDataKeys(ring, purpose),
    active: async () => (await ring()).active,
    addWaiting: addNext,
    foreseeNext: addNext,
    useNext: async () => await activateNextWrappingKey(stateDirectory),
  };
}
