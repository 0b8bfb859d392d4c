// How long it takes until an event is covered by a signed checkpoint that is committed: appended by the worker, which signs, and by another
// program, which does not; one at a time, and under load. `--runs N`, `--offered N` a second for `--seconds N`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ensureLedgerKeys } from '../adapters/crypto/ledger-keys.ts';
import { newestCheckpoint } from '../adapters/postgres/ledger/sign-checkpoint.ts';
import type { Ledger } from '../adapters/postgres/ledger/ledger.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { createPool } from '../adapters/postgres/pool.ts';
import { loadConfig } from '../config/load.ts';
import type { EventDraft } from '../domain/governance/event-draft.ts';
import { composeEvidence, composeLedger } from '../workers/ledger.ts';
import { startDatabase } from '../test/support/database.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const RUNS = wholeOption('runs', 100);
const OFFERED = wholeOption('offered', 1000);
const SECONDS = wholeOption('seconds', 20);
const LOOK_MS = 5;

const draft = (at: number): EventDraft => ({
  type: 'rollout.judged',
  category: 'model_deployment',
  actor: { id: 'system:judge', kind: 'workflow', authentication: 'process' },
  resource: `rollout/dev/model-${at % 20}`,
  risk: 'low',
  facts: { tick: at, decision: 'undecided' },
});

const database = await startDatabase(28_800);
const folder = mkdtempSync(join(tmpdir(), 'mlops-checkpoints-'));
try {
  await migrate(database.url);
  const pool = createPool(database.url, 10);
  const { config } = loadConfig({ env: {}, workingDirectory: folder });
  await ensureLedgerKeys(config.stateDirectory, 'dev');
  const worker = await composeLedger(config, pool, pino({ level: 'silent' }));
  const other = await composeEvidence(config, pool);

  // When the checkpoint over so many events was seen first, milliseconds since the start of the process.
  const signed: { readonly size: number; readonly at: number }[] = [];
  const looking = setInterval(
    () =>
      void newestCheckpoint(pool).then((newest) => {
        if (newest !== null && newest.size > (signed.at(-1)?.size ?? 0))
          signed.push({ size: newest.size, at: performance.now() });
      }),
    LOOK_MS,
  );
  const rows: string[][] = [];
  const measure = async (what: string, ledger: Ledger, everyMs: () => number, count: number): Promise<void> => {
    const appended: { sequence: number; at: number }[] = [];
    const going: Promise<void>[] = [];
    const began = performance.now();
    let due = began;
    for (let run = 0; run < count; run += 1) {
      due += everyMs();
      const early = due - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      const at = performance.now();
      const appending = ledger.transact(async ({ append }) => await Promise.resolve(append(draft(run))));
      going.push(appending.then((sequence) => void appended.push({ sequence, at })));
    }
    await Promise.all(going);
    const last = Math.max(...appended.map(({ sequence }) => sequence));
    while ((signed.at(-1)?.size ?? 0) <= last) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const waits = appended.map(
      ({ sequence, at }) => (signed.find(({ size }) => size > sequence)?.at ?? Number.NaN) - at,
    );
    rows.push([what, String(count), ...[0.5, 0.95, 0.99].map((q) => `${quantileOf(waits, q).toFixed(0)} ms`)]);
  };
  const alone = (): number => 300 + 1000 * Math.random();
  const steadily = (): number => 1000 / OFFERED;
  await measure('one at a time, appended by the worker', worker.ledger, alone, RUNS);
  await measure('one at a time, appended by another program', other.ledger, alone, RUNS);
  await measure(`${OFFERED} a second, appended by the worker`, worker.ledger, steadily, OFFERED * SECONDS);
  await measure(`${OFFERED} a second, appended by another program`, other.ledger, steadily, OFFERED * SECONDS);
  clearInterval(looking);
  printTable(
    'From the beginning of an append to the signed checkpoint over it (wanted: p99 ≤ 1 s)',
    ['', 'events', 'p50', 'p95', 'p99'],
    rows,
  );
  await worker.close();
  await pool.end();
} finally {
  await database.remove();
  rmSync(folder, { recursive: true, force: true });
}
