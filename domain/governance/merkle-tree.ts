import { EMPTY_ROOT, type Primitives } from './primitives.ts';

type NodeHash = Primitives['nodeHash'];

/**
 * A Merkle tree (RFC 6962 §2.1) as far as it has to be known to grow: the roots of its complete subtrees from left to
 * right, one per bit that is set in the size, largest first.
 */
export interface TreeEdge {
  readonly size: number;
  readonly peaks: readonly string[];
}

export const EMPTY_EDGE: TreeEdge = { size: 0, peaks: [] };

/** A tree that grows leaf by leaf. Memory: one hash per bit of the size. */
export interface GrowingTree {
  readonly size: number;
  append(leafHash: string): void;
  /** The root over all leaves so far: MTH of RFC 6962. */
  root(): string;
  edge(): TreeEdge;
}

/** Is told of every complete subtree above the leaves when its last leaf is appended. */
type SubtreeListener = (subtree: Subtree, hash: string) => void;

/** Continues a tree from its edge. Appending costs one node hash on average. */
export function growTree(
  nodeHash: NodeHash,
  edge: TreeEdge = EMPTY_EDGE,
  onComplete: SubtreeListener = () => undefined,
): GrowingTree {
  const peaks = [...edge.peaks];
  let size = edge.size;
  return {
    get size() {
      return size;
    },
    append(leafHash) {
      let hash = leafHash;
      let height = 0;
      // Every trailing 1 of the size is a complete subtree of the same height, to the left.
      for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        const left = peaks.pop();
        if (left === undefined) throw new Error(`edge of size ${size} lacks a peak`);
        hash = nodeHash(left, hash);
        height += 1;
        onComplete({ height, index: Math.floor(size / 2 ** height) }, hash);
      }
      peaks.push(hash);
      size += 1;
    },
    root: () => (size === 0 ? EMPTY_ROOT : peaks.reduceRight((right, left) => nodeHash(left, right))),
    edge: () => ({ size, peaks: [...peaks] }),
  };
}

/** A complete subtree: `height` levels above the leaves, the `index`-th of its height. */
export interface Subtree {
  readonly height: number;
  readonly index: number;
}

/**
 * The largest complete subtrees that cover the leaves from `begin` to before `end`, left to right. `begin` must be the
 * start of a subtree of the RFC's recursion, i.e. divisible by every power of two up to the first subtree's width.
 */
export function coverRange(begin: number, end: number): readonly Subtree[] {
  const cover: Subtree[] = [];
  let at = begin;
  while (at < end) {
    let height = 0;
    let width = 1;
    while (at + width * 2 <= end && at % (width * 2) === 0) {
      width *= 2;
      height += 1;
    }
    cover.push({ height, index: at / width });
    at += width;
  }
  return cover;
}

/** The root over a range from the roots of its cover. The list must not be empty. */
export function foldCover(nodeHash: NodeHash, roots: readonly string[]): string {
  return roots.reduceRight((right, left) => nodeHash(left, right));
}
