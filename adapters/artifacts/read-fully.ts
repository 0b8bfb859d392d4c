import type { FileHandle } from 'node:fs/promises';

/** Fills `into` from a place of a file. Returns how many bytes there were: fewer only at the file's end. */
export async function readFully(handle: FileHandle, at: number, into: Uint8Array): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, at + done);
    if (bytesRead === 0) return done;
    done += bytesRead;
  }
  return done;
}

/** Writes all of `from` at a place of a file. */
export async function writeFully(handle: FileHandle, at: number, from: Uint8Array): Promise<void> {
  let done = 0;
  while (done < from.length) {
    const { bytesWritten } = await handle.write(from, done, from.length - done, at + done);
    done += bytesWritten;
  }
}
