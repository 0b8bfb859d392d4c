import { MlopsError } from '../../../domain/errors.ts';
import { auditPath, consistencyPath, type LeafRange } from '../../../domain/governance/merkle-proof.ts';
import { coverRange, foldCover, type Subtree } from '../../../domain/governance/merkle-tree.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import { query, type Queries } from '../query.ts';

/** Proves that events are in the tree of one size. */
export interface Prover {
  /** Audit path of an event below the size: hashes from its sibling to the root's child. @throws LEDGER_TAMPERED */
  prove(sequence: number): Promise<readonly string[]>;
  /** Proof that the tree continues the one of an earlier size, 0 < earlier ≤ size. @throws LEDGER_TAMPERED */
  proveContinued(earlier: number): Promise<readonly string[]>;
}

const TILE_HEIGHT = 8;
const TILE_WIDTH = 256;
/** Tiles kept in memory: 256 hashes each. */
const MOST_TILES = 4096;

/**
 * Builds proofs from tiles: 256 leaves, or 256 roots of complete tiles below, are read at once and kept. A proof in a tree
 * of ten million events reads at most three tiles it has not read before.
 */
export function createProver(queries: Queries, nodeHash: Primitives['nodeHash'], size: number): Prover {
  const tiles = new Map<string, Promise<readonly string[]>>();
  const known = new Map<string, string>();

  const tile = async (level: number, index: number): Promise<readonly string[]> => {
    const key = `${level}/${index}`;
    const there = tiles.get(key);
    if (there !== undefined) return await there;
    if (tiles.size >= MOST_TILES) tiles.clear();
    const read = readTile(queries, level, index);
    tiles.set(key, read);
    return await read;
  };

  const rootOf = async ({ height, index }: Subtree): Promise<string> => {
    const level = Math.floor(height / TILE_HEIGHT);
    const inTile = height % TILE_HEIGHT;
    const width = 2 ** inTile;
    const first = index * width;
    const hashes = await tile(level, Math.floor(first / TILE_WIDTH));
    const own = hashes.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + width);
    if (own.length < width)
      throw new MlopsError('LEDGER_TAMPERED', {
        problem: `tile ${level}/${Math.floor(first / TILE_WIDTH)} of its tree is not whole`,
      });
    return reduce(nodeHash, own);
  };

  const rangeRoot = async ({ begin, end }: LeafRange): Promise<string> => {
    const key = `${begin}-${end}`;
    const there = known.get(key);
    if (there !== undefined) return there;
    const roots: string[] = [];
    for (const subtree of coverRange(begin, end)) roots.push(await rootOf(subtree));
    const root = foldCover(nodeHash, roots);
    if (known.size >= MOST_TILES * TILE_WIDTH) known.clear();
    known.set(key, root);
    return root;
  };

  const rootsOf = async (ranges: readonly LeafRange[]): Promise<readonly string[]> => {
    const roots: string[] = [];
    for (const range of ranges) roots.push(await rangeRoot(range));
    return roots;
  };
  return {
    prove: async (sequence) => await rootsOf(auditPath(sequence, size)),
    proveContinued: async (earlier) => await rootsOf(consistencyPath(earlier, size)),
  };
}

async function readTile(queries: Queries, level: number, index: number): Promise<readonly string[]> {
  const [sql, first] =
    level === 0
      ? [
          `SELECT encode(leaf_hash, 'hex') AS hash FROM ledger_event WHERE sequence >= $1 AND sequence < $1 + 256 ORDER BY sequence`,
          index,
        ]
      : [
          `SELECT encode(hash, 'hex') AS hash FROM ledger_node WHERE level = $2 AND index >= $1 AND index < $1 + 256 ORDER BY index`,
          index,
        ];
  const values = level === 0 ? [first * TILE_WIDTH] : [first * TILE_WIDTH, level];
  return (await query<{ hash: string }>(queries, sql, values)).map(({ hash }) => hash);
}

/** Root over a power of two of hashes. */
function reduce(nodeHash: Primitives['nodeHash'], hashes: readonly string[]): string {
  let level = hashes;
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, at) => nodeHash(level[2 * at] ?? '', level[2 * at + 1] ?? ''));
  const [root] = level;
  if (root === undefined) throw new Error('there is no root over nothing');
  return root;
}
