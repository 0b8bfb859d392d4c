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
  readonly open: string;
  readonly unseen: string;
}

interface MarkedRow extends FindingRow {
  readonly ended_at: Date | null;
  readonly acknowledged_at: Date | null;
  readonly acknowledged_by: string | null;
}

/** Alarms with what became of them. */
const MARKED = `SELECT f.*, ended.marked_at AS ended_at, seen.marked_at AS acknowledged_at, seen.principal_id AS acknowledged_by
  FROM access_finding f
  LEFT JOIN access_alarm_mark ended ON ended.alarm = f.ledger_sequence AND ended.mark = 'ended'
  LEFT JOIN access_alarm_mark seen ON seen.alarm = f.ledger_sequence AND seen.mark = 'acknowledged'`;

/** How the watch stands: where it is, whom it knows, and what it raised lately. */
export async function readWatchState(pool: Pool) {
  const [state] = await query<StateRow>(
    pool,
    `SELECT (SELECT looked_at FROM access_watch) AS looked_at,
       (SELECT size FROM ledger_head) - (SELECT next_sequence FROM access_watch) AS behind,
       (SELECT count(*) FROM (${MARKED} WHERE ended.marked_at IS NULL AND seen.marked_at IS NULL) AS o) AS open,
       (SELECT count(*) FROM (${MARKED} WHERE seen.marked_at IS NULL) AS u) AS unseen,
       count(*) AS principals, count(*) FILTER (WHERE history -> 'learnedOn' = 'null') AS learning
     FROM access_history`,
  );
  const counts = await query<{ detector: string; alarms: string }>(
    pool,
    `SELECT detector, count(*) AS alarms FROM access_finding
     WHERE tipped_at >= clock_timestamp() - make_interval(days => $1) GROUP BY detector ORDER BY count(*) DESC, detector`,
    [COUNTED_DAYS],
  );
  const newest = await query<MarkedRow>(
    pool,
    `${MARKED} ORDER BY ended.marked_at IS NULL AND seen.marked_at IS NULL DESC, f.tipped_at DESC, f.ledger_sequence DESC LIMIT $1`,
    [SHOWN],
  );
  return {
    lookedAt: state?.looked_at?.toISOString() ?? null,
    behind: state?.behind === null || state === undefined ? null : Number(state.behind),
    principals: Number(state?.principals ?? 0),
    learning: Number(state?.learning ?? 0),
    alarms: counts.map(({ alarms, detector }) => ({ detector, alarms: Number(alarms) })),
    open: Number(state?.open ?? 0),
    unseen: Number(state?.unseen ?? 0),
    newest: newest.map(alarmOf),
  };
}

function alarmOf(row: MarkedRow) {
  const { atMs, startedMs, ...finding } = findingOf(row);
  return {
    ...finding,
    at: new Date(atMs).toISOString(),
    startedAt: new Date(startedMs).toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    acknowledgedBy: row.acknowledged_by,
  };
}
