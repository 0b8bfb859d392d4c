import type { PoolClient } from 'pg';
import type { AccessLook, AccessWatchStore, RaisedFinding } from '../../../activities/access-watch.ts';
import type { AccessFinding, Detector } from '../../../domain/governance/access-watch/finding.ts';
import { draftOfFinding } from '../../../domain/governance/access-watch/finding-draft.ts';
import type { AccessHistory } from '../../../domain/governance/access-watch/history.ts';
import type { AccessRules, LocalClock } from '../../../domain/governance/access-watch/rules.ts';
import { watchAccess, type Watched } from '../../../domain/governance/access-watch/watch-access.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { endAlarms, markEndTold, untoldEnds } from './alarm-marks.ts';
import { readAccessEvents } from './access-events.ts';

/** Sequences that one look takes. */
const AT_ONCE = 2000;
/** A new watch learns from what is not older than its longest memory. */
const LEARNED_DAYS = 180;

interface Cursor {
  readonly next: number;
  readonly watchedFrom: number;
}

/** The watch in the database: one look at a time counts, whoever else looks at the same events finds nothing left. */
export function createAccessWatch(
  parts: EvidenceParts,
  { localTime, rules }: { readonly rules: AccessRules; readonly localTime: LocalClock },
): AccessWatchStore {
  return {
    look: async () => await look(parts, rules, localTime),
    untold: async () => await untold(parts),
    told: async (sequence) => {
      await query(
        parts.pool,
        'UPDATE access_finding SET told_at = clock_timestamp() WHERE ledger_sequence = $1 AND told_at IS NULL',
        [sequence],
      );
    },
    end: async () => await endAlarms(parts),
    untoldEnds: async () => await untoldEnds(parts),
    toldEnd: async (alarm) => await markEndTold(parts, alarm),
  };
}

async function look(parts: EvidenceParts, rules: AccessRules, localTime: LocalClock): Promise<AccessLook> {
  const { pool } = parts;
  const size = await sizeOf(parts);
  if (size === null) return { looked: 0, raised: 0, left: 0 };
  const cursor = await cursorOf(parts, size);
  const until = Math.min(size, cursor.next + AT_ONCE);
  const byPrincipal = await readAccessEvents(pool, cursor.next, until);
  const histories = await readHistories(parts, [...byPrincipal.keys()]);
  const watched = [...byPrincipal].map(([principal, events]) => ({
    principal,
    ...watchAccess(histories.get(principal) ?? null, events, rules, localTime, cursor.watchedFrom),
  }));
  const findings = watched.flatMap((one) => one.findings).sort((a, b) => a.tippedBy - b.tippedBy);
  const isOurs = await write(parts, { cursor, until, watched, findings });
  return { looked: until - cursor.next, raised: isOurs ? findings.length : 0, left: size - until };
}

/** Events in the log; null when it was never opened. */
async function sizeOf({ pool }: EvidenceParts): Promise<number | null> {
  const [head] = await query<{ size: string }>(pool, 'SELECT size FROM ledger_head');
  return head === undefined ? null : Number(head.size);
}

/** Where the watch has come to. A new one begins with what it can learn from, and is silent about all that was before it. */
async function cursorOf({ pool }: EvidenceParts, size: number): Promise<Cursor> {
  await query(
    pool,
    `INSERT INTO access_watch (next_sequence, watched_from)
     SELECT COALESCE((SELECT sequence FROM ledger_event WHERE recorded_at >= clock_timestamp() - make_interval(days => $2)
                      ORDER BY recorded_at, sequence LIMIT 1), $1), $1
     ON CONFLICT DO NOTHING`,
    [size, LEARNED_DAYS],
  );
  const [row] = await query<{ next_sequence: string; watched_from: string }>(
    pool,
    'SELECT next_sequence, watched_from FROM access_watch',
  );
  if (row === undefined) throw new Error('the place of the access watch is gone');
  return { next: Number(row.next_sequence), watchedFrom: Number(row.watched_from) };
}

