import type { DependencyKind } from './dependency.ts';
import type { RegisteredType } from './model-types.ts';
import type { Stage } from './stages.ts';

/** Something in the lineage: a registered version, or what is not registered here. */
export interface LineageNode {
  /** `rag_embeddings@2.1.0`, or the target as it was given. */
  readonly name: string;
  readonly kind: RegisteredType | Exclude<DependencyKind, 'embedding' | 'model'>;
  /** In the environment asked about; null for what is not registered here. */
  readonly stage: Stage | null;
  /** Steps from where it was begun; 0 there. */
  readonly depth: number;
}

/** One rests on the other. */
export interface LineageEdge {
  readonly from: string;
  readonly kind: DependencyKind;
  readonly to: string;
}

/** What a version rests on, or what rests on it; each node and edge once. */
export interface Lineage {
  readonly direction: 'upstream' | 'downstream';
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
}

/**
 * The lineage as an indented list: below each node what is one step further. What was listed before is named again, but not what is
 * beyond it.
 */
export function renderLineage({ direction, edges, nodes }: Lineage): string {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const next = new Map<string, LineageEdge[]>();
  for (const edge of edges) {
    const near = direction === 'upstream' ? edge.from : edge.to;
    const known = next.get(near);
    if (known === undefined) next.set(near, [edge]);
    else known.push(edge);
  }
  const lines: string[] = [];
  const seen = new Set<string>();
  const stack = nodes.flatMap(({ depth, name }) => (depth === 0 ? [{ name, indent: 0, kind: '' }] : []));
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const { indent, kind, name } = at;
    const isNew = !seen.has(name);
    seen.add(name);
    lines.push(`${'  '.repeat(indent)}${kind}${name}${stateOf(byName.get(name))}${isNew ? '' : ' (see above)'}`);
    if (!isNew) continue;
    const beyond = (next.get(name) ?? []).map((edge) => ({
      kind: `${edge.kind} `,
      name: direction === 'upstream' ? edge.to : edge.from,
    }));
    beyond.sort((a, b) => (a.kind + a.name < b.kind + b.name ? 1 : -1));
    stack.push(...beyond.map((one) => ({ ...one, indent: indent + 1 })));
  }
  return lines.join('\n');
}

function stateOf(node: LineageNode | undefined): string {
  if (node === undefined || node.stage === null) return '';
  return `  (${node.kind}, ${node.stage})`;
}
