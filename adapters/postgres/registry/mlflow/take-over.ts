import { isMlopsError, MlopsError } from '../../../../domain/errors.ts';
import type { EventActor } from '../../../../domain/governance/event-draft.ts';
import { MODEL_NAME } from '../../../../domain/model-name.ts';
import { assertSource, VERSION_TAG } from '../../../../domain/registry/mlflow/new-version.ts';
import {
  ORIGIN_TAG,
  type SourceVersion,
  type TakenOver,
  type VersionSource,
} from '../../../../domain/registry/mlflow/version-source.ts';
import { tagProblem } from '../../../../domain/registry/registration.ts';
import { draftOfRegistry } from '../../../../domain/registry/registry-drafts.ts';
import { identityOf } from '../../ledger/open-ledger.ts';
import { translateDatabaseError } from '../../query.ts';
import { run } from '../versions.ts';
import { createModel } from './models.ts';
import type { MlflowParts } from './parts.ts';
import { createVersion, describeVersion, tagVersion } from './versions.ts';

type Parts = Omit<MlflowParts, 'registry'>;

/**
 * Takes versions over from another registry: what it says of them, and no content. What was taken over before is known again, and
 * brought up to date. A run that was stopped is simply run again. The next one begins at what changed since, or at the first that was
 * skipped for what is here, such as a number that is taken.
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

async function takeAll(parts: Parts, { actor, settlesMs = SETTLES_MS, source }: TakeOverOrder): Promise<TakenOver> {
  const settled = Date.now() - settlesMs;
  const versions = await source.changedSince(await readUntilOf(parts, source.url));
  const counts = { added: 0, changed: 0, unchanged: 0 };
  const skipped: string[] = [];
  // The next run begins at what changed last, or at the first that may be taken then.
  let until: number | null = null;
  let isHeld = false;
  const byAge = versions.toSorted((a, b) => a.changedAt - b.changedAt || a.ordinal - b.ordinal);
  for (const version of byAge) {
    const outcome = await takeOne(parts, { origin: originOf(source, version), version, actor });
    if (typeof outcome === 'string') counts[outcome] += 1;
    else skipped.push(`${version.model}/${version.ordinal}: ${outcome.problem}`);
    if (!isHeld) until = version.changedAt;
    isHeld ||= typeof outcome !== 'string' && !outcome.isFinal;
  }
  if (until !== null) await noteReadUntil(parts, { url: source.url, until: Math.min(until, settled), counts, actor });
  return { ...counts, skipped };
}

function originOf({ url }: VersionSource, { model, ordinal }: SourceVersion): string {
  return `${url}#${model}/${ordinal}`;
}

interface Taken {
  /** Where it comes from, for people. */
  readonly origin: string;
  readonly version: SourceVersion;
  readonly actor: EventActor;
}

/** Why a version was skipped. */
interface Skipped {
  readonly problem: string;
  /** Until it is changed there: nothing here can make it fit. */
  readonly isFinal: boolean;
}

async function takeOne(parts: Parts, taken: Taken): Promise<'added' | 'changed' | 'unchanged' | Skipped> {
  const problem = problemOf(taken.version);
  if (problem !== null) return { problem, isFinal: true };
  try {
    const there = await find(parts, taken);
    if (there === null) return await add(parts, taken);
    return there.is_deleted
      ? { problem: 'it was deleted here', isFinal: true }
      : await bringUpToDate(parts, taken, there);
  } catch (error) {
    if (!isMlopsError(error) || error.retryable || error.code === 'LEDGER_CLOSED') throw error;
    return { problem: error.message, isFinal: false };
  }
}

/** What was taken over before. */
interface Known extends Record<string, unknown> {
  readonly model: string;
  readonly ordinal: number;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly is_deleted: boolean;
}

/** What a version is known again by: a number is given out anew when its model was deleted and made again. */
function identityFrom({ origin, version }: Taken): string {
  return `${origin}@${version.createdAt}`;
}

async function find({ pool }: Parts, taken: Taken): Promise<Known | null> {
  const { runId, source } = taken.version;
  // Of some, only the number is known: source and run never change where they come from, so they tell as much.
  const [there] = await run<Known>(
    pool,
    `SELECT m.name AS model, v.ordinal, v.description, v.tags, v.deleted_at IS NOT NULL AS is_deleted
     FROM model_version v JOIN model m USING (model_id)
     WHERE v.taken_from <> '' AND (v.taken_from = $1 OR (v.taken_from = $2 AND v.source = $3 AND v.run_id = $4))
     ORDER BY v.version_id LIMIT 1`,
    [identityFrom(taken), taken.origin, source, runId],
  );
  return there ?? null;
}

/** Why a version cannot be here, in words. */
function problemOf({ model, source, status, tags }: SourceVersion): string | null {
  if (!MODEL_NAME.test(model)) return 'its model cannot be called that here';
  if (status !== 'READY') return `it is ${status === '' ? 'in no state' : status}`;
  const wrong = Object.entries(tags).map(([key, value]) => tagProblem(key, value));
  const first = wrong.find((problem) => problem !== null);
  if (first !== undefined) return first;
  try {
    assertSource(source);
    return null;
  } catch (error) {
    if (isMlopsError(error)) return error.message;
    throw error;
  }
}

async function add(parts: Parts, taken: Taken): Promise<'added'> {
  const { actor, version } = taken;
  const { description, model, runId, runLink, source } = version;
  try {
    await createModel(parts, { name: model, description: '', tags: {}, actor });
  } catch (error) {
    if (!isMlopsError(error, 'MLFLOW_REFUSED') || error.details['errorCode'] !== 'RESOURCE_ALREADY_EXISTS') throw error;
  }
  const origin = { source, runId, runLink, takenFrom: identityFrom(taken) };
  await createVersion(parts, { ...origin, model, description, tags: tagsOf(taken) }, actor);
  return 'added';
}

/** The tags that a version has here. */
function tagsOf({ origin, version }: Taken): Readonly<Record<string, string>> {
  return { ...version.tags, [ORIGIN_TAG]: origin };
}

async function bringUpToDate(parts: Parts, taken: Taken, there: Known): Promise<'changed' | 'unchanged'> {
  const { actor, version } = taken;
  const name = { model: there.model, ordinal: there.ordinal };
  const tags = tagsOf(taken);
  // Which version it is here was said once, whatever is said there now.
  const set = Object.entries(tags).filter(([key, value]) => key !== VERSION_TAG && there.tags[key] !== value);
  const gone = Object.keys(there.tags).filter((key) => key !== VERSION_TAG && !Object.hasOwn(tags, key));
  const isDescribed = there.description === version.description;
  if (isDescribed && set.length === 0 && gone.length === 0) return 'unchanged';
  if (!isDescribed) await describeVersion(parts, { ...name, description: version.description, actor });
  for (const [key, value] of set) await tagVersion(parts, { ...name, key, value, actor });
  for (const key of gone) await tagVersion(parts, { ...name, key, value: null, actor });
  return 'changed';
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