async function readHistories(
  { pool }: EvidenceParts,
  principals: readonly string[],
): Promise<ReadonlyMap<string, AccessHistory>> {
  const rows = await query<{ principal_id: string; history: AccessHistory }>(
    pool,
    'SELECT principal_id, history FROM access_history WHERE principal_id = ANY ($1)',
    [principals],
  );
  return new Map(rows.map((row) => [row.principal_id, row.history]));
}

interface Outcome {
  readonly cursor: Cursor;
  readonly until: number;
  readonly watched: readonly (Watched & { readonly principal: string })[];
  readonly findings: readonly AccessFinding[];
}

/** Writes what came of a look. False when somebody else has looked at these events meanwhile: then nothing is written. */
async function write({ ledger, pool }: EvidenceParts, outcome: Outcome): Promise<boolean> {
  const { cursor, findings, until, watched } = outcome;
  if (watched.length === 0) {
    // Nobody did anything: the end of the log need not be held for that.
    await query(pool, MOVE, [cursor.next, until]);
    return true;
  }
  return await ledger.transact(async ({ append, client, next }) => {
    const moved = await client.query(MOVE, [cursor.next, until]);
    if (moved.rowCount !== 1) return false;
    await client.query(
      `INSERT INTO access_history (principal_id, history, seen_at)
       SELECT principal_id, history::jsonb, clock_timestamp() FROM unnest($1::text[], $2::text[]) AS t(principal_id, history)
       ON CONFLICT (principal_id) DO UPDATE SET history = EXCLUDED.history, seen_at = EXCLUDED.seen_at`,
      [watched.map(({ principal }) => principal), watched.map(({ history }) => JSON.stringify(history))],
    );
    await insertFindings(client, next, findings);
    for (const finding of findings) append(draftOfFinding(finding));
    return true;
  });
}

const MOVE = 'UPDATE access_watch SET next_sequence = $2, looked_at = clock_timestamp() WHERE next_sequence = $1';

async function insertFindings(client: PoolClient, first: number, findings: readonly AccessFinding[]): Promise<void> {
  if (findings.length === 0) return;
  await client.query(
    `INSERT INTO access_finding (ledger_sequence, principal_id, detector, tipped_by, started_at, tipped_at, observed, baseline, alarm_limit, unit)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::float8[], $8::float8[], $9::float8[], $10::text[])`,
    [
      findings.map((_, at) => first + at),
      findings.map(({ principal }) => principal),
      findings.map(({ detector }) => detector),
      findings.map(({ tippedBy }) => tippedBy),
      findings.map(({ startedMs }) => new Date(startedMs).toISOString()),
      findings.map(({ atMs }) => new Date(atMs).toISOString()),
      findings.map(({ observed }) => observed),
      findings.map(({ baseline }) => baseline),
      findings.map(({ limit }) => limit),
      findings.map(({ unit }) => unit),
    ],
  );
}

/** Rows as PostgreSQL returns them; names are the columns'. */
export interface FindingRow extends Record<string, unknown> {
  readonly ledger_sequence: string;
  readonly principal_id: string;
  readonly detector: Detector;
  readonly tipped_by: string;
  readonly started_at: Date;
  readonly tipped_at: Date;
  readonly observed: number;
  readonly baseline: number;
  readonly alarm_limit: number;
  readonly unit: string;
}

const MOST_TOLD_AT_ONCE = 200;

async function untold({ pool }: EvidenceParts): Promise<RaisedFinding[]> {
  const rows = await query<FindingRow>(
    pool,
    'SELECT * FROM access_finding WHERE told_at IS NULL ORDER BY ledger_sequence LIMIT $1',
    [MOST_TOLD_AT_ONCE],
  );
  return rows.map(findingOf);
}

/** A row as the rest of the program knows it. */
export function findingOf(row: FindingRow): RaisedFinding {
  return {
    sequence: Number(row.ledger_sequence),
    principal: row.principal_id,
    detector: row.detector,
    tippedBy: Number(row.tipped_by),
    startedMs: row.started_at.getTime(),
    atMs: row.tipped_at.getTime(),
    observed: row.observed,
    baseline: row.baseline,
    limit: row.alarm_limit,
    unit: row.unit,
  };
}
