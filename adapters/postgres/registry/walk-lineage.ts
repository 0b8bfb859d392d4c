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
    const near = isUpstream ? 'version_id' : 'target_id';
    const met = await readEdges(queries, {
      near,
      condition: `${near} = ANY ($1::bigint[])`,
      values: [frontier],
      depth,
    });
    for (const edge of met) edges.push(edge);
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
  const condition = 'target = $1 AND kind = $2';
  return await readEdges(queries, { near: 'version_id', condition, values: [target, kind], depth: 1 });
}

/**
 * Edges in one row per version at their near end, written as lines of a text: no name has a blank in it, and one long text is read in
 * a fraction of the time that a row per edge takes.
 */
async function readEdges(
  queries: Queries,
  asked: {
    readonly near: 'version_id' | 'target_id';
    readonly condition: string;
    readonly values: readonly unknown[];
    readonly depth: number;
  },
): Promise<WalkedEdge[]> {
  const { condition, depth, near, values } = asked;
  const far = near === 'version_id' ? 'target_id' : 'version_id';
  const rows = await run<{ near: string; edges: string }>(
    queries,
    `SELECT ${near} AS near, string_agg(concat_ws(' ', kind, target, ${far}), E'\\n') AS edges
     FROM model_dependency WHERE ${condition} GROUP BY ${near}`,
    values,
  );
  return rows.flatMap((row) =>
    row.edges.split('\n').map((line): WalkedEdge => {
      const [kind, target = '', other] = line.split(' ');
      const [id, targetId] = near === 'version_id' ? [row.near, other ?? null] : [other ?? '', row.near];
      return { id, kind: kind as DependencyKind, target, targetId, depth };
    }),
  );
}
