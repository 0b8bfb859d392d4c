import type { ManifestFile } from './folder-manifest.ts';
import { OMS_SIGNATURE_PATH } from './oms.ts';
import type { OmsStatement } from './oms-statement.ts';

/** A file of a folder with what was signed of it. */
export interface SignedFile {
  readonly file: ManifestFile;
  /** They follow each other from the first byte to the last. */
  readonly parts: readonly SignedPart[];
}

/** Some bytes of a file, and their digest as it was signed. */
export interface SignedPart {
  readonly from: number;
  /** The byte after the last */
  readonly to: number;
  readonly digest: string;
}

/** What the parts of a file have come to, in hex. */
export interface FileDigests {
  readonly signed: SignedFile;
  readonly digests: readonly string[];
}

type Problem = { readonly problem: string };

/**
 * Finds what was signed of each file of a folder, by names and sizes alone: a file that is missing or more, or is longer or shorter than the
 * signed parts, is the answer. Files that the signature says nothing of are left out.
 */
export function assembleSignedFiles(
  { ignoredPaths, resources, shardBytes }: OmsStatement,
  files: readonly ManifestFile[],
): readonly SignedFile[] | Problem {
  const isIgnored = (path: string): boolean =>
    path === OMS_SIGNATURE_PATH || ignoredPaths.some((ignored) => path === ignored || path.startsWith(`${ignored}/`));
  const left = new Map(resources.map(({ name, digest }) => [name, digest]));
  const found: SignedFile[] = [];
  for (const file of files) {
    if (isIgnored(file.path)) continue;
    const parts = shardBytes === null ? takeWhole(left, file) : takeParts(left, file, shardBytes);
    if ('problem' in parts) return parts;
    found.push({ file, parts });
  }
  const [missing] = left.keys();
  if (missing === undefined) return found;
  return { problem: `${shardBytes === null ? 'file' : 'part'} ${missing} was signed and is missing` };
}

/** The first file whose digests differ from the signed ones, as a problem; null when none does. */
export function judgeSignedFiles(files: readonly FileDigests[]): string | null {
  const wrong = files.find(({ digests, signed }) => {
    return digests.length !== signed.parts.length || signed.parts.some(({ digest }, at) => digest !== digests[at]);
  });
  return wrong === undefined ? null : `file ${wrong.signed.file.path} is not the one that was signed`;
}

/** Whether the digests of a folder's list are those that were signed, so that no file need be read. */
export function isSignedByList({ hash, shardBytes }: OmsStatement): boolean {
  return hash === 'sha256' && shardBytes === null;
}

function takeWhole(left: Map<string, string>, { bytes, path }: ManifestFile): readonly SignedPart[] | Problem {
  const digest = left.get(path);
  if (digest === undefined) return { problem: `file ${path} is not signed` };
  left.delete(path);
  return [{ from: 0, to: bytes, digest }];
}

/** Ends at the first part that is not signed, so a small size of parts costs no more than the signature has of them. */
function takeParts(
  left: Map<string, string>,
  { bytes, path }: ManifestFile,
  shardBytes: number,
): readonly SignedPart[] | Problem {
  if (bytes === 0) return { problem: `file ${path} is empty, of which a signature over shards says nothing` };
  const parts: SignedPart[] = [];
  for (let from = 0; from < bytes; from += shardBytes) {
    const to = Math.min(from + shardBytes, bytes);
    const name = `${path}:${from}:${to}`;
    const digest = left.get(name);
    if (digest === undefined) return { problem: `file ${path} is not signed from byte ${from} to ${to}` };
    left.delete(name);
    parts.push({ from, to, digest });
  }
  return parts;
}
