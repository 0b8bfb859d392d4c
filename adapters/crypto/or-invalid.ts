import { MlopsError, messageOf } from '../../domain/errors.ts';

/** What is wrong with a file of the ledger's keys, said of that file. @throws LEDGER_KEYS_INVALID */
export async function orInvalid<T>(file: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new MlopsError('LEDGER_KEYS_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}
