import type { Pool, PoolClient } from 'pg';
import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import type { ActSource } from '../../../domain/governance/act-source.ts';
import type { EventDraft } from '../../../domain/governance/event-draft.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import { keepable } from '../../../domain/keepable-text.ts';
import { inTransaction, NotYet, translateDatabaseError } from '../query.ts';
import { appendEvents, lockHead, type Appended } from './append.ts';
import { asRefusal } from './refused.ts';
import type { PayloadSealer } from './seal-payloads.ts';

/** One unit of change: its statements and its events are written together, or not at all. */
export interface LedgerTransaction {
  readonly client: PoolClient;
  /** Sequence of the event that is appended next: rows may name it before. */
  readonly next: number;
  /**
   * Returns the event's sequence. A draft that cannot be written fails the change that it is of. `source` is said of what was done
   * elsewhere, or at another time, than what is being done now; null: that is not known.
   */
  readonly append: (draft: EventDraft, source?: ActSource | null) => number;
}

/** The evidence ledger in PostgreSQL. */
export interface Ledger {
  /**
   * Runs a change and appends its events in the same transaction. The work holds the end of the log while it runs: it may
   * do statements through its client and nothing slower. It may run more than once, of which the last counts.
   *
   * @throws what the work throws (then nothing of it is written), LEDGER_CLOSED, LEDGER_BUSY, LEDGER_REFUSED, LEDGER_FORBIDDEN,
   *   DATABASE_UNREACHABLE
   */
  transact<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>;
  /** Appends an event that changes nothing else, once per type and key. Returns false when it was there already. */
  append(draft: EventDraft, idempotencyKey?: string): Promise<boolean>;
}

/** Everything one unit needs from its batch, and how it ends. */
interface Unit {
  /** It changes nothing but the log: there is nothing to take back when it fails. */
  readonly isPlain: boolean;
  run(batch: Batch): Promise<void>;
  settle(error: unknown): void;
}

interface Batch {
  readonly client: PoolClient;
  readonly first: number;
  readonly appended: Appended[];
}

/** A batch takes units until this many, or until this long. */
const MOST_UNITS = 500;
const LONGEST_MS = 25;

/** A process that is stopped while it holds the end of the log must not hold it for long: everybody waits for it. */
const BEGIN = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'; SET LOCAL lock_timeout = '10s'`;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Opens the ledger of a database. Units that come while a batch is being written form the next batch: one lock, one
 * insert and one flush to disk for all of them.
 */
export function createLedger(
  pool: Pool,
  parts: {
    readonly primitives: Primitives;
    readonly sealer: PayloadSealer;
    readonly onCommit?: () => void;
    /** Where what is being done comes from; asked when a unit is handed in, not when it is written. */
    readonly source?: () => ActSource | null;
    /** Which request or workflow run it is of, where an event does not say; asked likewise. */
    readonly request?: () => string | null;
  },
): Ledger {
  const { onCommit = () => undefined, source = () => null, request = () => null } = parts;
  let waiting: Unit[] = [];
  let isWriting = false;

  const enqueue = (unit: Unit): void => {
    waiting.push(unit);
    void write();
  };
  const write = async (): Promise<void> => {
    if (isWriting) return;
    isWriting = true;
    while (waiting.length > 0) {
      const units = waiting.slice(0, MOST_UNITS);
      const taken = await commit(pool, { ...parts, enqueue }, units);
      waiting = waiting.slice(taken);
      onCommit();
    }
    isWriting = false;
  };
  const enter = async <T>(isPlain: boolean, run: (batch: Batch) => Promise<T>): Promise<T> =>
    await new Promise<T>((resolve, reject) => enqueue(unitOf(isPlain, run, { resolve, reject })));

  const causeNow = (): Cause => ({ source: source(), requestId: request() });
  return {
    transact: async (work) => {
      const cause = causeNow();
      return await enter(false, async (batch) => await work(transactionOf(batch, cause)));
    },
    append: async (draft, idempotencyKey) => {
      const cause = causeNow();
      return await enter(true, async (batch) => {
        if (idempotencyKey !== undefined && (await isThere(batch, draft.type, idempotencyKey))) return false;
        appendTo(batch, draft, cause, idempotencyKey);
        return true;
      });
    },
  };
}

function unitOf<T>(
  isPlain: boolean,
  run: (batch: Batch) => Promise<T>,
  { reject, resolve }: { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void },
): Unit {
  let result: { readonly value: T } | null = null;
  let types: readonly string[] = [];
  return {
    isPlain,
    run: async (batch) => {
      const before = batch.appended.length;
      try {
        result = { value: await run(batch) };
      } finally {
        types = batch.appended.slice(before).map(({ draft }) => draft.type);
      }
    },
    settle: (error) => (error === null && result !== null ? resolve(result.value) : reject(asRefusal(error, types))),
  };
}

