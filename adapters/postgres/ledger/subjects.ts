import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { query } from '../query.ts';

/**
 * Whom or what is meant: names are looked up, of people here first and then of those whom an import names; ids and things must have left
 * something in the ledger.
 *
 * @throws SUBJECT_UNKNOWN, SUBJECT_AMBIGUOUS
 */
export async function subjectOf(pool: Pool, asked: string): Promise<string> {
  const named = await query<{ subject: string }>(
    pool,
    'SELECT principal_id AS subject FROM principal WHERE name = $1 OR principal_id = $1 ORDER BY created_at',
    [asked],
  );
  // A person may be known by a key and, from development, as a user of the operating system.
  if (named.length > 1)
    throw new MlopsError('SUBJECT_AMBIGUOUS', { subject: asked, ids: named.map(({ subject }) => subject).join(', ') });
  if (named[0] !== undefined) return named[0].subject;
  const imported = await query<{ subject: string }>(
    pool,
    'SELECT principal_id AS subject FROM imported_principal WHERE name = $1 OR principal_id = $1 ORDER BY principal_id LIMIT 10',
    [asked],
  );
  if (imported.length > 1)
    throw new MlopsError('SUBJECT_AMBIGUOUS', {
      subject: asked,
      ids: imported.map(({ subject }) => subject).join(', '),
    });
  if (imported[0] !== undefined) return imported[0].subject;
  const [found] = await query<{ subject: string }>(
    pool,
    `SELECT subject FROM ledger_key WHERE subject = $1
     UNION ALL (SELECT $1 AS subject FROM ledger_event WHERE resource = $1 OR resource LIKE $2 LIMIT 1)
     LIMIT 1`,
    [asked, `${asked.replace(/[\\%_]/g, '\\$&')}/%`],
  );
  if (found === undefined) throw new MlopsError('SUBJECT_UNKNOWN', { subject: asked });
  return found.subject;
}
