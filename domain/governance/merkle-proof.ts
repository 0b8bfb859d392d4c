import { isHash, type Primitives } from './primitives.ts';

type NodeHash = Primitives['nodeHash'];

/** Leaves from `begin` to before `end`, as the RFC's recursion splits a tree. */
export interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

/** The largest power of two below `size`, which is at least 2. */
function split(size: number): number {
  let width = 1;
  while (width * 2 < size) width *= 2;
  return width;
}

/**
 * The ranges whose roots are the audit path of a leaf (RFC 6962 §2.1.1), from the leaf's sibling to the root's child.
 * `index` must be below `size`.
 */
export function auditPath(index: number, size: number): readonly LeafRange[] {
  const path: LeafRange[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + split(end - begin);
    path.push(index < middle ? { begin: middle, end } : { begin, end: middle });
    [begin, end] = index < middle ? [begin, middle] : [middle, end];
  }
  return path.reverse();
}

/** The ranges whose roots prove that the tree of `size` continues the one of `earlier` (RFC 6962 §2.1.2); 0 < earlier ≤ size. */
export function consistencyPath(earlier: number, size: number): readonly LeafRange[] {
  const path: LeafRange[] = [];
  let [begin, end] = [0, size];
  // The first tree is known to who asks, as long as it is a subtree of the second by itself.
  let isWhole = true;
  while (earlier !== end) {
    const middle = begin + split(end - begin);
    if (earlier <= middle) {
      path.push({ begin: middle, end });
      end = middle;
    } else {
      path.push({ begin, end: middle });
      begin = middle;
      isWhole = false;
    }
  }
  return (isWhole ? path : [...path, { begin, end }]).reverse();
}

/**
 * Whether a proof leads from a leaf to a root (RFC 9162 §2.1.3.2), with no hash too few or too many. Anything that is not
 * 32 bytes, or an index that is not below the size, is false.
 */
export function verifyInclusion(
  nodeHash: NodeHash,
  claim: { readonly leafHash: string; readonly index: number; readonly size: number; readonly root: string },
  proof: readonly string[],
): boolean {
  const { leafHash, index, size, root } = claim;
  if (!isIndex(index) || !Number.isSafeInteger(size) || index >= size) return false;
  if (![leafHash, root, ...proof].every(isHash)) return false;
  let [node, last] = [index, size - 1];
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hash === root;
}

/**
 * Whether a proof shows that the tree of `size` and `root` continues the one of `earlier` and `earlierRoot` (RFC 9162
 * §2.1.4.2). An earlier size of 0 is refused: anything continues nothing, so it proves nothing.
 */
export function verifyConsistency(
  nodeHash: NodeHash,
  claim: { readonly earlier: number; readonly earlierRoot: string; readonly size: number; readonly root: string },
  proof: readonly string[],
): boolean {
  const { earlier, earlierRoot, size, root } = claim;
  if (!isIndex(earlier) || !isIndex(size) || earlier === 0 || earlier > size) return false;
  if (![earlierRoot, root, ...proof].every(isHash)) return false;
  if (earlier === size) return proof.length === 0 && earlierRoot === root;
  const path = isPowerOfTwo(earlier) ? [earlierRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined || proof.length === 0) return false;
  let [node, last] = [earlier - 1, size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [before, after] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [before, after] = [nodeHash(hash, before), nodeHash(hash, after)];
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      after = nodeHash(after, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && before === earlierRoot && after === root;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value)) && 2 ** Math.round(Math.log2(value)) === value;
}
