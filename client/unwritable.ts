import { MlopsError, messageOf } from '../domain/errors.ts';

/** Turns a file that could not be opened for writing into a coded error: `await open(...).catch(unwritable(file))`. */
export function unwritable(file: string): (error: unknown) => never {
  return (error) => {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'its folder is not there' : messageOf(error);
    throw new MlopsError('OUTPUT_UNWRITABLE', { file, problem }, { cause: error });
  };
}
