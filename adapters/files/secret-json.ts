import { stat } from 'node:fs/promises';

/** JSON of a file with secrets. What is wrong with it is not said in words of the file, as a parser does. @throws Error */
export function parseSecretJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is no JSON');
  }
}

/** Secrets that others may read are not used: they may have been. @throws Error */
export async function assertOwnersOnly(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0)
    throw new Error(`others may read it: mode ${(mode & 0o777).toString(8)}, wanted 600 (chmod 600)`);
}
