import type { LocalClock, LocalTime } from '../../domain/governance/access-watch/rules.ts';

const HOUR_MS = 3_600_000;
/** Hours that are kept; a year and more. */
const MOST_KEPT = 20_000;

/**
 * Local time of a time zone, summer time included. Time zones with half hours are told by the hour that has begun.
 *
 * @param timeZone an IANA name: `Europe/Berlin`
 * @throws RangeError for a name that is not known
 */
export function createLocalClock(timeZone: string): LocalClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
  });
  const known = new Map<number, LocalTime>();
  return (atMs) => {
    const hour = Math.floor(atMs / HOUR_MS);
    const found = known.get(hour);
    if (found !== undefined) return found;
    if (known.size >= MOST_KEPT) known.clear();
    const local = read(format, hour * HOUR_MS);
    known.set(hour, local);
    return local;
  };
}

function read(format: Intl.DateTimeFormat, atMs: number): LocalTime {
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const at = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const day = Date.UTC(at('year'), at('month') - 1, at('day')) / (24 * HOUR_MS);
  // 1 January 1970 was a Thursday.
  return { day, hour: at('hour'), weekday: (((day + 4) % 7) + 7) % 7 };
}
