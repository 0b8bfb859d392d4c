import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrimitives } from '../../../../adapters/crypto/primitives.ts';
import {
  auditPath,
  consistencyPath,
  verifyConsistency,
  verifyInclusion,
} from '../../../../domain/governance/merkle-proof.ts';
import { coverRange, foldCover, growTree } from '../../../../domain/governance/merkle-tree.ts';
import { EMPTY_ROOT } from '../../../../domain/governance/primitives.ts';

const { leafHash, nodeHash } = bound();

/** Published vectors: the eight leaves of Certificate Transparency's reference tests, by their hashes. */
const LEAVES = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
  '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  '4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658',
  'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
  '46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1',
];
const ROOTS = [
  EMPTY_ROOT,
  LEAVES[0],
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const [B0, B1, B2] = [
  ROOTS[2],
  '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
];
const B3 = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0';
const [C0, C1] = [ROOTS[4], '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4'];

function bound() {
  const primitives = createPrimitives();
  return { leafHash: (text: string) => primitives.leafHash(text), nodeHash: primitives.nodeHash };
}

/** The RFC's recursion, written down as it stands there. */
function plainRoot(leaves: readonly string[]): string {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] ?? '';
  let width = 1;
  while (width * 2 < leaves.length) width *= 2;
  return nodeHash(plainRoot(leaves.slice(0, width)), plainRoot(leaves.slice(width)));
}

const leavesOf = (count: number): string[] => Array.from({ length: count }, (_, at) => leafHash(`leaf ${at}`));
const rootOf = (leaves: readonly string[]): string => {
  const tree = growTree(nodeHash);
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
};
const pathOf = (leaves: readonly string[], ranges: readonly { begin: number; end: number }[]): string[] =>
  ranges.map(({ begin, end }) => plainRoot(leaves.slice(begin, end)));

describe('Merkle tree', () => {
  it('hashes leaves and nodes as RFC 6962 does', () => {
    expect(leafHash('L123456')).toBe('395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56');
    expect(leafHash('')).toBe(LEAVES[0]);
  });

  it.each(ROOTS.map((root, size) => [size, root] as const))('of %i leaves has the published root', (size, root) => {
    expect(rootOf(LEAVES.slice(0, size))).toBe(root);
  });

  it('goes on from its edge to the same root', () => {
    const leaves = leavesOf(50);
    for (let cut = 0; cut <= 50; cut += 7) {
      const first = growTree(nodeHash);
      for (const leaf of leaves.slice(0, cut)) first.append(leaf);
      const second = growTree(nodeHash, first.edge());
      for (const leaf of leaves.slice(cut)) second.append(leaf);
      expect(second.root()).toBe(plainRoot(leaves));
      expect(first.size).toBe(cut);
    }
  });

  it('covers a range by subtrees whose roots give its root', () => {
    const leaves = leavesOf(37);
    for (const range of auditPath(5, 37)) {
      const roots = coverRange(range.begin, range.end).map(({ height, index }) =>
        plainRoot(leaves.slice(index * 2 ** height, (index + 1) * 2 ** height)),
      );
      expect(foldCover(nodeHash, roots)).toBe(plainRoot(leaves.slice(range.begin, range.end)));
    }
  });
});

