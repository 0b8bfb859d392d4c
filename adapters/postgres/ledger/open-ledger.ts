import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { NO_LEAF } from '../../../domain/governance/primitives.ts';
import { query } from '../query.ts';
import type { Ledger } from './ledger.ts';

/**
 * Makes the log of a database, once: its name is the signing key's, and its first event says that it was opened.
 *
 * @throws LEDGER_KEY_FOREIGN when the database holds the log of another key
 */
export async function openLedger(pool: Pool, ledger: Ledger, origin: string): Promise<void> {
  await query(
    pool,
    `INSERT INTO ledger_head (origin, size, last_leaf, recorded_at, peaks) VALUES ($1, 0, $2, now(), '{}') ON CONFLICT DO NOTHING`,
    [origin, NO_LEAF],
  );
  const there = await originOf(pool);
  if (there !== origin) throw new MlopsError('LEDGER_KEY_FOREIGN', { ledger: there, key: origin });
  await ledger.append(
    {
      type: 'ledger.opened',
      category: 'configuration_change',
      actor: { id: 'system:setup', kind: 'system', authentication: 'process' },
      resource: `ledger/${origin}`,
      risk: 'low',
    },
    'ledger.opened',
  );
}

/** What tells a log from every other, of the same name too: the hash of its first event, which says when it was opened. @throws LEDGER_CLOSED */
export async function identityOf(pool: Pool): Promise<string> {
  const [first] = await query<{ leaf: string }>(
    pool,
    `SELECT encode(leaf_hash, 'hex') AS leaf FROM ledger_event WHERE sequence = 0`,
  );
  if (first === undefined) throw new MlopsError('LEDGER_CLOSED');
  return first.leaf;
}

/** Name of the log in a database. @throws LEDGER_CLOSED */
export async function originOf(pool: Pool): Promise<string> {
  const [head] = await query<{ origin: string }>(pool, 'SELECT origin FROM ledger_head');
  if (head === undefined) throw new MlopsError('LEDGER_CLOSED');
  return head.origin;
}
