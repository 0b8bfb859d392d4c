import type { Dependency, DependencyKind } from '../../../domain/registry/dependency.ts';
import { run, type Queries } from './versions.ts';

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

interface EdgeRow {
  readonly version_id: string;
  readonly kind: DependencyKind;
  readonly target: string;
  readonly target_id: string | null;
}

const EDGES = 'SELECT version_id, kind, target, target_id FROM model_dependency WHERE';

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
    const rows = await run<EdgeRow & Record<string, unknown>>(
      queries,
      `${EDGES} ${isUpstream ? 'version_id' : 'target_id'} = ANY ($1::uuid[])`,
      [frontier],
    );
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
  const rows = await run<EdgeRow & Record<string, unknown>>(queries, `${EDGES} target = $1 AND kind = $2`, [
    target,
    kind,
  ]);
  return rows.map((row) => edgeOf(row, 1));
}

function edgeOf(row: EdgeRow, depth: number): WalkedEdge {
  return { id: row.version_id, kind: row.kind, target: row.target, targetId: row.target_id, depth };
}
