import { join } from 'node:path';
import { createArtifactStore } from '../adapters/artifacts/create-store.ts';
import { createFilePlace } from '../adapters/artifacts/file-place.ts';
import { rewrapObjects } from '../adapters/artifacts/rewrap-objects.ts';
import type { ArtifactStore } from '../domain/registry/artifact.ts';
import { wrappingKeysOf, type KeyPlace } from './wrapping-keys.ts';

/** The artifact store of a machine, and what its keeper asks of it. */
export interface Artifacts {
  readonly store: ArtifactStore;
  /** Where it is, for people */
  readonly name: string;
  /** Writes and removes something, and asks the keys. @throws what a put would */
  probe(): Promise<void>;
  /** Wraps the key of every object under the key in use. Returns how many. @throws LEDGER_KEY_UNREADABLE */
  rewrap(active: string): Promise<number>;
}

/** The artifact store as everything on this machine uses it. Nothing is read or made before it is used. */
export async function composeArtifacts(config: KeyPlace): Promise<Artifacts> {
  const uploads = join(config.stateDirectory, 'artifacts');
  const wrapping = wrappingKeysOf(config);
  const keys = wrapping.dataKeys('artifact');
  const place = createFilePlace(uploads);
  return await Promise.resolve({
    store: createArtifactStore({ place, keys, uploads }),
    name: place.name,
    probe: async () => {
      await wrapping.active();
      await place.probe();
    },
    rewrap: async (active) => await rewrapObjects(place, keys, active),
  });
}
