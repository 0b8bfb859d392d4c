import { isObject, parseJsonObject } from '../json-object.ts';
import type { Checkpoint } from './checkpoint.ts';
import { verifyConsistency } from './merkle-proof.ts';
import type { Primitives } from './primitives.ts';

export const CONSISTENCY_FORMAT = 'durable-mlops/consistency-proof@1';

/** Shows that the tree of one checkpoint continues that of an earlier one, to who has both checkpoints. */
export interface ConsistencyProof {
  readonly format: typeof CONSISTENCY_FORMAT;
  readonly origin: string;
  /** Size of the earlier tree; 0 < earlier ≤ size. */
  readonly earlier: number;
  readonly size: number;
  /** RFC 6962 §2.1.2, hex */
  readonly proof: readonly string[];
}

/** Reads a proof from a file; null when it is none. Whether its hashes prove anything is for `continues` to say. */
export function parseConsistencyProof(text: string): ConsistencyProof | null {
  const value = parseJsonObject(text);
  if (!isObject(value) || value['format'] !== CONSISTENCY_FORMAT) return null;
  const { earlier, origin, proof, size } = value;
  const isProof =
    typeof origin === 'string' &&
    Number.isSafeInteger(earlier) &&
    Number.isSafeInteger(size) &&
    Array.isArray(proof) &&
    proof.every((hash) => typeof hash === 'string');
  return isProof ? (value as unknown as ConsistencyProof) : null;
}

/** Whether one of the proofs shows that `now` continues `earlier`. Checkpoints of one size need none: their roots are equal. */
export function continues(
  nodeHash: Primitives['nodeHash'],
  { earlier, now }: { readonly earlier: Checkpoint; readonly now: Checkpoint },
  proofs: readonly ConsistencyProof[],
): boolean {
  if (earlier.origin !== now.origin) return false;
  if (earlier.size === now.size) return earlier.root === now.root;
  const claim = { earlier: earlier.size, earlierRoot: earlier.root, size: now.size, root: now.root };
  return proofs.some(
    (one) => one.earlier === earlier.size && one.size === now.size && verifyConsistency(nodeHash, claim, one.proof),
  );
}
