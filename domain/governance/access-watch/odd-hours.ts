import type { Baseline } from './baseline.ts';
import type { AccessRules, LocalTime } from './rules.ts';

/**
 * How many hours an act is off those at which somebody is seen: 0 in working hours and within an hour of an earlier act on a day of
 * the same kind (working days and others are kept apart), at most 12. Midnight is next to 23 h.
 */
export function hoursOff({ days }: Baseline, { hour, weekday }: LocalTime, rules: AccessRules): number {
  const isWork = isWorkday(weekday, rules);
  const { from, to } = rules.workingHours;
  const seen = new Set(days.flatMap((day) => (isWorkday(day.weekday, rules) === isWork ? [...day.hours] : [])));
  if (isWork) for (let at = from; at < to; at += 1) seen.add(at);
  for (let off = 0; off < FARTHEST; off += 1)
    if (seen.has((hour + off) % 24) || seen.has((hour - off + 24) % 24)) return Math.max(0, off - 1);
  return FARTHEST;
}

const FARTHEST = 12;

function isWorkday(weekday: number, { workingHours }: AccessRules): boolean {
  return workingHours.weekdays.includes(weekday);
}
