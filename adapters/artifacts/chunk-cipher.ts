import { createCipheriv, createDecipheriv, hkdfSync, type CipherGCM, type DecipherGCM } from 'node:crypto';
import { OBJECT_FORMAT } from './object-record.ts';

/** What a chunk is bound to: it cannot be moved, swapped, repeated, cut off or given to another object. */
export interface ChunkPlace {
  readonly upload: string;
  readonly run: string;
  readonly index: number;
  readonly isLast: boolean;
}

/** Added to each chunk by its seal. */
export const TAG_BYTES = 16;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
/** Large enough to cost no calls, small enough that what OpenSSL returns stays in the cache. */
const SLICE_BYTES = 256 * 1024;

/**
 * The key of one run. An upload that goes on after an interruption does so under a run of its own, so that no nonce is used twice
 * under one key even when the source was changed in between.
 */
export function runKeyOf(dataKey: Uint8Array, upload: string, run: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', dataKey, Buffer.from(run, 'hex'), `${OBJECT_FORMAT}|${upload}`, 32));
}

/** Writes ciphertext ‖ tag, `TAG_BYTES` longer than `plain`. */
export function sealChunk(key: Uint8Array, place: ChunkPlace, plain: Uint8Array, sealed: Uint8Array): void {
  const cipher = createCipheriv(CIPHER, key, nonceOf(place));
  cipher.setAAD(contextOf(place));
  runThrough(cipher, plain, sealed);
  sealed.set(cipher.getAuthTag(), plain.length);
}

/** Writes the content, or returns false when it is not what was sealed there. What is in `plain` then must not be used. */
export function openChunk(key: Uint8Array, place: ChunkPlace, sealed: Uint8Array, plain: Uint8Array): boolean {
  const decipher = createDecipheriv(CIPHER, key, nonceOf(place));
  decipher.setAAD(contextOf(place));
  decipher.setAuthTag(Buffer.from(sealed.subarray(plain.length)));
  try {
    runThrough(decipher, sealed.subarray(0, plain.length), plain);
    return true;
  } catch {
    return false;
  }
}

function runThrough(cipher: CipherGCM | DecipherGCM, from: Uint8Array, to: Uint8Array): void {
  for (let at = 0; at < from.length; at += SLICE_BYTES) to.set(cipher.update(from.subarray(at, at + SLICE_BYTES)), at);
  cipher.final();
}

/** The chunk's number, and whether it is the last: each once under the key of a run. */
function nonceOf({ index, isLast }: ChunkPlace): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(BigInt(index), 3);
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}

function contextOf({ upload, run, index, isLast }: ChunkPlace): Buffer {
  return Buffer.from([OBJECT_FORMAT, upload, run, index, isLast ? 'last' : 'more'].join('|'));
}
