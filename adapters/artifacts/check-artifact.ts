import { isDigest, type ArtifactCheck } from '../../domain/registry/artifact.ts';
import { MANIFEST_FIRST_LINE, parseManifest, type ManifestFile } from '../../domain/registry/folder-manifest.ts';
import { OMS_SIGNATURE_PATH } from '../../domain/registry/oms.ts';
import type { FileDigests } from '../../domain/registry/oms-files.ts';
import type { StoreParts } from './create-store.ts';
import { createPartDigests } from './part-digests.ts';
import type { JudgedFolder, SignatureCheck } from './signature-judge.ts';
import { openRecord, readObject, type Sink } from './open-object.ts';
import type { WorkCrew } from './work-crew.ts';

/** The list of a folder is short; a larger object that begins as one is none of ours. */
const MOST_MANIFEST_BYTES = 256 * 1024 * 1024;
const MISSING = 'it is not in the store';

/** What an object holds, besides its bytes. */
export type Contents = { readonly kind: 'file' } | { readonly kind: 'folder'; readonly files: readonly ManifestFile[] };

/** Reads a whole object; its content goes to `sink`. Bytes are 0 unless all is right. */
export async function checkObject(
  digest: string,
  { place, keys }: StoreParts,
  crew: WorkCrew,
  sink: Sink,
): Promise<{ readonly problem: string | null; readonly bytes: number }> {
  const opened = await openRecord(place, keys, digest);
  if (opened === null) return { problem: MISSING, bytes: 0 };
  if ('problem' in opened) return { problem: opened.problem, bytes: 0 };
  const { bytes } = opened.record;
  const problem = await readObject(place, opened, { work: crew.workFor(bytes), sink });
  return { problem, bytes: problem === null ? bytes : 0 };
}

/** Reads a whole artifact again, a folder with all its files. */
export async function checkArtifact(digest: string, parts: StoreParts, crew: WorkCrew): Promise<ArtifactCheck> {
  if (!isDigest(digest)) return bad(MISSING);
  const first = await readContents(digest, parts, crew, async () => await Promise.resolve());
  if ('problem' in first) return bad(first.problem);
  if (first.contents.kind === 'file') return await judged(null, first.bytes, parts, crew);
  const state: { problem: string | null } = { problem: null };
  const once = new Map(first.contents.files.map((file) => [`${file.sha256} ${file.bytes}`, file]));
  await crew.forEach([...once.values()], async (file) => {
    if (state.problem !== null) return;
    const problem = await checkFile(file, parts, crew);
    if (problem !== null) state.problem ??= `file ${file.path}: ${problem}`;
  });
  if (state.problem !== null) return bad(state.problem);
  const bytes = first.contents.files.reduce((sum, file) => sum + file.bytes, 0);
  return await judged(first.contents.files, bytes, parts, crew);
}

function bad(problem: string): ArtifactCheck {
  return { ok: false, problem, bytes: 0, signer: null };
}

async function judged(
  files: readonly ManifestFile[] | null,
  bytes: number,
  parts: StoreParts,
  crew: WorkCrew,
): Promise<ArtifactCheck> {
  const { problem, signer } = await judgeSignature(files, parts, crew);
  return { ok: problem === null, problem: problem === null ? null : `signature: ${problem}`, bytes, signer };
}

/** What is found of the signature of a folder whose files are stored; null for a single file's list. */
export async function judgeSignature(
  files: readonly ManifestFile[] | null,
  parts: StoreParts,
  crew: WorkCrew,
): Promise<SignatureCheck> {
  if (files === null) return await parts.signatures.judge(null);
  const digest = digestsFrom(parts, crew);
  const file = files.find(({ path }) => path === OMS_SIGNATURE_PATH);
  if (file === undefined) return await parts.signatures.judge({ files, signature: null, digest });
  if (file.bytes > MOST_MANIFEST_BYTES)
    return { problem: `${OMS_SIGNATURE_PATH} has ${file.bytes} bytes, which no signature has`, signer: null };
  const text = Buffer.alloc(file.bytes);
  const { problem } = await checkObject(file.sha256, parts, crew, async (plain, at) => {
    text.set(plain, at);
    await Promise.resolve();
  });
  if (problem !== null) return { problem, signer: null };
  return await parts.signatures.judge({ files, signature: text.toString('utf8'), digest });
}

/**
 * Who has signed a stored folder: somebody who is known, over what is there; null when nobody has. Reads its list and its signature alone, where
 * that was made over whole files by SHA-256.
 */
export async function signerOfFolder(digest: string, parts: StoreParts, crew: WorkCrew): Promise<string | null> {
  const first = await readContents(digest, parts, crew, async () => await Promise.resolve());
  if ('problem' in first || first.contents.kind === 'file') return null;
  return (await judgeSignature(first.contents.files, parts, crew)).signer;
}

/** Digests parts of stored files by reading them once more. */
function digestsFrom(parts: StoreParts, crew: WorkCrew): NonNullable<JudgedFolder>['digest'] {
  return async (files, hash) => {
    const found: FileDigests[] = [];
    const state: { problem: string | null } = { problem: null };
    const asked = files.map((signed) => ({ signed, bytes: signed.file.bytes }));
    await crew.forEach(asked, async ({ signed }) => {
      if (state.problem !== null) return;
      const digests = createPartDigests(hash, signed.parts);
      const { problem } = await checkObject(signed.file.sha256, parts, crew, digests.sink);
      if (problem === null) found.push({ signed, digests: digests.digests() });
      else state.problem ??= `file ${signed.file.path}: ${problem}`;
    });
    return state.problem === null ? found : { problem: state.problem };
  };
}

/** Reads an object and tells a file from a folder by how it begins: no file that begins so is ever stored. */
export async function readContents(
  digest: string,
  parts: StoreParts,
  crew: WorkCrew,
  sink: Sink,
): Promise<{ readonly problem: string } | { readonly contents: Contents; readonly bytes: number }> {
  const pieces = new Map<number, Buffer>();
  let isFolder = false;
  const { problem, bytes } = await checkObject(digest, parts, crew, async (plain, at) => {
    if (at === 0) isFolder = beginsAsManifest(plain);
    if (isFolder && at < MOST_MANIFEST_BYTES) pieces.set(at, Buffer.from(plain));
    await sink(plain, at);
  });
  if (problem !== null) return { problem };
  if (!isFolder) return { contents: { kind: 'file' }, bytes };
  const ordered = [...pieces].toSorted(([a], [b]) => a - b).map(([, piece]) => piece);
  const files = parseManifest(Buffer.concat(ordered).toString('utf8'));
  if ('problem' in files) return { problem: `its list of files is not valid: ${files.problem}` };
  return { contents: { kind: 'folder', files }, bytes };
}

async function checkFile({ sha256, bytes }: ManifestFile, parts: StoreParts, crew: WorkCrew): Promise<string | null> {
  const found = await checkObject(sha256, parts, crew, async () => await Promise.resolve());
  if (found.problem !== null) return found.problem;
  return found.bytes === bytes ? null : `it has ${found.bytes} bytes, its folder says ${bytes}`;
}

function beginsAsManifest(plain: Uint8Array): boolean {
  return Buffer.from(plain.subarray(0, MANIFEST_FIRST_LINE.length)).toString('latin1') === MANIFEST_FIRST_LINE;
}
