import { TAG_BYTES } from './chunk-cipher.ts';
import { pageAligned } from './direct-file.ts';

/** Buffers for one chunk. */
export interface ChunkSlot {
  readonly plain: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Enough that reading, hashing, ciphering and writing each have one. */
const SLOTS = 4;

/**
 * A few buffers in turns: whatever the size of what passes through, memory is bounded, and who reads faster than others
 * write waits. The first failure of a chunk ends all.
 */
export function createSlots(chunkBytes: number, chunks: number) {
  const free: ChunkSlot[] = Array.from({ length: Math.min(SLOTS, chunks) }, () => ({
    plain: new Uint8Array(new SharedArrayBuffer(chunkBytes)),
    sealed: pageAligned(chunkBytes + TAG_BYTES),
  }));
  const open = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;
  const throwFailure = (): void => {
    if (failure !== null) throw failure.error;
  };
  return {
    /** Buffers that nobody uses, as soon as there are some. @throws what a chunk before has thrown */
    async take(): Promise<ChunkSlot> {
      for (;;) {
        throwFailure();
        const slot = free.pop();
        if (slot !== undefined) return slot;
        await Promise.race(open);
      }
    },
    /** Goes on with a chunk beside others; its buffers are free when that is done. */
    run(slot: ChunkSlot, work: () => Promise<void>): void {
      const running = work()
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => {
          free.push(slot);
          open.delete(running);
        });
      open.add(running);
    },
    /** Waits until every chunk is done or has failed; throws nothing. */
    async settle(): Promise<void> {
      await Promise.all(open);
    },
    /** @throws what a chunk has thrown */
    async finish(): Promise<void> {
      await Promise.all(open);
      throwFailure();
    },
  };
}