/** What is behind a unit of change. */
interface Cause {
  readonly source: ActSource | null;
  readonly requestId: string | null;
}

function transactionOf(batch: Batch, cause: Cause): LedgerTransaction {
  return {
    client: batch.client,
    get next() {
      return batch.first + batch.appended.length;
    },
    append: (draft, source = cause.source) => appendTo(batch, draft, { ...cause, source }),
  };
}

/** Returns the sequence of the event. */
function appendTo(
  batch: Batch,
  given: EventDraft,
  { requestId, source }: Cause,
  idempotencyKey: string | null = null,
): number {
  const named = requestId === null || given.requestId !== undefined ? given : { ...given, requestId };
  const draft = named.payload === undefined ? named : { ...named, payload: keepable(named.payload) };
  return batch.first + batch.appended.push({ draft, idempotencyKey, source }) - 1;
}

/** By type as well: an event of another type that somebody gave this key is not the one that is meant. */
async function isThere({ client, appended }: Batch, type: string, key: string): Promise<boolean> {
  if (appended.some(({ draft, idempotencyKey }) => idempotencyKey === key && draft.type === type)) return true;
  const { rowCount } = await client.query('SELECT FROM ledger_event WHERE idempotency_key = $1 AND type = $2', [
    key,
    type,
  ]);
  return rowCount === 1;
}

/** What a batch is written with. */
interface CommitParts {
  readonly primitives: Primitives;
  readonly sealer: PayloadSealer;
  /** Hands a unit in again. */
  readonly enqueue: (unit: Unit) => void;
}

/** Writes as many of the units as fit into one batch, tells each how it ended, and returns how many they were. */
async function commit(pool: Pool, parts: CommitParts, units: readonly Unit[]): Promise<number> {
  const ended: { unit: Unit; error: unknown }[] = [];
  try {
    await inTransaction(
      pool,
      async (client) => {
        const head = await lockHead(client);
        if (head === null) throw new MlopsError('LEDGER_CLOSED');
        const batch = { client, first: head.size, appended: [] };
        const until = performance.now() + LONGEST_MS;
        for (const unit of units) {
          ended.push({ unit, error: await runUnit(unit, batch, units.length > 1) });
          if (performance.now() > until) break;
        }
        await appendEvents(client, parts, head, batch.appended);
      },
      BEGIN,
    );
  } catch (error) {
    return await settleFailed(pool, parts, units, error);
  }
  for (const { unit, error } of ended) unit.settle(error === null ? null : translate(error));
  return ended.length;
}

/** One unit's failure takes back what it did, and nothing of the others. Returns what it threw, or null. */
async function runUnit(unit: Unit, batch: Batch, isAmongOthers: boolean): Promise<unknown> {
  const before = batch.appended.length;
  if (unit.isPlain || !isAmongOthers) {
    await unit.run(batch);
    return null;
  }
  await batch.client.query('SAVEPOINT unit');
  try {
    await unit.run(batch);
    await batch.client.query('RELEASE SAVEPOINT unit');
    return null;
  } catch (error) {
    await batch.client.query('ROLLBACK TO SAVEPOINT unit');
    batch.appended.length = before;
    return error ?? new Error('a change of the ledger failed without saying why');
  }
}

/**
 * A batch that failed as a whole wrote nothing. When nobody can write, all have failed; otherwise it is one of the units, by a rule
 * that is checked at the end or a key that cannot be had, and each is tried by itself.
 */
async function settleFailed(pool: Pool, parts: CommitParts, units: readonly Unit[], error: unknown): Promise<number> {
  const [unit, another] = units;
  if (unit !== undefined && another === undefined && error instanceof NotYet) {
    // The others go on meanwhile.
    void error.settled.then(() => parts.enqueue(unit));
    return 1;
  }
  if (units.length === 1 || isOfAll(error)) {
    for (const one of units) one.settle(translate(error));
    return units.length;
  }
  for (const one of units) await commit(pool, parts, [one]);
  return units.length;
}

/** The database is away, the log is not open, or its end is not to be had. */
function isOfAll(error: unknown): boolean {
  return isMlopsError(error, 'DATABASE_UNREACHABLE') || isMlopsError(error, 'LEDGER_CLOSED') || isBusy(error);
}

function isBusy(error: unknown): boolean {
  return (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
}

function translate(error: unknown): unknown {
  return isBusy(error) ? new MlopsError('LEDGER_BUSY', {}, { cause: error }) : translateDatabaseError(error);
}
