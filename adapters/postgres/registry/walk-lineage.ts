import type { Dependency, DependencyKind } from '../../../domain/registry/dependency.ts';
import { translateDatabaseError } from '../query.ts';
import type { Queries } from './versions.ts';

/** Which way the lineage is followed: to what a version rests on, or to what rests on it. */
export type LineageDirection = 'upstream' | 'downstream';

/** An edge that was met. */
export interface WalkedEdge {
  /** The version that depends, and what it depends on; `targetId` is null for what is not registered here. */
  readonly id: string;
  readonly kind: DependencyKind;
  readonly target: string;
  readonly targetId: string | null;
  /** Steps from the start, from 1 on. */
  readonly depth: number;
}

/** Columns in their order: there are many of these rows, and arrays of them are read in half the time that objects take. */
type EdgeRow = [id: string, kind: DependencyKind, target: string, targetId: string | null];

/**
 * Follows the edges from some versions, one statement per step, each version once: what costs is the number of edges, not of
 * paths. Ends early after the step in which `isFound` is true of an edge.
 */
export async function walkLineage(
  queries: Queries,
  start: readonly string[],
  order: {
    readonly direction: LineageDirection;
    readonly depth: number;
    readonly isFound?: (edge: WalkedEdge) => boolean;
  },
): Promise<WalkedEdge[]> {
  const { depth: deepest, direction, isFound = () => false } = order;
  const isUpstream = direction === 'upstream';
  const seen = new Set(start);
  const edges: WalkedEdge[] = [];
  let frontier = [...start];
  for (let depth = 1; depth <= deepest && frontier.length > 0; depth += 1) {
    const rows = await readEdges(queries, `${isUpstream ? 'version_id' : 'target_id'} = ANY ($1::bigint[])`, [
      frontier,
    ]);
    const met = rows.map((row) => edgeOf(row, depth));
    edges.push(...met);
    if (met.some(isFound)) break;
    frontier = [];
    for (const { id, targetId } of met) {
      const reached = isUpstream ? targetId : id;
      if (reached === null || seen.has(reached)) continue;
      seen.add(reached);
      frontier.push(reached);
    }
  }
  return edges;
}

/** The versions that rest on something by its name, one step away. */
export async function edgesTo(queries: Queries, { kind, target }: Dependency): Promise<WalkedEdge[]> {
  const rows = await readEdges(queries, 'target = $1 AND kind = $2', [target, kind]);
  return rows.map((row) => edgeOf(row, 1));
}

async function readEdges(queries: Queries, condition: string, values: unknown[]): Promise<EdgeRow[]> {
  const text = `SELECT version_id, kind, target, target_id FROM model_dependency WHERE ${condition}`;
  try {
    return (await queries.query<EdgeRow>({ text, values, rowMode: 'array' })).rows;
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

function edgeOf([id, kind, target, targetId]: EdgeRow, depth: number): WalkedEdge {
  return { id, kind, target, targetId, depth };
}
