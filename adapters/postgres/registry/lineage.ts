import { MlopsError } from '../../../domain/errors.ts';
import {
  completeDependency,
  lastingTarget,
  type Dependency,
  type DependencyKind,
} from '../../../domain/registry/dependency.ts';
import type { Lineage, LineageEdge, LineageNode } from '../../../domain/registry/lineage.ts';
import type { RegisteredType } from '../../../domain/registry/model-types.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import { resourceOfModel, resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import type { Stage } from '../../../domain/registry/stages.ts';
import { sampleRegistryRead } from './find.ts';
import { linkDependencies } from './link-dependencies.ts';
import type { RegistryParts } from './parts.ts';
import { refusalsRecorded } from './refusals.ts';
import { requireVersion, run, type Queries } from './versions.ts';
import { edgesTo, walkLineage, type LineageDirection, type WalkedEdge } from './walk-lineage.ts';

/** Where the lineage begins: a registered version, or something that versions rest on. */
export type LineageStart = { readonly model: string; readonly version: string } | Dependency;

export interface LineageOrder {
  readonly start: LineageStart;
  readonly direction: LineageDirection;
  /** Steps at most. */
  readonly depth: number;
  readonly actor: string;
}

/** What something rests on, or what rests on it. @throws VERSION_NOT_FOUND, MODEL_NOT_FOUND */
export async function readLineage(parts: RegistryParts, order: LineageOrder): Promise<Lineage> {
  const { environment, pool } = parts;
  const { actor, depth, direction, start } = order;
  if ('kind' in start) {
    const edges = direction === 'upstream' ? [] : await walkFromTarget(pool, start, depth);
    const root: LineageNode = { name: start.target, kind: outsideKind(start.kind), stage: null, depth: 0 };
    return await assemble({ queries: pool, environment, direction, edges, roots: [], outside: [root] });
  }
  const row = await requireVersion(pool, environment, start);
  await sampleRegistryRead(
    parts,
    resourceOfVersion(row.content.model, row.content.version),
    { verb: 'lineage', direction },
    actor,
  );
  const edges = await walkLineage(pool, [row.version_id], { direction, depth });
  return await assemble({ queries: pool, environment, direction, edges, roots: [row.version_id], outside: [] });
}

async function walkFromTarget(queries: Queries, target: Dependency, depth: number): Promise<WalkedEdge[]> {
  if (depth < 1) return [];
  const first = await edgesTo(queries, target);
  const beyond = await walkLineage(
    queries,
    first.map(({ id }) => id),
    { direction: 'downstream', depth: depth - 1 },
  );
  return [...first, ...beyond.map((edge) => ({ ...edge, depth: edge.depth + 1 }))];
}

interface NamedRow extends Record<string, unknown> {
  readonly version_id: string;
  readonly name: string;
  readonly type: RegisteredType;
  readonly stage: Stage;
}

/** Gives the walked edges the names of what they join: one statement, however many there are. */
async function assemble(walk: {
  readonly queries: Queries;
  readonly environment: string;
  readonly direction: LineageDirection;
  readonly edges: readonly WalkedEdge[];
  readonly roots: readonly string[];
  readonly outside: readonly LineageNode[];
}): Promise<Lineage> {
  const { direction, edges, environment, outside, queries, roots } = walk;
  const depthOf = new Map<string, number>(roots.map((id) => [id, 0]));
  for (const { depth, id, targetId } of edges) {
    // The other end was reached before.
    const reached = direction === 'upstream' ? targetId : id;
    if (reached !== null && !depthOf.has(reached)) depthOf.set(reached, depth);
  }
  const rows = await run<NamedRow>(
    queries,
    `SELECT v.version_id, m.name || '@' || v.version AS name, v.type,
       CASE WHEN v.retired_at IS NOT NULL THEN 'archived' ELSE COALESCE(s.stage, 'development') END AS stage
     FROM unnest($2::bigint[]) AS t(version_id) JOIN model_version v USING (version_id) JOIN model m USING (model_id)
     LEFT JOIN version_stage s ON s.version_id = v.version_id AND s.environment = $1`,
    [environment, [...depthOf.keys()]],
  );
  const nodes = new Map<string, LineageNode>(outside.map((node) => [node.name, node]));
  const names = new Map(rows.map((row) => [row.version_id, row.name]));
  for (const { name, stage, type, version_id: id } of rows)
    nodes.set(name, { name, kind: type, stage, depth: depthOf.get(id) ?? 0 });
  const named = edges.map(({ id, kind, target, targetId }): LineageEdge => ({
    from: names.get(id) ?? id,
    kind,
    to: targetId === null ? target : (names.get(targetId) ?? target),
  }));
  for (const [at, { to }] of named.entries()) {
    const edge = edges[at];
    if (edge?.targetId === null && !nodes.has(to))
      nodes.set(to, { name: to, kind: outsideKind(edge.kind), stage: null, depth: edge.depth });
  }
  return {
    direction,
    nodes: [...nodes.values()].sort((a, b) => a.depth - b.depth || compare(a.name, b.name)),
    edges: named,
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What is not registered here is a model from elsewhere, where it is not data or code. */
function outsideKind(kind: DependencyKind): LineageNode['kind'] {
  return kind === 'embedding' || kind === 'model' ? 'base-model' : kind;
}

/** What a version rests on is added when it becomes known later. */
export interface DependOrder {
  readonly model: string;
  readonly version: string;
  readonly dependency: { readonly kind: string; readonly target: string };
  readonly actor: string;
}

/**
 * Writes one more thing that a version rests on. Returns false when that was known.
 *
 * @throws REGISTRATION_INVALID, VERSION_NOT_FOUND, VERSION_RETIRED, DEPENDENCY_UNKNOWN, DEPENDENCY_CYCLE
 */
export async function addDependency(parts: RegistryParts, order: DependOrder): Promise<boolean> {
  const dependency = completeDependency(order.dependency);
  if (typeof dependency === 'string') throw new MlopsError('REGISTRATION_INVALID', { problems: dependency });
  const actor = await parts.principals.actor(order.actor);
  const attempt = { action: 'model.depend', resource: resourceOfVersion(order.model, order.version), actor };
  return await refusalsRecorded(
    parts,
    attempt,
    async () =>
      await parts.ledger.transact(async (transaction) => {
        const {
          content,
          retired_at: retiredAt,
          version_id: id,
        } = await requireVersion(transaction.client, parts.environment, order);
        const { model, version } = content;
        if (retiredAt !== null)
          throw new MlopsError('VERSION_RETIRED', { model, version, action: 'given a dependency' });
        const added = await linkDependencies(transaction, { id, name: { model, version }, dependencies: [dependency] });
        if (added === 0) return false;
        const { kind, target } = dependency;
        const lasting = lastingTarget(dependency);
        const facts = { version, kind, target: lasting };
        const said = lasting === target ? {} : { words: { target }, subject: resourceOfModel(model) };
        transaction.append(
          draftOfRegistry('dependency-added', { resource: resourceOfVersion(model, version), facts, ...said }, actor),
        );
        return true;
      }),
  );
}
