import { join } from 'node:path';
import { createArtifactStore } from '../adapters/artifacts/create-store.ts';
import { createFilePlace } from '../adapters/artifacts/file-place.ts';
import type { ObjectPlace } from '../adapters/artifacts/object-place.ts';
import { rewrapObjects } from '../adapters/artifacts/rewrap-objects.ts';
import { readCredentials } from '../adapters/artifacts/s3/credentials.ts';
import { createS3Client } from '../adapters/artifacts/s3/s3-client.ts';
import { createS3Place } from '../adapters/artifacts/s3/s3-place.ts';
import { createSignatureJudge } from '../adapters/artifacts/signature-judge.ts';
import type { ArtifactsConfig, MlopsConfig } from '../config/schema.ts';
import { MlopsError, messageOf } from '../domain/errors.ts';
import type { ArtifactSignatures, ArtifactStore } from '../domain/registry/artifact.ts';
import { wrappingKeysOf, type KeyPlace } from './wrapping-keys.ts';

/** Where artifacts are kept; without `artifacts` in files of the state directory. */
export type ArtifactPlace = KeyPlace & Partial<Pick<MlopsConfig, 'artifacts'>>;

const UNSIGNED_FILES: ArtifactsConfig = {
  s3: null,
  isSignatureRequired: false,
  signers: { keys: null, certificates: null, sigstore: null },
};

/** The artifact store of a machine, and what its keeper asks of it. */
export interface Artifacts {
  readonly store: ArtifactStore & ArtifactSignatures;
  /** Where it is, for people */
  readonly name: string;
  /** Writes and removes something, asks the keys, and reads who may sign. @throws what a put would */
  probe(): Promise<void>;
  /** Wraps the key of every object under the key in use. Returns how many. @throws LEDGER_KEY_UNREADABLE */
  rewrap(active: string): Promise<number>;
}

/** The artifact store as everything on this machine uses it. Nothing is read or made before it is used. */
export async function composeArtifacts(config: ArtifactPlace): Promise<Artifacts> {
  const uploads = join(config.stateDirectory, 'artifacts');
  const wrapping = wrappingKeysOf(config);
  const keys = wrapping.dataKeys('artifact');
  const { isSignatureRequired: isRequired, s3, signers } = config.artifacts ?? UNSIGNED_FILES;
  const keyFolder = { folder: join(config.stateDirectory, 'keys', 'artifact-signers') };
  const signatures = createSignatureJudge({ isRequired, known: { ...signers, keys: signers.keys ?? keyFolder } });
  const place = s3 === null ? createFilePlace(uploads) : createBucket(s3);
  return await Promise.resolve({
    store: createArtifactStore({ place, keys, uploads, signatures }),
    name: place.name,
    probe: async () => {
      await wrapping.active();
      await signatures.probe();
      await place.probe();
    },
    rewrap: async (active) => await rewrapObjects(place, keys, active),
  });
}

/** Its secrets come from a file or the environment, never from the configuration. */
function createBucket(s3: NonNullable<ArtifactsConfig['s3']>): ObjectPlace {
  const credentials = async () =>
    await readCredentials(s3.credentialsFile, process.env).catch((error: unknown) => {
      const details = { store: `${s3.endpoint} (bucket ${s3.bucket})`, problem: messageOf(error) };
      throw new MlopsError('ARTIFACT_STORE_UNUSABLE', details, { cause: error });
    });
  return createS3Place(createS3Client(s3, credentials));
}
