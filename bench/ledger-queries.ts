// What is asked of a large ledger: filtered pages, proofs, an export, an erasure. `--events N` (default a million).
import { createErasure } from '../adapters/postgres/ledger/erase.ts';
import { exportLedger, openPayloads } from '../adapters/postgres/ledger/export-ledger.ts';
import { createProver } from '../adapters/postgres/ledger/prove.ts';
import { queryEvents } from '../adapters/postgres/ledger/query-events.ts';
import { createPayloadSealer } from '../adapters/postgres/ledger/seal-payloads.ts';
import { signCheckpoint } from '../adapters/postgres/ledger/sign-checkpoint.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { createPool } from '../adapters/postgres/pool.ts';
import { parseNote } from '../domain/governance/checkpoint.ts';
import type { EventQuery } from '../domain/governance/event-query.ts';
import { verifyInclusion } from '../domain/governance/merkle-proof.ts';

import { openTestLedger, startDatabase, testKeys } from '../test/support/database.ts';
import { ORIGIN, primitives, testKey, testSigner } from '../test/support/ledger.ts';
import { fillLedger, IN_CONFIDENCE, PEOPLE, personAt, rowsWith } from './support/large-ledger.ts';
import { printTable, quantileOf, wholeOption } from './support/report.ts';

const EVENTS = wholeOption('events', 1_000_000);
const RUNS = wholeOption('runs', 40);
/** Of how many people everything is erased, and how many proofs of each are kept from before. */
const ERASED = 20;
const PROOFS_EACH = 50;
const SIGNER = testSigner(testKey(1));
const PAGE = { isNewestFirst: true, after: null, limit: 50 };

const pick = (most: number): number => Math.floor(Math.random() * most);
const QUERIES: Readonly<Record<string, () => EventQuery>> = {
  everything: () => ({}),
  'a frequent type': () => ({ type: 'rollout.judged' }),
  'a rare type': () => ({ type: 'governance.erased' }),
  'types that begin so, frequent': () => ({ type: 'rollout.' }),
  'types that begin so, rare': () => ({ type: 'governance.' }),
  'a rare category': () => ({ category: 'data_modification' }),
  'a person': () => ({ actor: personAt(pick(PEOPLE)) }),
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
    actor: personAt(pick(PEOPLE)),
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
  await fillLedger(pool, sealer, EVENTS);
  console.error(`${EVENTS} events in ${((performance.now() - began) / 1000).toFixed(0)} s`);

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
  const kept: { readonly sequence: number; readonly proof: readonly string[] }[] = [];
  const subjects = Array.from({ length: ERASED }, (_, at) => personAt(20 * at));
  for (const subject of subjects) {
    const prover = createProver(pool, primitives.nodeHash, signed.size);
    const { events } = await queryEvents(pool, { actor: subject }, { ...PAGE, limit: PROOFS_EACH });
    for (const { sequence } of events) kept.push({ sequence, proof: await prover.prove(sequence) });
  }
  const readable = await countReadable();
  for (const subject of subjects) {
    const before = performance.now();
    await erasure.erase({ subject, actor: 'officer', reason: 'bench' });
    erasures.push(performance.now() - before);
  }
  const stillReadable = await countReadable();
  let holding = 0;
  for (const { proof, sequence } of kept) {
    const [event] = (await queryEvents(pool, { from: sequence, to: sequence }, PAGE)).events;
    const leafHash = primitives.leafHash(event?.canonical ?? '');
    if (verifyInclusion(primitives.nodeHash, { leafHash, index: sequence, size: signed.size, root }, proof))
      holding += 1;
  }
  const plaintext = await rowsWith(pool, IN_CONFIDENCE);
  if ((await rowsWith(pool, 'system:judge')) === 0) throw new Error('the search of the dump finds nothing at all');

  /** Payloads of the events whose proofs were kept that can be opened. */
  async function countReadable(): Promise<number> {
    const opened = await openPayloads(pool, kept, { origin: ORIGIN, keys: testKeys });
    return [...opened.values()].filter(({ payload }) => JSON.stringify(payload).includes(IN_CONFIDENCE)).length;
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
  printTable(
    `What the erasure of ${ERASED} subjects leaves`,
    ['what', 'found', 'wanted'],
    [
      ['payloads of theirs that can be read, before', `${readable} of ${kept.length}`, 'all'],
      ['and after', `${stillReadable} of ${kept.length}`, '0'],
      ['proofs from before that hold', `${holding} of ${kept.length}`, 'all'],
      ['rows of the database with a word of any payload', String(plaintext), '0'],
    ],
  );
  await pool.end();
} finally {
  await database.remove();
}

function two(values: readonly number[], digits = 1): string[] {
  return [0.5, 0.99].map((q) => `${quantileOf(values, q).toFixed(digits)} ms`);
}
