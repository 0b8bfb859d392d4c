import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder all of this program's rooms are in: the repository, or `dist` of the built package, which mirrors it. */
const ROOT = new URL('../../', import.meta.url);
/** `.ts` where the program runs from source, `.js` where it was built. */
const EXTENSION = extname(import.meta.url);

/** Absolute path of a module of this program, for what loads it by path: `ownModule('client/cli/main')`. */
export function ownModule(nameFromRoot: string): string {
  return ownPath(`${nameFromRoot}${EXTENSION}`);
}

/** Absolute path of a file or folder that comes with this program. */
export function ownPath(nameFromRoot: string): string {
  return fileURLToPath(new URL(nameFromRoot, ROOT));
}

/** Node's arguments for a module of this program. */
export function ownProgram(nameFromRoot: string): string[] {
  return ['--disable-warning=ExperimentalWarning', ownModule(nameFromRoot)];
}
