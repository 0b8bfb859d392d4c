import { MlopsError } from '../../domain/errors.ts';
import type { ArtifactRef, ArtifactSignatures, ArtifactStore } from '../../domain/registry/artifact.ts';
import { assembleManifest, type ManifestFile } from '../../domain/registry/folder-manifest.ts';
import type { DataKeys } from '../crypto/envelope.ts';
import { checkArtifact, signerOfFolder, judgeSignature } from './check-artifact.ts';
import { fetchArtifact } from './fetch-artifact.ts';
import type { ObjectPlace } from './object-place.ts';
import { putFile, putManifest } from './put-object.ts';
import type { SignatureJudge } from './signature-judge.ts';
import { createUploadShelf } from './upload-shelf.ts';
import { walkSource } from './walk-source.ts';
import { withCrew, type WorkCrew } from './work-crew.ts';

/** What the verbs of a store share. */
export interface StoreParts {
  readonly place: ObjectPlace;
  /** They wrap one key per object. */
  readonly keys: DataKeys;
  readonly shelf: ReturnType<typeof createUploadShelf>;
  readonly signatures: SignatureJudge;
}

/** From this much content on, threads are worth their start. */
const THREADS_FROM_BYTES = 32 * 1024 * 1024;
/** Unfinished uploads that nobody has gone on with for so long are removed. */
const KEPT_UNFINISHED_MS = 7 * 24 * 3600 * 1000;

/**
 * The artifact store over a place for sealed objects.
 *
 * @param options.uploads folder of this machine for what is unfinished
 */
export function createArtifactStore(
  { uploads, ...given }: Omit<StoreParts, 'shelf'> & { readonly uploads: string },
  { now = Date.now, threadsFromBytes = THREADS_FROM_BYTES } = {},
): ArtifactStore & ArtifactSignatures {
  const parts: StoreParts = { ...given, shelf: createUploadShelf(uploads) };
  return {
    put: async (path, { signal, onProgress } = {}) =>
      await withCrew(threadsFromBytes, async (crew) => {
        await removeAbandoned(parts, now() - KEPT_UNFINISHED_MS);
        let done = 0;
        const onBytes = (bytes: number): void => onProgress?.((done += bytes));
        return await putPath(path, parts, { crew, signal, onBytes });
      }),
    verify: async (digest) =>
      await withCrew(threadsFromBytes, async (crew) => await checkArtifact(digest, parts, crew)),
    // A file alone has no place for a signature, and may be gigabytes.
    signerOf: async ({ digest, files }) =>
      files > 1 ? await withCrew(threadsFromBytes, async (crew) => await signerOfFolder(digest, parts, crew)) : null,
    fetch: async (digest, toPath) =>
      await withCrew(threadsFromBytes, async (crew) => await fetchArtifact({ digest, toPath }, parts, crew)),
  };
}

/** How one call works, whatever the number of its files. */
export interface Progress {
  readonly crew: WorkCrew;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (bytes: number) => void;
}

async function putPath(path: string, parts: StoreParts, progress: Progress): Promise<ArtifactRef> {
  const { isFolder, files } = await walkSource(path);
  const entries: ManifestFile[] = [];
  // What is there twice in a folder is verified once.
  const right = new Set<string>();
  await progress.crew.forEach(files, async (file) => {
    const { digest, bytes } = await putFile(file, { ...parts, right }, progress);
    entries.push({ path: file.relative, bytes, sha256: digest });
  });
  const [first] = entries;
  const { problem } = await judgeSignature(isFolder ? entries : null, parts, progress.crew);
  if (problem !== null) throw new MlopsError('ARTIFACT_SIGNATURE_REFUSED', { path, problem });
  if (!isFolder && first !== undefined) return { digest: first.sha256, bytes: first.bytes, files: 1 };
  const digest = await putManifest(path, assembleManifest(entries), { ...parts, right }, progress);
  return { digest, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0), files: entries.length };
}

/** Removes what dead uploads have left. Those of living ones are locked. */
async function removeAbandoned({ place, shelf }: StoreParts, before: number): Promise<void> {
  for await (const held of shelf.abandoned(before)) {
    try {
      await place.forget(held.name, held.folder);
    } catch (error) {
      held.release();
      throw error;
    }
    await held.remove();
  }
}
