import type { Pool } from 'pg';
import { formatLine } from '../../../domain/governance/export-format.ts';
import { queryEvents } from './query-events.ts';

const EVENTS_AT_ONCE = 2000;

/** Lines of a full export, payloads withheld, from one event to before another, in groups. */
export async function* readEventLines(pool: Pool, from: number, to: number): AsyncGenerator<readonly string[]> {
  for (let next = from; next < to;) {
    const page = { isNewestFirst: false, after: null, limit: EVENTS_AT_ONCE };
    const { events } = await queryEvents(pool, { from: next, to: to - 1 }, page);
    if (events.length === 0) return;
    yield events.map(formatLine);
    next += events.length;
  }
}
