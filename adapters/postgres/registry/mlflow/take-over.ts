import { MlopsError } from '../../../../domain/errors.ts';
import type { EventActor } from '../../../../domain/governance/event-draft.ts';
import type { SourceVersion, TakenOver, VersionSource } from '../../../../domain/registry/mlflow/version-source.ts';
import { draftOfRegistry } from '../../../../domain/registry/registry-drafts.ts';
import { identityOf } from '../../ledger/open-ledger.ts';
import { translateDatabaseError } from '../../query.ts';
import { run } from '../versions.ts';
import type { MlflowParts } from './parts.ts';
import { endConflict, noteConflict, openConflicts } from './source-conflicts.ts';
import { takeOne } from './take-one.ts';

type Parts = Omit<MlflowParts, 'registry'>;

/**
 * Takes versions over from another registry: what it says of them, and no content. What was taken over before is known again, and
 * brought up to date. A run that was stopped is simply run again. The next one begins at what changed since. What cannot be taken over,
 * such as a number that is taken here, keeps nothing else waiting: it is noted as a conflict, and tried again each time.
 *
 * @throws REGISTRY_SOURCE_FAILED, REGISTRY_SOURCE_OWN for this registry itself, DATABASE_UNREACHABLE
 */
export async function takeOver(parts: Parts, order: TakeOverOrder): Promise<TakenOver> {
  const { url } = order.source;
  // Whatever name it goes by: every copy would be another version, and be copied the next time.
  if ((await order.source.ledger()) === (await identityOf(parts.pool)))
    throw new MlopsError('REGISTRY_SOURCE_OWN', { url });
  const client = await parts.pool.connect().catch((error: unknown) => {
    throw translateDatabaseError(error);
  });
  try {
    // Two at once would each add what the other does not see yet.
    const lock = 'hashtextextended($1, 0)';
    const [held] = await run<{ is_mine: boolean }>(client, `SELECT pg_try_advisory_lock(${lock}) AS is_mine`, [url]);
    if (held?.is_mine !== true)
      throw new MlopsError('REGISTRY_SOURCE_FAILED', { url, problem: 'another import from it is going on' });
    const taken = await takeAll(parts, order);
    await run(client, `SELECT pg_advisory_unlock(${lock})`, [url]);
    return taken;
  } finally {
    // Where the lock was not given back, it ends with the session.
    client.release(true);
  }
}

/** From where, and by whom. */
interface TakeOverOrder {
  readonly source: VersionSource;
  readonly actor: EventActor;
  /** What changed there less long ago is read again the next time, milliseconds. */
  readonly settlesMs?: number;
}

/** A server says when something changes before others can see it: what is seen later may have changed before what was seen first. */
const SETTLES_MS = 60_000;

/** So many conflicts are tried again in one run, those that waited longest. */
const MOST_RETRIES = 100;

/** One run. */
interface Run extends TakeOverOrder {
  readonly parts: Parts;
  readonly counts: Record<'added' | 'changed' | 'unchanged', number>;
  readonly skipped: string[];
}

async function takeAll(parts: Parts, order: TakeOverOrder): Promise<TakenOver> {
  const { actor, settlesMs = SETTLES_MS, source } = order;
  const settled = Date.now() - settlesMs;
  const versions = await source.changedSince(await readUntilOf(parts, source.url));
  const going: Run = { ...order, parts, counts: { added: 0, changed: 0, unchanged: 0 }, skipped: [] };
  const byAge = versions.toSorted((a, b) => a.changedAt - b.changedAt || a.ordinal - b.ordinal);
  for (const version of byAge) await take(going, version);
  const newest = byAge.at(-1);
  const { counts, skipped } = going;
  if (newest !== undefined)
    await noteReadUntil(parts, { url: source.url, until: Math.min(newest.changedAt, settled), counts, actor });
  await retry(going, new Set(versions.map(keyOf)));
  return { ...counts, skipped };
}

async function take({ actor, counts, parts, skipped, source }: Run, version: SourceVersion): Promise<void> {
  const named = { ...version, url: source.url };
  const outcome = await takeOne(parts, { source, version, actor });
  if (typeof outcome === 'string') {
    counts[outcome] += 1;
    return await endConflict(parts, named, { how: 'taken-over', actor });
  }
  const { kind, problem } = outcome;
  skipped.push(`${version.model}/${version.ordinal}: ${problem}`);
  if (kind === null) await endConflict(parts, named, { how: 'gone', actor });
  else await noteConflict(parts, named, { kind, problem }, actor);
}

/** What could not be taken over before, and was not just looked at: as it is there now, for a tag that is set there is no change that is listed. */
async function retry(going: Run, seen: ReadonlySet<string>): Promise<void> {
  const { actor, parts, source } = going;
  for (const conflict of await openConflicts(parts.pool, { url: source.url, limit: MOST_RETRIES })) {
    if (seen.has(keyOf(conflict))) continue;
    const version = await source.version(conflict.model, conflict.ordinal);
    if (version !== null && version.createdAt === conflict.createdAt) await take(going, version);
    else await endConflict(parts, conflict, { how: 'gone', actor });
  }
}

function keyOf({ createdAt, model, ordinal }: Pick<SourceVersion, 'createdAt' | 'model' | 'ordinal'>): string {
  return `${model}/${ordinal}@${createdAt}`;
}

async function readUntilOf({ pool }: Parts, url: string): Promise<number> {
  const [row] = await run<{ read_until: Date }>(pool, 'SELECT read_until FROM registry_source WHERE url = $1', [url]);
  return row?.read_until.getTime() ?? 0;
}

async function noteReadUntil(
  { ledger }: Parts,
  {
    actor,
    counts,
    until,
    url,
  }: {
    readonly url: string;
    readonly until: number;
    readonly counts: Omit<TakenOver, 'skipped'>;
    readonly actor: EventActor;
  },
): Promise<void> {
  await ledger.transact(async ({ append, client, next }) => {
    const { rowCount } = await client.query(
      `INSERT INTO registry_source (url, read_until, ledger_sequence) VALUES ($1, $2, $3)
       ON CONFLICT (url) DO UPDATE SET read_until = EXCLUDED.read_until, ledger_sequence = EXCLUDED.ledger_sequence
       WHERE registry_source.read_until < EXCLUDED.read_until`,
      [url, new Date(until).toISOString(), next],
    );
    if (rowCount === 1)
      append(draftOfRegistry('taken-over', { resource: 'model', facts: { ...counts, until }, words: { url } }, actor));
  });
}
