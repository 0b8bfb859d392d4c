import { MlopsError, isMlopsError, messageOf } from '../../domain/errors.ts';

/** Does work with files of a store; what the system refuses becomes one clear error. @throws ARTIFACT_DISK_FULL, ARTIFACT_STORE_UNUSABLE */
export async function inStore<T>(store: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(store, error);
  }
}

/** What the system said about a store, as an error of ours. */
export function storeError(store: string, error: unknown): unknown {
  if (isMlopsError(error) || !(error instanceof Error) || !('code' in error)) return error;
  if (isDiskFull(error)) return new MlopsError('ARTIFACT_DISK_FULL', { path: store }, { cause: error });
  return new MlopsError('ARTIFACT_STORE_UNUSABLE', { store, problem: messageOf(error) }, { cause: error });
}

/** Also a quota that is used up, and a file that may not grow. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error));
}

/** What the system calls an error; empty when it is none of the system's. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
