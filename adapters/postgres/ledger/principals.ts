import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { isPrincipalId } from '../../../domain/governance/statement.ts';
import { keepable } from '../../../domain/keepable-text.ts';
import { ownValue } from '../../../domain/own-value.ts';
import { IMPORTED_MARK, markImported } from '../../../domain/registry/imported-name.ts';
import { query, type Queries } from '../query.ts';

/** Tells who somebody is in the log. */
export interface Principals {
  /** The actor behind a name: a part of the system, a principal by its id, or a user of the operating system. */
  actor(name: string): Promise<EventActor>;
  /** A user of the operating system, whatever the name. */
  person(name: string): Promise<EventActor>;
  /** Whoever calls from this machine and shows nothing. */
  loopback(): Promise<EventActor>;
}

/** Parts of the system that act by themselves. Their names are nobody's secret. */
const SYSTEM: Readonly<Record<string, EventActor['kind']>> = {
  rollout: 'workflow',
  judge: 'workflow',
  'traffic-guard': 'workflow',
  'registry-source': 'workflow',
  temporal: 'system',
  webhooks: 'system',
};

/** Sent by somebody who gave no name: a signal from another program. */
const UNKNOWN: EventActor = { id: 'unknown:signal', kind: 'human', authentication: 'none' };

/**
 * Gives every name an opaque id, made when it is first met. The log holds the id alone; the name is in a table where it can be
 * erased.
 */
export function createPrincipals(pool: Pool): Principals {
  // Asked each time: a name that was erased means somebody new at once, in every program.
  const known = async (who: Met): Promise<EventActor> => (await find(pool, who)) ?? (await meet(pool, who));
  const person = async (name: string): Promise<EventActor> =>
    await known({ kind: 'human', provider: PROVIDER, name: keepable(name.slice(0, LONGEST_NAME)) });
  return {
    async actor(name) {
      const kind = ownValue(SYSTEM, name);
      if (kind !== undefined) return { id: `system:${name}`, kind, authentication: 'process' };
      if (name === 'signal') return UNKNOWN;
      return isPrincipalId(name) ? await recall(pool, name) : await person(name);
    },
    person,
    loopback: async () => await known({ kind: 'service', provider: LOOPBACK, name: 'local' }),
  };
}

/** Somebody who was authenticated before, by what the program that took the order saw. */
async function recall(pool: Pool, id: string): Promise<EventActor> {
  const [row] = await query<{ kind: EventActor['kind']; provider: string }>(
    pool,
    'SELECT kind, provider FROM principal WHERE principal_id = $1',
    [id],
  );
  return row === undefined
    ? { id, kind: 'human', authentication: 'none' }
    : { id, kind: row.kind, authentication: row.provider };
}

const PROVIDER = 'operating-system';
/** No system has longer names of users, and no index of the database takes them. */
const LONGEST_NAME = 255;
const LOOPBACK = 'loopback';

/** Somebody by a name that a provider vouches for. */
interface Met {
  readonly kind: EventActor['kind'];
  readonly provider: string;
  readonly name: string;
}

async function find(pool: Pool, { kind, name, provider }: Met): Promise<EventActor | null> {
  const [row] = await query<{ principal_id: string }>(
    pool,
    'SELECT principal_id FROM principal WHERE provider = $1 AND name = $2',
    [provider, name],
  );
  return row === undefined ? null : { id: row.principal_id, kind, authentication: provider };
}

async function meet(pool: Pool, who: Met): Promise<EventActor> {
  await query(
    pool,
    `INSERT INTO principal (principal_id, kind, provider, name) VALUES ($1, $2, $3, $4) ON CONFLICT (provider, name) DO NOTHING`,
    [`principal:${randomBytes(8).toString('hex')}`, who.kind, who.provider, who.name],
  );
  const actor = await find(pool, who);
  if (actor === null) throw new Error('a principal that was just made is not there');
  return actor;
}

/** Whom ids mean here, and of whom an import says something, who has no part in what happens here. */
export const KNOWN_PEOPLE = `(SELECT principal_id, name, FALSE AS is_imported FROM principal
  UNION ALL SELECT principal_id, name, TRUE FROM imported_principal) AS known`;

/** SQL of what an id means, which `id` names: null for nobody and for who was erased; whom an import alone names is marked. */
export const nameInSql = (id: string): string =>
  `(SELECT CASE WHEN is_imported THEN name || '${IMPORTED_MARK}' ELSE name END FROM ${KNOWN_PEOPLE}
    WHERE principal_id = ${id} ORDER BY is_imported LIMIT 1)`;

/** What ids mean, as far as it was not erased, for people to read: whom an import alone names is marked. */
export async function namesOf(queries: Queries, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await findNames(queries, ids);
  return new Map(rows.map(({ id, is_imported, name }) => [id, is_imported ? markImported(name) : name]));
}

/** The same without a mark: who has the name of another is taken for the same person. */
export async function plainNamesOf(queries: Queries, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  return new Map((await findNames(queries, ids)).map(({ id, name }) => [id, name]));
}

async function findNames(queries: Queries, ids: readonly string[]) {
  return await query<{ id: string; name: string; is_imported: boolean }>(
    queries,
    // Of an id that is known here as well, what is known here comes last, and counts.
    `SELECT principal_id AS id, name, is_imported FROM ${KNOWN_PEOPLE}
     WHERE principal_id = ANY ($1) AND name IS NOT NULL ORDER BY is_imported DESC`,
    [ids],
  );
}
