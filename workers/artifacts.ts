import { join } from 'node:path';
import { createArtifactStore } from '../adapters/artifacts/create-store.ts';
import { createFilePlace } from '../adapters/artifacts/file-place.ts';
import { followWrappingKeys } from '../adapters/crypto/ledger-keys.ts';
import { createLocalDataKeys } from '../adapters/crypto/local-data-keys.ts';
import type { MlopsConfig } from '../config/schema.ts';
import type { ArtifactStore } from '../domain/registry/artifact.ts';

/** The artifact store of a machine, and what its keeper asks of it. */
export interface Artifacts {
  readonly store: ArtifactStore;
  /** Where it is, for people */
  readonly name: string;
  /** Writes and removes something, and asks the keys. @throws what a put would */
  probe(): Promise<void>;
}

/** The artifact store as everything on this machine uses it. Nothing is read or made before it is used. */
export async function composeArtifacts({ stateDirectory }: Pick<MlopsConfig, 'stateDirectory'>): Promise<Artifacts> {
  const uploads = join(stateDirectory, 'artifacts');
  const ring = followWrappingKeys(stateDirectory);
  const place = createFilePlace(uploads);
  return await Promise.resolve({
    store: createArtifactStore({ place, keys: createLocalDataKeys(ring, 'artifact'), uploads }),
    name: place.name,
    probe: async () => {
      await ring();
      await place.probe();
    },
  });
}
