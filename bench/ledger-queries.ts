// What is asked of a large ledger: filtered pages, proofs, an export, an erasure. `--events N` (default a million).
import { createErasure } from '../adapters/postgres/ledger/erase.ts';
import { appendEvents, lockHead } from '../adapters/postgres/ledger/append.ts';
import { exportLedger } from '../adapters/postgres/ledger/export-ledger.ts';
import { createProver } from '../adapters/postgres/ledger/prove.ts';
import { queryEvents } from '../adapters/postgres/ledger/query-events.ts';
import { createPayloadSealer } from '../adapters/postgres/ledger/seal-payloads.ts';
import { signCheckpoint } from '../adapters/postgres/ledger/sign-checkpoint.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { createPool } from '../adapters/postgres/pool.ts';
import { inTransaction } from '../adapters/postgres/query.ts';
import { parseNote } from '../domain/governance/checkpoint.ts';
import type { EventDraft } from '../domain/governance/event-draft.ts';
import type { EventQuery } from '../domain/governance/event-query.ts';
import { verifyInclusion } from '../domain/governance/merkle-proof.ts';
import { openTestLedger, startDatabase, testKeys } from '../test/support/database.ts';
import { ORIGIN, primitives, testKey } from '../test/support/ledger.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const EVENTS = wholeOption('events', 1_000_000);
const RUNS = wholeOption('runs', 40);
const AT_ONCE = 5000;
const PEOPLE = 1000;
const SIGNER = { origin: ORIGIN, keys: [testKey(1)] };
const PAGE = { isNewestFirst: true, after: null, limit: 50 };

/** Mostly looks, some changes of traffic, few of what people search for. */
function draft(at: number): EventDraft {
  const person = `principal:${String((at * 7919) % PEOPLE).padStart(4, '0')}`;
  const model = `model-${(at * 31) % 200}`;
  const environment = at % 3 === 0 ? 'dev' : 'production';
  const isRare = at % 100_000 === 77;
  const [type, category] = isRare
    ? (['governance.erased', 'data_modification'] as const)
    : at % 1000 === 5
      ? (['rollout.promoted', 'model_promotion'] as const)
      : at % 25 === 3
        ? (['traffic.applied', 'model_deployment'] as const)
        : (['rollout.judged', 'model_deployment'] as const);
  return {
    type,
    category,
    actor: {
      id: at % 20 === 0 ? person : 'system:judge',
      kind: at % 20 === 0 ? 'human' : 'workflow',
      authentication: 'process',
    },
    resource: `rollout/${environment}/${model}`,
    risk: at % 10_000 === 9 ? 'critical' : at % 500 === 7 ? 'high' : at % 40 === 11 ? 'medium' : 'low',
    frameworks: isRare ? ['gdpr'] : ['iso27001', 'soc2'],
    requestId: `run-${at % 5000}`,
    facts: { tick: at, decision: 'undecided', toVersion: `1.${at % 50}.0` },
    ...(at % 20 === 0 ? { payload: { reason: `words ${at}` }, subject: person } : {}),
  };
}

const pick = (most: number): number => Math.floor(Math.random() * most);
const QUERIES: Readonly<Record<string, () => EventQuery>> = {
  everything: () => ({}),
  'a frequent type': () => ({ type: 'rollout.judged' }),
  'a rare type': () => ({ type: 'governance.erased' }),
  'types that begin so, frequent': () => ({ type: 'rollout.' }),
  'types that begin so, rare': () => ({ type: 'governance.' }),
  'a rare category': () => ({ category: 'data_modification' }),
  'a person': () => ({ actor: `principal:${String(pick(PEOPLE)).padStart(4, '0')}` }),
  'a resource': () => ({ resource: `rollout/production/model-${pick(200)}` }),
  'resources below': () => ({ resource: 'rollout/dev/' }),
  'an hour': () => ({ since: hour(0), until: hour(1) }),
  'risk high': () => ({ risk: 'high' }),
  'risk medium': () => ({ risk: 'medium' }),
  'risk critical': () => ({ risk: 'critical' }),
  'a frequent framework': () => ({ framework: 'soc2' }),
  'a rare framework': () => ({ framework: 'gdpr' }),
  'a frequent word': () => ({ words: ['undecided'] }),
  'a word of some': () => ({ words: [`model-${pick(200)}`] }),
  'two words': () => ({ words: [`model-${pick(200)}`, `1.${pick(50)}.0`] }),
  'a person and a type': () => ({
    actor: `principal:${String(pick(PEOPLE)).padStart(4, '0')}`,
    type: 'rollout.judged',
  }),
  'a resource and a risk': () => ({ resource: `rollout/dev/model-${pick(200)}`, risk: 'high' }),
  'nothing there': () => ({ type: 'model.registered' }),
};

