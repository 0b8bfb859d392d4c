import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { codeOf } from './file-errors.ts';
import { readFully, writeFully } from './read-fully.ts';

/** Places, lengths and buffers that are multiples of it suit every disk. */
const PAGE_BYTES = 4096;

/** A file whose whole pages go between its disk and the buffers of `pageAligned` by the shortest way. */
export interface DirectFile {
  /** For all but reading and writing */
  readonly handle: FileHandle;
  /** Fills `into` from `at`. Returns how many bytes there were: fewer only where the file ends. */
  read(at: number, into: Uint8Array): Promise<number>;
  write(at: number, from: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a file past the page cache (O_DIRECT of Linux). What goes through that cache is copied once more, drives out what is read
 * often, leaves the last flush with all of the work, and is read back without having been on the disk. Where system or file
 * system know no such way, and for what is no whole page, reading and writing are the usual ones.
 *
 * @param flags as of `open`
 */
export async function openDirectFile(path: string, flags: number, mode?: number): Promise<DirectFile> {
  const handle = await open(path, flags, mode);
  const direct = await openDirectly(path, flags);
  const through = async <T>(at: number, buffer: Uint8Array, act: (by: FileHandle) => Promise<T>): Promise<T> => {
    if (direct === null || at % PAGE_BYTES !== 0 || buffer.length % PAGE_BYTES !== 0) return await act(handle);
    try {
      return await act(direct);
    } catch (error) {
      // The place in memory does not suit the disk, or the file ends within a page.
      if (codeOf(error) !== 'EINVAL') throw error;
      return await act(handle);
    }
  };
  return {
    handle,
    read: async (at, into) => await through(at, into, async (by) => await readFully(by, at, into)),
    write: async (at, from) => await through(at, from, async (by) => await writeFully(by, at, from)),
    close: async () => {
      try {
        await direct?.close();
      } finally {
        await handle.close();
      }
    },
  };
}

async function openDirectly(path: string, flags: number): Promise<FileHandle | null> {
  // Only Linux has it.
  const direct = (constants as Partial<typeof constants>).O_DIRECT;
  return direct === undefined ? null : await open(path, flags | direct).catch(() => null);
}

/** A buffer that threads share. It begins where a page does: V8 sees to that when one may grow, and here it may not. */
export function pageAligned(bytes: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(bytes, { maxByteLength: bytes }), 0, bytes);
}
