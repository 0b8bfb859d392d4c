// The lineage of 10,000 versions in ten layers, each resting on three of the layer below: all that one rests on, and all that rests on
// one. `--nodes N`, `--depth N`, `--runs N`.
import { createPool } from '../adapters/postgres/pool.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { openTestLedger, startDatabase } from '../test/support/database.ts';
import { createTestRegistry } from '../test/support/registry.ts';
import { exportOf, type InventedVersion } from './support/registry-rows.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const NODES = wholeOption('nodes', 10_000);
const DEPTH = wholeOption('depth', 10);
const RUNS = wholeOption('runs', 50);
const WIDTH = Math.ceil(NODES / DEPTH);
const ACTOR = 'bench';

/** Layers from the bottom; the first of all of them is below all, the last above all. */
function invent(): InventedVersion[] {
  const versions: InventedVersion[] = [];
  const add = (model: string, below: readonly InventedVersion[]): InventedVersion => {
    const one = {
      id: String(versions.length + 1),
      model,
      version: '1.0.0',
      dependencies: below.map((other) => ({ kind: 'model' as const, target: `${other.model}@1.0.0` })),
      targets: below.map(({ id }) => id),
    };
    versions.push(one);
    return one;
  };
  let below = [add('bottom', [])];
  for (let layer = 1; layer < DEPTH; layer += 1) {
    const under = below;
    below = Array.from({ length: WIDTH }, (_, at) =>
      add(
        `layer-${layer}-${at}`,
        [...new Set([0, 1, 2].map((step) => under[(at + step * 37) % under.length]))].flatMap((one) => one ?? []),
      ),
    );
  }
  add('top', below);
  return versions;
}

const database = await startDatabase(5433 + 17_200);
try {
  await migrate(database.url);
  const pool = createPool(database.url, 10);
  const { registry } = await createTestRegistry(await openTestLedger(pool));
  const versions = invent();
  await registry.import({ lines: exportOf(versions), actor: ACTOR });
  const rows: string[][] = [];
  for (const [direction, model] of [
    ['upstream', 'top'],
    ['downstream', 'bottom'],
  ] as const) {
    const times: number[] = [];
    let found = { nodes: 0, edges: 0 };
    for (let run = 0; run < RUNS; run += 1) {
      const began = performance.now();
      const { edges, nodes } = await registry.lineage({
        start: { model, version: '1.0.0' },
        direction,
        depth: DEPTH,
        actor: ACTOR,
      });
      times.push(performance.now() - began);
      found = { nodes: nodes.length, edges: edges.length };
    }
    rows.push([
      direction,
      String(found.nodes),
      String(found.edges),
      ...[0.5, 0.95].map((q) => `${quantileOf(times, q).toFixed(0)} ms`),
      'p95 ≤ 100 ms',
    ]);
  }
  printTable(
    `Lineage of ${versions.length} versions, depth ${DEPTH}`,
    ['direction', 'nodes', 'edges', 'p50', 'p95', 'wanted'],
    rows,
  );
  await pool.end();
} finally {
  await database.remove();
}
