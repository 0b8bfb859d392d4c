import type { Pool } from 'pg';
import type { EmergencyJournal } from '../../activities/ports.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';
import { query } from './query.ts';

/** A line of the journal, whoever wrote it. */
interface JournalLine {
  readonly id: string;
  readonly at: string;
  readonly model: string;
  readonly after: LiveSplit | null;
}

/** Younger lines were journaled while the database was there. */
const LATE_AFTER_MS = 60_000;

/** Copies the local journal of emergency rollbacks into the database, each line once. */
export function createEmergencyJournal(
  pool: Pool,
  environment: string,
  readLines: () => Promise<readonly JournalLine[]>,
): EmergencyJournal {
  let known = 0;
  return {
    async ingest() {
      const lines = await readLines();
      if (lines.length === known) return 0;
      let added = 0;
      for (const line of lines) {
        const rows = await query(
          pool,
          'INSERT INTO emergency_rollback (journal_id, model, environment, entry, late) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING journal_id',
          [line.id, line.model, environment, JSON.stringify(line), Date.now() - Date.parse(line.at) > LATE_AFTER_MS],
        );
        added += rows.length;
      }
      known = lines.length;
      return added;
    },
  };
}
