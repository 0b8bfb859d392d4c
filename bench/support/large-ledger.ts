// A ledger of millions of events, as a busy year leaves it: for measurements of what is asked of it.
import type { Pool } from 'pg';
import { appendEvents, lockHead } from '../../adapters/postgres/ledger/append.ts';
import type { PayloadSealer } from '../../adapters/postgres/ledger/seal-payloads.ts';
import { inTransaction, query } from '../../adapters/postgres/query.ts';
import type { EventDraft } from '../../domain/governance/event-draft.ts';
import { primitives } from '../../test/support/ledger.ts';

/** People who act, and things are written about. */
export const PEOPLE = 1000;
/** What the sealed payloads say, and nothing else does. */
export const IN_CONFIDENCE = 'told in confidence';

const AT_ONCE = 5000;

/** The id of one of the people. */
export function personAt(number: number): string {
  return `principal:${String(number % PEOPLE).padStart(4, '0')}`;
}

/** Appends events in large batches; their hashes, seals and chain are the real ones. */
export async function fillLedger(pool: Pool, sealer: PayloadSealer, events: number): Promise<void> {
  for (let done = 0; done < events; done += AT_ONCE) {
    const appended = Array.from({ length: Math.min(AT_ONCE, events - done) }, (_, i) => ({
      draft: draftAt(done + i),
      idempotencyKey: null,
      source: null,
    }));
    await inTransaction(pool, async (client) => {
      const head = await lockHead(client);
      if (head === null) throw new Error('the ledger is closed');
      await appendEvents(client, { primitives, sealer }, head, appended);
    });
  }
  const client = await pool.connect();
  // It takes as long as it takes, and runs in no transaction.
  await client.query('SET statement_timeout = 0');
  await client.query('VACUUM ANALYZE');
  client.release(true);
}

/** In how many rows of all tables, as a dump has them, a text stands: as it is, or as bytes in hexadecimal. */
export async function rowsWith(pool: Pool, text: string): Promise<number> {
  const tables = await query<{ name: string }>(
    pool,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const hex = Buffer.from(text).toString('hex');
  return await inTransaction(pool, async (client) => {
    // Every row of millions is read.
    await client.query('SET LOCAL statement_timeout = 0');
    let rows = 0;
    for (const { name } of tables) {
      const { rows: counted } = await client.query<{ count: string }>(
        `SELECT count(*) FROM ${name} AS t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0`,
        [text, hex],
      );
      rows += Number(counted[0]?.count ?? 0);
    }
    return rows;
  });
}

/** Mostly looks, some changes of traffic, few of what people search for. */
function draftAt(at: number): EventDraft {
  const person = personAt(at * 7919);
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
    ...(at % 20 === 0 ? { payload: { reason: `${IN_CONFIDENCE} ${at}` }, subject: person } : {}),
  };
}
