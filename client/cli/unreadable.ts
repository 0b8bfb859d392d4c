import { MlopsError, messageOf } from '../../domain/errors.ts';

/** What to throw for a file that the command line names and that cannot be read: INPUT_UNREADABLE, naming both. */
export function unreadable(file: string, cause: unknown): MlopsError {
  return new MlopsError('INPUT_UNREADABLE', { file, problem: messageOf(cause) });
}
