import { MlopsError } from '../../../domain/errors.ts';
import {
  mustBeRegistered,
  versionNameOf,
  type Dependency,
  type VersionName,
} from '../../../domain/registry/dependency.ts';
import { parseVersion, sortKeyOf } from '../../../domain/registry/semver.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { walkLineage, type WalkedEdge } from './walk-lineage.ts';
import { run, type Queries } from './versions.ts';

/** What a version is to depend on. */
export interface Edge {
  readonly id: string;
  readonly name: VersionName;
  readonly dependencies: readonly Dependency[];
}

/**
 * Writes what a version depends on, and links what was waiting for it. Returns how many of the edges are new.
 *
 * @throws DEPENDENCY_UNKNOWN, DEPENDENCY_CYCLE with the path
 */
export async function linkDependencies({ client, next }: LedgerTransaction, edge: Edge): Promise<number> {
  const { dependencies, id, name } = edge;
  const targets = await resolve(client, edge);
  const added = dependencies.length === 0 ? 0 : await insertEdges({ client, next }, edge, targets);
  const waiting = await client.query(
    `UPDATE model_dependency SET target_id = $1, ledger_sequence = $2
     WHERE target = ANY ($3) AND kind = 'base-model' AND target_id IS NULL`,
    [id, next, namesOf(name)],
  );
  const isLeaf = targets.every((target) => target === null);
  if (!isLeaf || waiting.rowCount !== 0) await assertNoCycle(client, id);
  return added;
}

async function insertEdges(
  { client, next }: Pick<LedgerTransaction, 'client' | 'next'>,
  { dependencies, id }: Edge,
  targets: readonly (string | null)[],
): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO model_dependency (version_id, kind, target, target_id, ledger_sequence)
     SELECT $1, kind, target, target_id, $2 FROM unnest($3::text[], $4::text[], $5::bigint[]) AS t(kind, target, target_id)
     ON CONFLICT (version_id, kind, target) DO NOTHING`,
    [id, next, dependencies.map(({ kind }) => kind), dependencies.map(({ target }) => target), targets],
  );
  return rowCount ?? 0;
}

/** A version is meant with its build metadata and without. */
function namesOf({ model, version }: VersionName): string[] {
  return [`${model}@${version}`, `${model}@${version.replace(/\+.*$/, '')}`];
}

/** Ids of the registered versions that are depended on; null for what is not registered here. @throws DEPENDENCY_UNKNOWN */
async function resolve(client: Queries, { dependencies, name }: Edge): Promise<(string | null)[]> {
  const names = dependencies.map((dependency) => versionNameOf(dependency));
  const asked = names.flatMap((one) => (one === null ? [] : [one]));
  const found = new Map<string, string>();
  if (asked.length > 0) {
    const rows = await run<{ name: string; sort_key: string; version_id: string }>(
      client,
      `SELECT m.name, v.sort_key, v.version_id
       FROM unnest($1::text[], $2::text[]) AS t(name, sort_key)
       JOIN model m ON m.name = t.name AND m.retired_at IS NULL JOIN model_version v ON v.model_id = m.model_id AND v.sort_key = t.sort_key
       WHERE v.retired_at IS NULL`,
      [asked.map(({ model }) => model), asked.map(({ version }) => keyOf(version))],
    );
    for (const row of rows) found.set(`${row.name} ${row.sort_key}`, row.version_id);
  }
  return dependencies.map(({ kind, target }, at) => {
    const one = names[at] ?? null;
    const id = one === null ? null : (found.get(`${one.model} ${keyOf(one.version)}`) ?? null);
    if (id === null && mustBeRegistered(kind)) throw new MlopsError('DEPENDENCY_UNKNOWN', { ...name, kind, target });
    return id;
  });
}

function keyOf(version: string): string {
  const parsed = parseVersion(version);
  if (parsed === null) throw new Error(`version ${version} was checked before`);
  return sortKeyOf(parsed);
}

/** @throws DEPENDENCY_CYCLE when what a version rests on rests on the version */
async function assertNoCycle(client: Queries, id: string): Promise<void> {
  const closes = ({ targetId }: WalkedEdge): boolean => targetId === id;
  const edges = await walkLineage(client, [id], { direction: 'upstream', depth: Infinity, isFound: closes });
  const last = edges.find(closes);
  if (last === undefined) return;
  const cameBy = new Map<string, WalkedEdge>();
  for (const edge of edges) if (edge.targetId !== null && !cameBy.has(edge.targetId)) cameBy.set(edge.targetId, edge);
  const targets = [last.target];
  for (let at = last.id; at !== id;) {
    const edge = cameBy.get(at);
    if (edge === undefined) break;
    targets.unshift(edge.target);
    at = edge.id;
  }
  const first = targets.at(-1) ?? '';
  throw new MlopsError('DEPENDENCY_CYCLE', {
    name: first,
    path: [first, ...targets].join(' → '),
  });
}
