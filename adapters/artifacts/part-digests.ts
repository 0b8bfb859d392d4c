import { createHash, type Hash } from 'node:crypto';
import type { SignedPart } from '../../domain/registry/oms-files.ts';
import type { OmsHash } from '../../domain/registry/oms-statement.ts';
import type { Sink } from './open-object.ts';

/** Names of OpenSSL */
const ALGORITHMS: Readonly<Record<OmsHash, string>> = { sha256: 'sha256', blake2b: 'blake2b512' };

/** Digests parts of a file while it is read, without keeping what was read. */
export interface PartDigests {
  readonly sink: Sink;
  /** In hex, in order, when all was given to the sink */
  digests(): readonly string[];
}

/** `parts` follow each other from the first byte to the last. */
export function createPartDigests(hash: OmsHash, parts: readonly Pick<SignedPart, 'to'>[]): PartDigests {
  const digests: string[] = [];
  const early = new Map<number, Buffer>();
  let current: Hash = createHash(ALGORITHMS[hash]);
  let done = 0;
  const take = (plain: Uint8Array): void => {
    let from = 0;
    while (from < plain.length) {
      const end = parts[digests.length]?.to ?? Infinity;
      const piece = plain.subarray(from, from + Math.min(plain.length - from, end - done));
      current.update(piece);
      from += piece.length;
      done += piece.length;
      if (done === end) finishPart();
    }
  };
  const finishPart = (): void => {
    digests.push(current.digest('hex'));
    current = createHash(ALGORITHMS[hash]);
  };
  return {
    async sink(plain, at) {
      // A reader may bring a chunk before the one that precedes it; its bytes are the reader's again afterwards.
      if (at !== done) early.set(at, Buffer.from(plain));
      else take(plain);
      for (let next = early.get(done); next !== undefined; next = early.get(done)) {
        early.delete(done);
        take(next);
      }
      await Promise.resolve();
    },
    digests() {
      // An empty file has one part, which no byte has ended.
      if (parts[digests.length]?.to === done) finishPart();
      return digests;
    },
  };
}
