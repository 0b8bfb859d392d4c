import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { ownModule } from '../processes/own-file.ts';
import { openChunk, sealChunk, type ChunkPlace } from './chunk-cipher.ts';

/** A chunk to seal or to open, in buffers that threads share. */
export interface ChunkJob {
  readonly key: Uint8Array;
  readonly place: ChunkPlace;
  readonly plain: Uint8Array;
  readonly sealed: Uint8Array;
}

/** The work that costs processor time. Hashing goes in the order of the calls. */
export interface ChunkWork {
  hash(plain: Uint8Array): Promise<void>;
  /** SHA-256 in hex of all that was hashed since the last digest. */
  digest(): Promise<string>;
  seal(job: ChunkJob): Promise<void>;
  /** False when it is not what was sealed there. */
  open(job: ChunkJob): Promise<boolean>;
  close(): Promise<void>;
}

/** What a thread is asked, as it arrives there. */
export type Asked =
  | { readonly what: 'hash'; readonly plain: Uint8Array }
  | { readonly what: 'digest' }
  | ({ readonly what: 'seal' | 'open' } & ChunkJob);

/** Answers at once, in the thread that asks. */
export function createOwnWork(): ChunkWork {
  const answer = createAnswerer();
  return {
    ...createWork({ hashing: async (asked) => await Promise.resolve(answer(asked)) }),
    close: async () => await Promise.resolve(),
  };
}

/** Hashes in one thread and ciphers in another, so that two cores share the work and the event loop goes on. */
export function createThreadWork(): ChunkWork {
  const [hashing, ciphering] = [createThread(), createThread()];
  return {
    ...createWork({ hashing: hashing.ask, ciphering: ciphering.ask }),
    close: async () => void (await Promise.all([hashing.close(), ciphering.close()])),
  };
}

/** Does what is asked; the same in a thread as without one. */
export function createAnswerer(): (asked: Asked) => unknown {
  let hash = createHash('sha256');
  return (asked) => {
    if (asked.what === 'hash') return void hash.update(asked.plain);
    if (asked.what === 'seal') return sealChunk(asked.key, asked.place, asked.plain, asked.sealed);
    if (asked.what === 'open') return openChunk(asked.key, asked.place, asked.sealed, asked.plain);
    const digest = hash.digest('hex');
    hash = createHash('sha256');
    return digest;
  };
}

type Ask = (asked: Asked) => Promise<unknown>;

function createWork({ hashing, ciphering = hashing }: { hashing: Ask; ciphering?: Ask }): Omit<ChunkWork, 'close'> {
  return {
    hash: async (plain) => void (await hashing({ what: 'hash', plain })),
    digest: async () => (await hashing({ what: 'digest' })) as string,
    seal: async (job) => void (await ciphering({ what: 'seal', ...job })),
    open: async (job) => (await ciphering({ what: 'open', ...job })) as boolean,
  };
}

/** A thread that answers in order. When it ends, whoever waits is told. */
function createThread(): { readonly ask: Ask; close(): Promise<void> } {
  const thread = new Worker(ownModule('adapters/artifacts/chunk-thread'));
  const waiting: { resolve(answer: unknown): void; reject(error: unknown): void }[] = [];
  let ended: Error | null = null;
  const end = (error: Error): void => {
    ended ??= error;
    for (const waiter of waiting.splice(0)) waiter.reject(ended);
  };
  thread.on('message', (answer: unknown) => waiting.shift()?.resolve(answer));
  thread.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  thread.on('exit', (code) => end(new Error(`the thread for chunks ended with code ${code}`)));
  return {
    ask: async (asked) =>
      await new Promise((resolve, reject) => {
        if (ended !== null) return reject(ended);
        waiting.push({ resolve, reject });
        thread.postMessage(asked);
      }),
    close: async () => void (await thread.terminate()),
  };
}