describe('proofs', () => {
  it.each([
    [0, 8, [LEAVES[1], B1, C1]],
    [5, 8, [LEAVES[4], B3, C0]],
    [2, 3, [B0]],
    [1, 5, [LEAVES[0], B1, LEAVES[4]]],
    [0, 1, []],
  ])('of leaf %i among %i is the published one', (index, size, proof) => {
    expect(pathOf(LEAVES, auditPath(index, size))).toEqual(proof);
  });

  it.each([
    [1, 8, [LEAVES[1], B1, C1]],
    [6, 8, [B2, B3, C0]],
    [2, 5, [B1, LEAVES[4]]],
    [6, 7, [B2, LEAVES[6], C0]],
    [5, 5, []],
  ])('that %i leaves became %i is the published one', (earlier, size, proof) => {
    expect(pathOf(LEAVES, consistencyPath(earlier, size))).toEqual(proof);
  });

  it('verify for every leaf and every earlier size, and no longer after any change', () => {
    for (let size = 1; size <= 33; size += 1) {
      const leaves = leavesOf(size);
      const root = plainRoot(leaves);
      for (let index = 0; index < size; index += 1) {
        const claim = { leafHash: leaves[index] ?? '', index, size, root };
        const proof = pathOf(leaves, auditPath(index, size));
        expect(verifyInclusion(nodeHash, claim, proof)).toBe(true);
        for (const [changed, path] of inclusionForgeries(claim, proof))
          expect(verifyInclusion(nodeHash, changed, path)).toBe(false);
        const earlier = index + 1;
        const grown = { earlier, earlierRoot: plainRoot(leaves.slice(0, earlier)), size, root };
        const steps = pathOf(leaves, consistencyPath(earlier, size));
        expect(verifyConsistency(nodeHash, grown, steps)).toBe(true);
        for (const [changed, path] of consistencyForgeries(grown, steps))
          expect(verifyConsistency(nodeHash, changed, path)).toBe(false);
      }
    }
  });

  it('refuse sizes of 0, and hashes that are not 32 bytes', () => {
    const [first = '', second = ''] = LEAVES;
    const root = nodeHash(first, second);
    expect(verifyConsistency(nodeHash, { earlier: 0, earlierRoot: EMPTY_ROOT, size: 2, root }, [])).toBe(false);
    expect(verifyInclusion(nodeHash, { leafHash: first, index: 0, size: 0, root: first }, [])).toBe(false);
    const claim = { leafHash: first, index: 0, size: 2, root };
    expect(verifyInclusion(nodeHash, claim, [second])).toBe(true);
    expect(verifyInclusion(nodeHash, claim, [`${second}00`])).toBe(false);
    expect(verifyInclusion(nodeHash, claim, [second.toUpperCase()])).toBe(false);
    expect(verifyInclusion(nodeHash, { ...claim, root: root.slice(0, 62) }, [second])).toBe(false);
  });

  it('hold for trees beyond 2^32 leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 52 }), fc.double({ min: 0, max: 1, noNaN: true }), (size, share) => {
        const index = Math.min(size - 1, Math.floor(share * size));
        const path = auditPath(index, size);
        expect(path.length).toBeLessThanOrEqual(53);
        expect(path.reduce((sum, { begin, end }) => sum + end - begin, 1)).toBe(size);
        const proof = path.map((_, at) => leafHash(`${at}`));
        const root = rootAlong(index, size, proof);
        const claim = { leafHash: LEAVES[0] ?? '', index, size, root };
        expect(verifyInclusion(nodeHash, claim, proof)).toBe(true);
        expect(verifyInclusion(nodeHash, claim, proof.slice(1))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

/** The root that a path of any hashes leads to, by the ranges alone. */
function rootAlong(index: number, size: number, proof: readonly string[]): string {
  let hash = LEAVES[0] ?? '';
  auditPath(index, size).forEach(({ begin }, at) => {
    const sibling = proof[at] ?? '';
    hash = begin > index ? nodeHash(hash, sibling) : nodeHash(sibling, hash);
  });
  return hash;
}

/** One bit of a hash turned. */
function turned(hash: string): string {
  return `${(Number.parseInt(hash.slice(0, 1), 16) ^ 8).toString(16)}${hash.slice(1)}`;
}

/** Proofs that are not this one: with more, fewer, other or exchanged hashes, or with what is none. `known` are hashes of the same tree. */
function proofForgeries(proof: readonly string[], known: readonly string[]): (readonly string[])[] {
  const added = [leafHash('another'), '', ...known];
  const [first, second, ...rest] = proof;
  return [
    ...added.flatMap((hash) => [
      [...proof, hash],
      [hash, ...proof],
    ]),
    ...proof.flatMap((hash, at) => [
      proof.with(at, leafHash('another')),
      proof.with(at, turned(hash)),
      proof.with(at, ''),
    ]),
    ...(first === undefined ? [] : [proof.slice(0, -1), proof.slice(1), [first, ...proof]]),
    ...(first === undefined || second === undefined || first === second ? [] : [[second, first, ...rest]]),
    ...(first === undefined ? [] : [[first, leafHash('another'), ...proof.slice(1)]]),
  ];
}

function inclusionForgeries<T extends { leafHash: string; index: number; size: number; root: string }>(
  claim: T,
  proof: readonly string[],
): [T, readonly string[]][] {
  const { index, leafHash: leaf, root, size } = claim;
  const roots = [leafHash('another'), EMPTY_ROOT, turned(root), 'no hash', ''];
  const places = [index - 1, index + 1, index ^ 2, size, -1];
  return [
    ...[leafHash('another'), turned(leaf), 'no hash', ''].map((one): T => ({ ...claim, leafHash: one })),
    ...roots.map((one): T => ({ ...claim, root: one })),
    ...places.map((one): T => ({ ...claim, index: one })),
    ...[size * 2, Math.floor(size / 2)].map((one): T => ({ ...claim, size: one })),
  ]
    .map((changed): [T, readonly string[]] => [changed, proof])
    .concat(proofForgeries(proof, [root, leaf]).map((path) => [claim, path]));
}

function consistencyForgeries<T extends { earlier: number; earlierRoot: string; size: number; root: string }>(
  claim: T,
  proof: readonly string[],
): [T, readonly string[]][] {
  const { earlier, earlierRoot, root, size } = claim;
  const others = [leafHash('another'), EMPTY_ROOT, 'no hash', ''];
  const isGrown = earlier < size;
  return [
    ...[...others, turned(earlierRoot)].map((one): T => ({ ...claim, earlierRoot: one })),
    ...[...others, turned(root)].map((one): T => ({ ...claim, root: one })),
    ...[earlier - 1, earlier + 1, earlier ^ 2, size + 1, -1].map((one): T => ({ ...claim, earlier: one })),
    ...[size * 2, Math.floor(size / 2)].map((one): T => ({ ...claim, size: one })),
    ...(isGrown ? [{ ...claim, earlierRoot: root, root: earlierRoot }] : []),
  ]
    .map((changed): [T, readonly string[]] => [changed, proof])
    .concat(isGrown ? [[claim, []]] : [])
    .concat(proofForgeries(proof, [earlierRoot, root]).map((path) => [claim, path]));
}
