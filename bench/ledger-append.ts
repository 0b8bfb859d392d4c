// Durable appends to the ledger: how many a second, and how long one waits. `--events N`, `--at-once N`,
// `--offered N` a second for `--seconds N`.
import { hash } from 'node:crypto';
import { createPool } from '../adapters/postgres/pool.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { signCheckpoint } from '../adapters/postgres/ledger/sign-checkpoint.ts';
import type { EventDraft } from '../domain/governance/event-draft.ts';
import { openTestLedger, startDatabase } from '../test/support/database.ts';
import { primitives, testKey, testSigner } from '../test/support/ledger.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const EVENTS = wholeOption('events', 50_000);
const AT_ONCE = wholeOption('at-once', 200);
const SINGLE = wholeOption('single', 300);
const OFFERED = wholeOption('offered', 5000);
const SECONDS = wholeOption('seconds', 20);
const SIGNER = testSigner(testKey(1));

const draft = (at: number): EventDraft => ({
  type: 'rollout.judged',
  category: 'model_deployment',
  actor: {
    id: `principal:${hash('sha256', String(at % 50)).slice(0, 16)}`,
    kind: 'human',
    authentication: 'operating-system',
  },
  resource: `rollout/dev/model-${at % 20}`,
  risk: at % 100 === 0 ? 'high' : 'low',
  frameworks: ['iso27001', 'soc2'],
  requestId: `run-${at % 500}`,
  facts: { tick: at, decision: 'undecided', rowDigest: hash('sha256', `row ${at}`) },
});

const database = await startDatabase(28_500);
try {
  await migrate(database.url);
  const pool = createPool(database.url, 10);
  const { ledger } = await openTestLedger(pool);
  const waits: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < EVENTS) {
      const at = next++;
      const began = performance.now();
      await ledger.append(draft(at));
      waits.push(performance.now() - began);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const seconds = (performance.now() - began) / 1000;

  const offered = await offer(async (at) => await ledger.append(draft(at)));

  // The same rows without the log: what the database does by itself, one transaction per insert and client.
  await pool.query('CREATE TABLE plain (sequence bigint PRIMARY KEY, text text NOT NULL)');
  const plain: number[] = [];
  const single: number[] = [];
  for (let at = 0; at < SINGLE; at += 1) {
    const before = performance.now();
    await pool.query('INSERT INTO plain VALUES ($1, $2)', [at, JSON.stringify(draft(at))]);
    const between = performance.now();
    await ledger.append(draft(at));
    plain.push(between - before);
    single.push(performance.now() - between);
  }
  const sealed: number[] = [];
  for (let at = 0; at < SINGLE; at += 1) {
    const before = performance.now();
    await ledger.append({ ...draft(at), payload: { reason: 'a word of a person' } });
    sealed.push(performance.now() - before);
  }
  const signings: number[] = [];
  await signCheckpoint(pool, primitives, SIGNER);
  for (let at = 0; at < 50; at += 1) {
    await Promise.all(Array.from({ length: 100 }, async () => await ledger.append(draft(at))));
    const before = performance.now();
    await signCheckpoint(pool, primitives, SIGNER);
    signings.push(performance.now() - before);
  }

  printTable(
    `Durable appends, ${AT_ONCE} clients of one process, ${EVENTS} events`,
    ['events a second', 'wait p50', 'p95', 'p99', 'wanted'],
    [[(EVENTS / seconds).toFixed(0), ...quantiles(waits), '≥ 5000']],
  );
  printTable(
    `The same, ${OFFERED} a second for ${SECONDS} s, whether those before were answered or not`,
    ['events a second', 'wait p50', 'p95', 'p99', 'wanted'],
    [[offered.rate.toFixed(0), ...quantiles(offered.waits), 'p99 ≤ 50 ms']],
  );
  printTable(
    'One at a time',
    ['', 'p50', 'p95', 'p99'],
    [
      ['plain insert, one transaction', ...quantiles(plain)],
      ['event', ...quantiles(single)],
      ['event with a sealed payload', ...quantiles(sealed)],
      ['checkpoint over 100 new events', ...quantiles(signings)],
    ],
  );
  const added = quantileOf(single, 0.99) - quantileOf(plain, 0.99);
  console.log(`\nan event adds ${added.toFixed(1)} ms to the p99 of a change (wanted at most 15 ms)`);
  await pool.end();
} finally {
  await database.remove();
}

/** Work that comes at a steady rate; a wait counts from when it came. */
async function offer(
  work: (at: number) => Promise<unknown>,
): Promise<{ readonly rate: number; readonly waits: number[] }> {
  const waits: number[] = [];
  const going: Promise<void>[] = [];
  const began = performance.now();
  for (let at = 0; at < OFFERED * SECONDS;) {
    const due = Math.min(OFFERED * SECONDS, Math.floor(((performance.now() - began) / 1000) * OFFERED));
    for (; at < due; at += 1) {
      const came = began + (at / OFFERED) * 1000;
      going.push(work(at).then(() => void waits.push(performance.now() - came)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(going);
  return { rate: going.length / ((performance.now() - began) / 1000), waits };
}

function quantiles(values: readonly number[]): string[] {
  return [0.5, 0.95, 0.99].map((q) => `${quantileOf(values, q).toFixed(1)} ms`);
}
