import type { Pool } from 'pg';
import { query } from '../query.ts';
import { findingOf, type FindingRow } from './access-watch.ts';

/** Days of alarms that are counted, and how many of them are shown. */
const COUNTED_DAYS = 30;
const SHOWN = 20;

interface StateRow extends Record<string, unknown> {
  readonly looked_at: Date | null;
  readonly behind: string | null;
  readonly principals: string;
  readonly learning: string;
}

/** How the watch stands: where it is, whom it knows, and what it raised lately. */
export async function readWatchState(pool: Pool) {
  const [state] = await query<StateRow>(
    pool,
    `SELECT (SELECT looked_at FROM access_watch) AS looked_at,
       (SELECT size FROM ledger_head) - (SELECT next_sequence FROM access_watch) AS behind,
       count(*) AS principals, count(*) FILTER (WHERE history -> 'learnedOn' = 'null') AS learning
     FROM access_history`,
  );
  const counts = await query<{ detector: string; alarms: string }>(
    pool,
    `SELECT detector, count(*) AS alarms FROM access_finding
     WHERE tipped_at >= clock_timestamp() - make_interval(days => $1) GROUP BY detector ORDER BY count(*) DESC, detector`,
    [COUNTED_DAYS],
  );
  const newest = await query<FindingRow>(
    pool,
    'SELECT * FROM access_finding ORDER BY tipped_at DESC, ledger_sequence DESC LIMIT $1',
    [SHOWN],
  );
  return {
    lookedAt: state?.looked_at?.toISOString() ?? null,
    behind: state?.behind === null || state === undefined ? null : Number(state.behind),
    principals: Number(state?.principals ?? 0),
    learning: Number(state?.learning ?? 0),
    alarms: counts.map(({ alarms, detector }) => ({ detector, alarms: Number(alarms) })),
    newest: newest.map(findingOf).map(({ atMs, startedMs, ...finding }) => ({
      ...finding,
      at: new Date(atMs).toISOString(),
      startedAt: new Date(startedMs).toISOString(),
    })),
  };
}
