import { isDigest } from './artifact.ts';

/** A file of a folder. */
export interface ManifestFile {
  /** Relative, parts joined by "/" */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 in hex */
  readonly sha256: string;
}

/** How every manifest begins, and no file that is stored. */
export const MANIFEST_FIRST_LINE = 'durable-mlops-folder/1\n';

/** The most files a folder may have. */
export const MOST_FILES = 100_000;

const MOST_PATH_CHARACTERS = 1024;

/**
 * The canonical text of a folder: the first line, then `<sha256> <bytes> <path>` for each file, sorted by path, each line ended
 * by a line feed. One folder has one text, whatever order its files come in.
 */
export function assembleManifest(files: readonly ManifestFile[]): string {
  const lines = files
    .toSorted((a, b) => comparePaths(a.path, b.path))
    .map(({ path, bytes, sha256 }) => `${sha256} ${bytes} ${path}\n`);
  return `${MANIFEST_FIRST_LINE}${lines.join('')}`;
}

/** The files of a manifest, or what is wrong with its text. Only what `assembleManifest` writes is taken. */
export function parseManifest(text: string): readonly ManifestFile[] | { readonly problem: string } {
  if (!text.startsWith(MANIFEST_FIRST_LINE)) return { problem: 'it does not begin as a manifest does' };
  const files: ManifestFile[] = [];
  const lines = text.slice(MANIFEST_FIRST_LINE.length).split('\n');
  for (const line of lines.slice(0, -1)) {
    const [, sha256 = '', digits = '', path = ''] = /^(\S+) (\d{1,16}) (.+)$/s.exec(line) ?? [];
    const bytes = Number(digits);
    const problem = pathProblem(path);
    if (!isDigest(sha256) || !Number.isSafeInteger(bytes)) return { problem: `line ${JSON.stringify(line)}` };
    if (problem !== null) return { problem: `path ${JSON.stringify(path)}: ${problem}` };
    files.push({ path, bytes, sha256 });
  }
  const conflict = pathConflict(files);
  if (conflict !== null) return { problem: conflict };
  if (files.length > MOST_FILES) return { problem: `it names ${files.length} files, wanted at most ${MOST_FILES}` };
  return assembleManifest(files) === text ? files : { problem: 'it is not in canonical form' };
}

/** Why a relative path may not be in a manifest; null when it may. What is refused could lead out of a folder, or be read differently elsewhere. */
export function pathProblem(path: string): string | null {
  if (path.length > MOST_PATH_CHARACTERS)
    return `it has ${path.length} characters, wanted at most ${MOST_PATH_CHARACTERS}`;
  if (!path.isWellFormed() || path.includes('\uFFFD')) return 'it is not valid Unicode';
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001F\u007F\\]/.test(path)) return 'it has a control character or a backslash';
  return path.split('/').some((part) => part === '' || part === '.' || part === '..')
    ? 'each part between "/" must be a name'
    : null;
}

/** A path that is there twice, or is a file and a folder at once. */
function pathConflict(files: readonly ManifestFile[]): string | null {
  const seen = new Set<string>();
  for (const { path } of files) {
    if (seen.has(path)) return `path ${JSON.stringify(path)} is there twice`;
    seen.add(path);
  }
  for (const { path } of files)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (seen.has(path.slice(0, at))) return `path ${JSON.stringify(path.slice(0, at))} is a file and a folder`;
  return null;
}

/** By code points, as bytes of UTF-8 sort; JavaScript's own order is by UTF-16 units. */
function comparePaths(a: string, b: string): number {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [one, other] = [left.next(), right.next()];
    if (one.done === true || other.done === true) return Number(other.done === true) - Number(one.done === true);
    const difference = (one.value.codePointAt(0) ?? 0) - (other.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
}
