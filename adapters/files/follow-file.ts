import { stat } from 'node:fs/promises';

/** What a file holds, read again whenever the file has changed. The function throws what reading it throws. */
export function followFile<T>(file: string, load: (file: string) => Promise<T>): () => Promise<T> {
  let seen: { readonly mark: string; readonly content: T } | null = null;
  return async () => {
    const { ino, mtimeMs, size } = await stat(file);
    const mark = [ino, mtimeMs, size].join(' ');
    if (seen?.mark !== mark) seen = { mark, content: await load(file) };
    return seen.content;
  };
}
