// One model of 10,000 versions: our API beside a server of MLflow over SQLite, asked the same by turns. `--versions N`, `--runs N`.
import { createPool } from '../adapters/postgres/pool.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { openTestLedger, startDatabase } from '../test/support/database.ts';
import { startMlflow } from '../test/support/mlflow.ts';
import { installMlflow, MLFLOW_VERSION, runPython, startMlflowServer } from '../test/support/mlflow-python.ts';
import { exportOf } from './support/registry-rows.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const VERSIONS = wholeOption('versions', 10_000);
const RUNS = wholeOption('runs', 50);
const OFFSET = 17_300;
const NAME = 'large';

type Call = readonly [method: string, path: string, fields: (run: number) => Record<string, string>];

const numberOf = (run: number): string => String(1 + ((run * 7919) % VERSIONS));

const CALLS: Readonly<Record<string, Call>> = {
  'get a version': ['GET', 'model-versions/get', (run) => ({ name: NAME, version: numberOf(run) })],
  'get the model': ['GET', 'registered-models/get', () => ({ name: NAME })],
  'latest versions': ['GET', 'registered-models/get-latest-versions', () => ({ name: NAME })],
  'search, a page of 100': ['GET', 'model-versions/search', () => ({ filter: `name = '${NAME}'`, max_results: '100' })],
  'set an alias': [
    'POST',
    'registered-models/alias',
    (run) => ({ name: NAME, alias: 'candidate', version: numberOf(run) }),
  ],
  'get by alias': ['GET', 'registered-models/alias', () => ({ name: NAME, alias: 'candidate' })],
  'set a tag': [
    'POST',
    'model-versions/set-tag',
    (run) => ({ name: NAME, version: numberOf(run), key: 'run', value: String(run) }),
  ],
  'create a version': ['POST', 'model-versions/create', () => ({ name: NAME, source: 's3://models/one' })],
};

async function timeOf(url: string, [method, path, fields]: Call, run: number): Promise<number> {
  const asked = fields(run);
  const query = method === 'GET' ? `?${new URLSearchParams(asked).toString()}` : '';
  const began = performance.now();
  const response = await fetch(`${url}/api/2.0/mlflow/${path}${query}`, {
    method,
    ...(method === 'GET' ? {} : { body: JSON.stringify(asked), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} ${path}: ${response.status} ${text.slice(0, 200)}`);
  return performance.now() - began;
}

/** Rows of its own database: asking its API for each would take an hour. */
const FILL = `
import sqlite3, sys
base = sqlite3.connect(sys.argv[1])
columns = [row[1] for row in base.execute("PRAGMA table_info(model_versions)") if row[1] != "version"]
named = ", ".join(columns)
base.execute(f"""INSERT INTO model_versions (version, {named})
  WITH RECURSIVE n (at) AS (SELECT 2 UNION ALL SELECT at + 1 FROM n WHERE at < {int(sys.argv[2])})
  SELECT n.at, {named} FROM n, model_versions WHERE version = 1""")
base.commit()
`;

const packages = await installMlflow();
if (packages === null) throw new Error('There is no python3');
const database = await startDatabase(5433 + OFFSET);
try {
  await migrate(database.url);
  const pool = createPool(database.url, 10);
  const ours = await startMlflow(await openTestLedger(pool));
  const invented = Array.from({ length: VERSIONS }, (_, at) => ({
    id: String(at + 1),
    model: NAME,
    version: `1.${at}.0`,
    dependencies: [],
    targets: [],
  }));
  await ours.registry.import({ lines: exportOf(invented), actor: 'bench' });
  const theirs = await startMlflowServer(packages, 5000 + OFFSET);
  try {
    await timeOf(theirs.url, ['POST', 'registered-models/create', () => ({ name: NAME })], 0);
    await timeOf(theirs.url, CALLS['create a version'] ?? ['', '', () => ({})], 0);
    await runPython(packages, ['-c', FILL, theirs.database, String(VERSIONS)]);
    const rows: string[][] = [];
    for (const [name, call] of Object.entries(CALLS)) {
      const times: { here: number[]; there: number[] } = { here: [], there: [] };
      for (let run = 0; run < RUNS; run += 1) {
        times.here.push(await timeOf(ours.url, call, run));
        times.there.push(await timeOf(theirs.url, call, run));
      }
      const quantiles = [times.here, times.there].flatMap((some) =>
        [0.5, 0.95].map((q) => quantileOf(some, q).toFixed(1)),
      );
      rows.push([name, ...quantiles]);
    }
    printTable(
      `A model of ${VERSIONS} versions, ms: our API, and MLflow ${MLFLOW_VERSION} over SQLite (${RUNS} calls each, by turns)`,
      ['call', 'ours p50', 'ours p95', 'MLflow p50', 'MLflow p95'],
      rows,
    );
  } finally {
    await theirs.stop();
  }
  await ours.close();
  await pool.end();
} finally {
  await database.remove();
}
