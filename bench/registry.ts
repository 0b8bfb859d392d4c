// The registry: how long a registration takes, how 200,000 versions of one model are read, and whether a thousand promotions at
// once leave one version in production. `--registrations N`, `--versions N`, `--promotions N`, `--seeds N`.
import { createPool } from '../adapters/postgres/pool.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { openTestLedger, startDatabase } from '../test/support/database.ts';
import { createTestRegistry, fileOf, registrationOf, type TestRegistry } from '../test/support/registry.ts';
import { exportOf } from './support/registry-rows.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const REGISTRATIONS = wholeOption('registrations', 500);
const VERSIONS = wholeOption('versions', 200_000);
const READS = wholeOption('reads', 500);
const PROMOTIONS = wholeOption('promotions', 1000);
const SEEDS = wholeOption('seeds', 3);
const BY = { actor: 'bench', reason: '' };

const database = await startDatabase(5433 + 17_000);
const pool = createPool(database.url, 20);
try {
  await migrate(database.url);
  const made = await createTestRegistry(await openTestLedger(pool));
  await readLarge(made.registry);
  await register(made.registry);
  await promote(made);
} finally {
  await pool.end();
  await database.remove();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Twenty at once. */
async function inLanes(count: number, work: (at: number) => Promise<void>): Promise<void> {
  await Promise.all(
    Array.from({ length: 20 }, async (_, lane) => {
      for (let at = lane; at < count; at += 20) await work(at);
    }),
  );
}

async function repeat(count: number, work: (at: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) times.push(await timed(async () => await work(at)));
  return times;
}

function row(name: string, times: readonly number[], wanted: string): string[] {
  return [name, ...[0.5, 0.95, 0.99].map((q) => `${quantileOf(times, q).toFixed(1)} ms`), wanted];
}

async function register(registry: TestRegistry): Promise<void> {
  const order = (version: string, artifactPath: string | null = null) => ({
    registration: registrationOf('registered', version, {
      metrics: { recall_at_5: 0.9 },
      description: 'a model',
      tags: { team: 'search' },
    }),
    artifactPath,
    wantsProduction: false,
    actor: BY.actor,
  });
  const single = await repeat(REGISTRATIONS, async (at) => await registry.register(order(`1.${at}.0`)));
  const again = await repeat(REGISTRATIONS, async (at) => await registry.register(order(`1.${at}.0`)));
  const atOnce: number[] = [];
  const began = performance.now();
  await inLanes(REGISTRATIONS, async (at) => {
    atOnce.push(await timed(async () => await registry.register(order(`2.${at}.0`))));
  });
  const perSecond = REGISTRATIONS / ((performance.now() - began) / 1000);
  printTable(
    'Registration, without the time of its artifact',
    ['', 'p50', 'p95', 'p99', 'wanted'],
    [
      row('one at a time', single, 'p95 ≤ 50 ms'),
      row('the same again', again, '-'),
      row(`20 at once (${perSecond.toFixed(0)} a second)`, atOnce, '-'),
    ],
  );
}

async function readLarge(registry: TestRegistry): Promise<void> {
  const versions = Array.from({ length: VERSIONS }, (_, at) => ({
    id: String(at + 1),
    model: 'large',
    version: `${Math.floor(at / 10_000)}.${Math.floor(at / 100) % 100}.${at % 100}`,
    dependencies: [],
    targets: [],
  }));
  const taken = await timed(async () => await registry.import({ lines: exportOf(versions), actor: BY.actor }));
  console.log(`${VERSIONS} versions of one model, taken in from an export in ${(taken / 1000).toFixed(1)} s`);
  const some = (at: number): string => versions[(at * 7919) % versions.length]?.version ?? '';
  const page = { model: 'large', stage: null, withRetired: false, limit: 50, actor: BY.actor };
  const aliasOf = (at: number) => `alias-${at % 100}`;
  const order = (version: string) => ({
    registration: registrationOf('large', version),
    artifactPath: null,
    wantsProduction: false,
    actor: BY.actor,
  });
  printTable(
    `${VERSIONS} versions of one model`,
    ['', 'p50', 'p95', 'p99', 'wanted'],
    [
      row(
        'set an alias',
        await repeat(
          READS,
          async (at) =>
            await registry.alias({ ...BY, model: 'large', alias: aliasOf(at), version: some(at), approvalId: null }),
        ),
        'p95 ≤ 20 ms',
      ),
      row(
        'get by version',
        await repeat(
          READS,
          async (at) => await registry.version({ model: 'large', version: some(at), actor: BY.actor }),
        ),
        'p95 ≤ 20 ms',
      ),
      row(
        'get by alias',
        await repeat(
          READS,
          async (at) =>
            await registry.version({ model: 'large', version: aliasOf(at % Math.min(100, READS)), actor: BY.actor }),
        ),
        'p95 ≤ 20 ms',
      ),
      row(
        'first page of 50',
        await repeat(READS, async () => await registry.versions({ ...page, after: null })),
        'p95 ≤ 20 ms',
      ),
      row(
        'deep page of 50',
        await repeat(READS, async (at) => await registry.versions({ ...page, after: some(at) })),
        'p95 ≤ 20 ms',
      ),
      row(
        'list of models',
        await repeat(READS, async () => await registry.models({ after: null, limit: 50, actor: BY.actor })),
        '-',
      ),
      row(
        'register one more',
        await repeat(READS, async (at) => await registry.register(order(`1000.${at}.0`))),
        'p95 ≤ 50 ms',
      ),
    ],
  );
}

async function promote(made: Awaited<ReturnType<typeof createTestRegistry>>): Promise<void> {
  const other = await createTestRegistry(await openTestLedger(pool), { store: made.store, approvals: made.approvals });
  const artifactPath = await fileOf('the same for all');
  const rows: string[][] = [];
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const model = `crowded-${seed}`;
    const ids = new Map<string, string>();
    await inLanes(PROMOTIONS, async (at) => {
      const version = `1.${at}.0`;
      const by = { ...BY, model, version, expectedProduction: null, approvalId: null } as const;
      await made.registry.register({
        registration: registrationOf(model, version),
        artifactPath,
        wantsProduction: false,
        actor: BY.actor,
      });
      await made.registry.promote({ ...by, to: 'staging' });
      const { awaiting } = await made.registry.promote({ ...by, to: 'production' });
      if (awaiting === null) throw new Error('no approval was asked for');
      made.approvals.grant({ approvalId: `${model}-${at}`, ...awaiting }, ['principal:0001']);
      ids.set(version, `${model}-${at}`);
    });
    const began = performance.now();
    // Each seed begins in another order.
    const order = [...ids].sort(
      ([a], [b]) => ((Number(a.split('.')[1]) * (seed + 7)) % 997) - ((Number(b.split('.')[1]) * (seed + 7)) % 997),
    );
    const ended = await Promise.allSettled(
      order.map(
        async ([version, approvalId], at) =>
          await (at % 2 === 0 ? made : other).registry.promote({
            ...BY,
            model,
            version,
            to: 'production',
            expectedProduction: null,
            approvalId,
          }),
      ),
    );
    const seconds = (performance.now() - began) / 1000;
    const won = ended.filter(({ status }) => status === 'fulfilled').length;
    const conflicts = ended.filter(
      (one) => one.status === 'rejected' && (one.reason as { code?: string }).code === 'STAGE_CONFLICT',
    ).length;
    const found = [String(seed), String(won), String(conflicts), ...(await countOf(model)), `${seconds.toFixed(1)} s`];
    rows.push(found);
    // Many take long: what is stopped has said this much.
    console.error(found.join('  '));
  }
  printTable(
    `${PROMOTIONS} promotions at once of one model, from two programs`,
    [
      'seed',
      'won',
      'conflicts',
      'in production',
      'events of promotions',
      'events of refusals',
      'approvals used',
      'took',
    ],
    rows,
  );
}

/** Versions in production, events, and approvals that were used. */
async function countOf(model: string): Promise<string[]> {
  const { rows } = await pool.query<{ live: string; promoted: string; refused: string; used: string }>(
    `SELECT (SELECT count(*) FROM version_stage s JOIN model m USING (model_id) WHERE m.name = $1 AND s.stage = 'production') AS live,
       count(*) FILTER (WHERE type = 'model.promoted' AND canonical LIKE '%"to":"production"%') AS promoted,
       count(*) FILTER (WHERE type = 'model.promote-refused') AS refused,
       (SELECT count(*) FROM used_approval WHERE starts_with(approval_id, $1 || '-')) AS used
     FROM ledger_event WHERE starts_with(resource, 'model/' || $1 || '/')`,
    [model],
  );
  const [found] = rows;
  return [found?.live, found?.promoted, found?.refused, found?.used].map(String);
}
