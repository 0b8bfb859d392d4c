import { createOwnWork, createThreadWork, type ChunkWork } from './chunk-work.ts';

/** Who does the work of one call, whatever the number of its files. */
export interface WorkCrew {
  /** For one object of a size, until its digest is asked for. */
  workFor(bytes: number): ChunkWork;
  /**
   * Does something with each of some objects: with the large ones one after the other, for they share the threads, then with small
   * ones several at a time, for what takes their time is waiting. Ends with the first failure.
   */
  forEach<T extends { readonly bytes: number }>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void>;
}

/** Up to here an object is small. */
const SMALL_BYTES = 4 * 1024 * 1024;
const AT_A_TIME = 8;

/**
 * A crew for as long as a call takes. Threads come when something is large enough for them.
 *
 * @param threadsFromBytes what is smaller is worked on in the thread that asks
 */
export async function withCrew<T>(threadsFromBytes: number, use: (crew: WorkCrew) => Promise<T>): Promise<T> {
  let threads: ChunkWork | null = null;
  const workFor = (bytes: number): ChunkWork =>
    bytes < threadsFromBytes ? createOwnWork() : (threads ??= createThreadWork());
  const isSmall = ({ bytes }: { readonly bytes: number }): boolean => bytes < Math.min(SMALL_BYTES, threadsFromBytes);
  try {
    return await use({
      workFor,
      async forEach(items, act) {
        for (const item of items) if (!isSmall(item)) await act(item);
        await severalAtATime(items.filter(isSmall), act);
      },
    });
  } finally {
    await (threads as ChunkWork | null)?.close();
  }
}

/** Nothing is under way any more when it ends, also with a failure. */
async function severalAtATime<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | null = null;
  const worker = async (): Promise<void> => {
    // All take from one iterator, so each item is met once.
    for (const item of waiting) {
      if (failure !== null) return;
      await act(item).catch((error: unknown) => void (failure ??= { error }));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  const failed = failure as { readonly error: unknown } | null;
  if (failed !== null) throw failed.error;
}