const hour = (later: number): string => new Date(Date.now() - 3_600_000 * (1 - later)).toISOString();

const database = await startDatabase(28_600);
try {
  await migrate(database.url);
  const pool = createPool(database.url, 10);
  const parts = await openTestLedger(pool);
  const sealer = createPayloadSealer(primitives, testKeys);
  let began = performance.now();
  for (let done = 0; done < EVENTS; done += AT_ONCE) {
    const appended = Array.from({ length: Math.min(AT_ONCE, EVENTS - done) }, (_, i) => ({
      draft: draft(done + i),
      idempotencyKey: null,
      source: null,
    }));
    await inTransaction(pool, async (client) => {
      const head = await lockHead(client);
      if (head === null) throw new Error('the ledger is closed');
      await appendEvents(client, { primitives, sealer }, head, appended);
    });
  }
  console.error(`${EVENTS} events in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  await pool.query('VACUUM ANALYZE');

  const all: number[] = [];
  const rows: string[][] = [];
  for (const [name, make] of Object.entries(QUERIES)) {
    const times: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      // Every other page is one deep in the answer.
      const page = run % 2 === 0 ? PAGE : { ...PAGE, after: pick(EVENTS) };
      const before = performance.now();
      await queryEvents(pool, make(), page);
      times.push(performance.now() - before);
    }
    all.push(...times);
    rows.push([name, ...[0.5, 0.95, 1].map((q) => `${quantileOf(times, q).toFixed(1)} ms`)]);
  }
  printTable(`A page of 50, ${EVENTS} events`, ['asked for', 'median', 'p95', 'most'], rows);
  console.log(`\nall of them: p95 ${quantileOf(all, 0.95).toFixed(1)} ms (wanted at most 20 ms)`);

  const signed = await signCheckpoint(pool, primitives, SIGNER);
  const built: number[] = [];
  const verified: number[] = [];
  const root = parseNote(primitives, signed.note)?.checkpoint.root ?? '';
  for (let run = 0; run < 10 * RUNS; run += 1) {
    const sequence = pick(EVENTS);
    const before = performance.now();
    const proof = await createProver(pool, primitives.nodeHash, signed.size).prove(sequence);
    built.push(performance.now() - before);
    const [event] = (await queryEvents(pool, { from: sequence, to: sequence }, PAGE)).events;
    const between = performance.now();
    if (
      !verifyInclusion(
        primitives.nodeHash,
        { leafHash: event?.leafHash ?? '', index: sequence, size: signed.size, root },
        proof,
      )
    )
      throw new Error(`proof of ${sequence} does not hold`);
    verified.push(performance.now() - between);
  }
  began = performance.now();
  let exported = 0;
  for await (const lines of exportLedger(pool, primitives, signed, { chosen: {}, payloads: null }))
    exported += lines.length;
  const seconds = (performance.now() - began) / 1000;

  const erasure = createErasure(parts, async () => undefined);
  const erasures: number[] = [];
  for (let person = 0; person < 20; person += 1) {
    const before = performance.now();
    await erasure.erase({
      subject: `principal:${String(20 * person).padStart(4, '0')}`,
      actor: 'officer',
      reason: 'bench',
    });
    erasures.push(performance.now() - before);
  }
  printTable(
    'Proofs, export, erasure',
    ['what', 'median', 'p99', 'wanted'],
    [
      ['inclusion proof, built with nothing in memory', ...two(built), '≤ 5 ms'],
      ['inclusion proof, verified', ...two(verified, 3), '≤ 0.3 ms'],
      ['erasure of a subject', ...two(erasures), '≤ 1 s'],
      [
        `export of ${exported - 1} events`,
        `${((exported - 1) / seconds).toFixed(0)} a second`,
        '-',
        '≥ 50,000 a second',
      ],
    ],
  );
  await pool.end();
} finally {
  await database.remove();
}

function two(values: readonly number[], digits = 1): string[] {
  return [0.5, 0.99].map((q) => `${quantileOf(values, q).toFixed(digits)} ms`);
}
