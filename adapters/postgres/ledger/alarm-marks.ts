import type { PoolClient } from 'pg';
import type { EndedAlarm } from '../../../activities/access-watch.ts';
import { MlopsError } from '../../../domain/errors.ts';
import type { Detector } from '../../../domain/governance/access-watch/finding.ts';
import {
  draftOfAcknowledgement,
  draftOfAlarmEnd,
  QUIET_HOURS,
} from '../../../domain/governance/access-watch/mark-drafts.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';

interface AlarmRow {
  readonly ledger_sequence: string;
  readonly principal_id: string;
  readonly detector: Detector;
}

/** An alarm is over when none of its kind was raised of the same principal for this long. */
const OVER = `NOT EXISTS (SELECT FROM access_alarm_mark m WHERE m.alarm = f.ledger_sequence AND m.mark = 'ended')
  AND NOT EXISTS (
    SELECT FROM access_finding again WHERE again.principal_id = f.principal_id AND again.detector = f.detector
      AND again.tipped_at > clock_timestamp() - make_interval(hours => ${QUIET_HOURS}))`;
const MOST_AT_ONCE = 100;

/** Writes the end of alarms that are over, each once, whoever looks. Returns how many. @throws DATABASE_UNREACHABLE, LEDGER_CLOSED */
export async function endAlarms({ ledger, pool }: EvidenceParts): Promise<number> {
  // Nothing is over, most of the time: the end of the log need not be held for that.
  const some = await query(pool, `SELECT FROM access_finding f WHERE ${OVER} LIMIT 1`);
  if (some.length === 0) return 0;
  return await ledger.transact(async (transaction) => {
    const { rows } = await transaction.client.query<AlarmRow>(
      `SELECT ledger_sequence, principal_id, detector FROM access_finding f WHERE ${OVER} ORDER BY ledger_sequence LIMIT $1`,
      [MOST_AT_ONCE],
    );
    for (const row of rows) {
      await insertMark(transaction.client, row, { mark: 'ended', by: null, next: transaction.next });
      transaction.append(draftOfAlarmEnd(alarmOf(row)));
    }
    return rows.length;
  });
}

/** Ends that nobody was told of, oldest first. @throws DATABASE_UNREACHABLE */
export async function untoldEnds({ pool }: Pick<EvidenceParts, 'pool'>): Promise<EndedAlarm[]> {
  const rows = await query<AlarmRow & { ended_by: string; marked_at: Date } & Record<string, unknown>>(
    pool,
    `SELECT f.ledger_sequence, f.principal_id, f.detector, m.ledger_sequence AS ended_by, m.marked_at
     FROM access_alarm_mark m JOIN access_finding f ON f.ledger_sequence = m.alarm
     WHERE m.mark = 'ended' AND m.told_at IS NULL ORDER BY m.ledger_sequence LIMIT $1`,
    [MOST_AT_ONCE],
  );
  return rows.map((row) => ({
    ...alarmOf(row),
    sequence: Number(row.ended_by),
    endedAt: row.marked_at.toISOString(),
  }));
}

/** People were told that an alarm is over. @throws DATABASE_UNREACHABLE */
export async function markEndTold({ pool }: Pick<EvidenceParts, 'pool'>, alarm: number): Promise<void> {
  await query(
    pool,
    `UPDATE access_alarm_mark SET told_at = clock_timestamp() WHERE alarm = $1 AND mark = 'ended' AND told_at IS NULL`,
    [alarm],
  );
}

/**
 * Writes that somebody has looked into an alarm, and what they found.
 *
 * @throws ALARM_UNKNOWN, ALARM_ACKNOWLEDGED, ALARM_OWN
 */
export async function acknowledgeAlarm(
  { ledger }: EvidenceParts,
  { alarm, reason }: { readonly alarm: number; readonly reason: string },
  actor: EventActor,
): Promise<{ readonly principal: string; readonly detector: Detector }> {
  return await ledger.transact(async ({ append, client, next }) => {
    const { rows } = await client.query<AlarmRow & { acknowledged_by: string | null }>(
      `SELECT f.ledger_sequence, f.principal_id, f.detector, m.principal_id AS acknowledged_by
       FROM access_finding f LEFT JOIN access_alarm_mark m ON m.alarm = f.ledger_sequence AND m.mark = 'acknowledged'
       WHERE f.ledger_sequence = $1`,
      [alarm],
    );
    const [row] = rows;
    if (row === undefined) throw new MlopsError('ALARM_UNKNOWN', { alarm });
    const { acknowledged_by: by, detector, principal_id: principal } = row;
    if (by !== null) throw new MlopsError('ALARM_ACKNOWLEDGED', { alarm, by });
    if (principal === actor.id) throw new MlopsError('ALARM_OWN', { alarm });
    await insertMark(client, row, { mark: 'acknowledged', by: actor.id, next });
    append(draftOfAcknowledgement(alarmOf(row), reason, actor));
    return { principal, detector };
  });
}

async function insertMark(
  client: PoolClient,
  { ledger_sequence: alarm }: AlarmRow,
  { by, mark, next }: { readonly mark: string; readonly by: string | null; readonly next: number },
): Promise<void> {
  await client.query(
    'INSERT INTO access_alarm_mark (alarm, mark, principal_id, ledger_sequence) VALUES ($1, $2, $3, $4)',
    [alarm, mark, by, next],
  );
}

function alarmOf({ detector, ledger_sequence, principal_id }: AlarmRow) {
  return { alarm: Number(ledger_sequence), detector, principal: principal_id };
}
