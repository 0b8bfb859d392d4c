import { existsSync } from 'node:fs';
import { link, rm, stat } from 'node:fs/promises';
import { publicOf, readIdentity, writeIdentity } from '../adapters/identity/identity-file.ts';
import { isMlopsError, messageOf, MlopsError } from '../domain/errors.ts';
import type { NextKey } from './own-key.ts';

/** A key that is on disk and may not count yet, with whose it is. */
export interface WaitingKey extends NextKey {
  readonly principal: string;
}

/** Where the new key of an identity file is until it counts. */
export function waitingFileOf(path: string): string {
  return `${path}.new`;
}

/** The key that an earlier attempt has left, which may count by now; null when there is none, or somebody else put it there. */
export async function readWaitingKey(path: string): Promise<WaitingKey | null> {
  const file = waitingFileOf(path);
  if (!existsSync(file) || (await stat(file)).uid !== process.getuid?.()) return null;
  const waiting = await readIdentity(file).catch(() => null);
  if (waiting === null) return null;
  const { principal, privateKey } = waiting;
  return { ...publicOf(privateKey), privateKey, principal };
}

/** Removes what this user has left there that is no key, or that others may have read: a key comes there whole, and for its owner alone. */
export async function dropUseless(path: string): Promise<void> {
  const file = waitingFileOf(path);
  if (!existsSync(file) || (await stat(file)).uid !== process.getuid?.()) return;
  if ((await readWaitingKey(path)) === null) await rm(file, { force: true });
}

/** Whether a waiting key is in its place as well: who put it there was stopped before the other name of the file was gone. */
export async function isInPlace(path: string, waiting: WaitingKey): Promise<boolean> {
  const there = await readIdentity(path).catch(() => null);
  return there?.keyId === waiting.keyId;
}

/** Makes one. What is there is not overwritten: it may be of another attempt, and count. @throws IDENTITY_FILE_UNWRITABLE */
export async function makeWaitingKey(path: string, principal: string): Promise<WaitingKey> {
  const file = waitingFileOf(path);
  const made = await writeIdentity(file, principal);
  return { ...made, privateKey: (await readIdentity(file)).privateKey, principal };
}

/** Puts a key that counts where nothing is yet, but for itself. @throws IDENTITY_FILE_UNWRITABLE */
export async function settleNewKey(path: string, waiting: WaitingKey): Promise<void> {
  try {
    // Renaming would overwrite what has come there meanwhile.
    if (!(await isInPlace(path, waiting))) await link(waitingFileOf(path), path);
  } catch (error) {
    const problem = `its key counts and is in ${waitingFileOf(path)}: ${messageOf(error)}`;
    throw new MlopsError('IDENTITY_FILE_UNWRITABLE', { file: path, problem }, { cause: error });
  }
  await rm(waitingFileOf(path));
}

/** What was refused for good leaves no file, unless its key counts all the same; whatever else went wrong, it may count by now. */
export async function dropRefused<T>(
  path: string,
  work: () => Promise<T>,
  counts: () => Promise<boolean> = async () => await Promise.resolve(false),
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isMlopsError(error) && !error.retryable && !(await counts().catch(() => true)))
      await rm(waitingFileOf(path), { force: true });
    throw error;
  }
}
