import type { Pool } from 'pg';
import type { EmergencyJournal } from '../../activities/ports.ts';
import { isMlopsError, OUR_FAULTS } from '../../domain/errors.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';
import { draftOfEmergency, draftOfUnreadable, type UnreadableLine } from '../../domain/governance/rollout-drafts.ts';
import { parseSource } from '../../domain/governance/act-source.ts';
import type { SignedStatement } from '../../domain/governance/statement.ts';
import type { Authority } from './identity/authority.ts';
import type { Ledger } from './ledger/ledger.ts';
import { query } from './query.ts';

/** A line of the journal, whoever wrote it. */
interface JournalLine {
  readonly id: string;
  readonly at: string;
  readonly model: string;
  readonly stage: string;
  readonly actor: string;
  readonly statement?: SignedStatement;
  /** Where the order was given; lines of before it was kept have none. */
  readonly source?: unknown;
  readonly reason: string;
  readonly after: LiveSplit | null;
}

interface IngestParts {
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly authority: Pick<Authority, 'recognise'>;
}

/** Younger lines were journaled while the database was there. */
const LATE_AFTER_MS = 60_000;

/** What a journal says, whoever wrote it. */
interface Journal {
  readonly entries: readonly JournalLine[];
  readonly unreadable: readonly UnreadableLine[];
}

/**
 * Copies the local journal of emergency rollbacks into the database, in order, each line once and with its event; a line that
 * cannot be read has an event that says so. One that is refused keeps none of the others.
 */
export function createEmergencyJournal(
  parts: IngestParts,
  environment: string,
  read: () => Promise<Journal>,
): EmergencyJournal {
  let known = 0;
  return {
    async ingest() {
      const { entries, unreadable } = await read();
      if (entries.length + unreadable.length === known) return 0;
      for (const line of unreadable) await reportUnreadable(parts.ledger, environment, line);
      let added = 0;
      const refused: unknown[] = [];
      for (const line of entries)
        try {
          added += (await ingestLine(parts, environment, line)) ? 1 : 0;
        } catch (error) {
          const isRefused = isMlopsError(error) && OUR_FAULTS.includes(error.code);
          if (isMlopsError(error) && error.retryable && !isRefused) throw error;
          refused.push(error);
        }
      if (refused.length > 0) throw refused[0];
      known = entries.length + unreadable.length;
      return added;
    },
  };
}

async function reportUnreadable(ledger: Ledger, environment: string, line: UnreadableLine): Promise<void> {
  await ledger.append(draftOfUnreadable(environment, line), `emergency-journal/${environment}/${line.digest}`);
}

async function ingestLine(
  { ledger, authority, pool }: IngestParts,
  environment: string,
  { source, ...line }: JournalLine,
): Promise<boolean> {
  // Looked up first: whoever a line of long ago names may have been erased since, and must not be met again by it.
  const known = await query(pool, 'SELECT FROM emergency_rollback WHERE journal_id = $1', [line.id]);
  if (known.length > 0) return false;
  const { model, reason, statement } = line;
  const actor = await authority.recognise(
    { actor: line.actor, ...(statement === undefined ? {} : { statement }) },
    {
      action: 'rollout.rollback',
      resource: `rollout/${environment}/${model}`,
      content: { model, reason },
      receivedAt: line.at,
    },
  );
  const isLate = Date.now() - Date.parse(line.at) > LATE_AFTER_MS;
  return await ledger.transact(async (transaction) => {
    const { rowCount } = await transaction.client.query(
      `INSERT INTO emergency_rollback (journal_id, model, environment, entry, late, ledger_sequence)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [line.id, line.model, environment, JSON.stringify(line), isLate, transaction.next],
    );
    if (rowCount !== 1) return false;
    // Whoever reads the journal does not act: a rollout that starts now may be of somebody else, elsewhere.
    transaction.append(draftOfEmergency({ ...line, environment }, isLate, actor), parseSource(source));
    return true;
  });
}
