import { ACT_KINDS, type ActKind } from './access-event.ts';
import { hourOf, type AccessHistory } from './history.ts';
import { MONTH_DAYS, type AccessRules, type LocalClock } from './rules.ts';

/** One earlier day of a principal. */
export interface BaselineDay {
  /** Days since 1970 of the local date. */
  readonly day: number;
  readonly weekday: number;
  /** Local hours with any act. */
  readonly hours: ReadonlySet<number>;
  /** Acts of each kind by the hour, hours without any left out. */
  readonly counts: readonly (readonly number[])[];
}

/** What somebody usually does: their earlier days. */
export interface Baseline {
  readonly days: readonly BaselineDay[];
  /** Such days in a month, at the pace of the baseline. */
  readonly daysPerMonth: number;
}

/**
 * The earlier days of the baseline, or null while there are too few. It goes back `baselineDays`; for somebody who comes seldom as
 * far as it takes to find that many days with acts.
 */
export function baselineOf(
  history: AccessHistory,
  nowMs: number,
  rules: AccessRules,
  localTime: LocalClock,
): Baseline | null {
  const today = localTime(nowMs).day;
  const days = new Map<number, { weekday: number; hours: Set<number>; counts: (readonly number[])[] }>();
  for (const [hour, counts] of Object.entries(history.hours)) {
    const local = localTime(Number(hour) * 3_600_000);
    if (local.day >= today || Number(hour) >= hourOf(nowMs)) continue;
    const found = days.get(local.day) ?? { weekday: local.weekday, hours: new Set<number>(), counts: [] };
    found.hours.add(local.hour);
    found.counts.push(counts);
    days.set(local.day, found);
  }
  const all = [...days].map(([day, rest]) => ({ day, ...rest })).sort((a, b) => a.day - b.day);
  if (all.length < rules.minimumDays) return null;
  const recent = all.filter(({ day }) => day >= today - rules.baselineDays);
  const chosen = recent.length >= rules.minimumDays ? recent : all.slice(-rules.baselineDays);
  const span = Math.max(1, today - (chosen[0]?.day ?? today));
  return { days: chosen, daysPerMonth: (chosen.length * MONTH_DAYS) / span };
}

/** Counts of a kind by the hour, for hours that had any. */
export function hourlyCounts({ days }: Baseline, kind: ActKind): number[] {
  const at = ACT_KINDS.indexOf(kind);
  return days.flatMap(({ counts }) => counts.map((one) => one[at] ?? 0).filter((count) => count > 0));
}

/** Counts of a kind by the local day, for days that had any. */
export function dailyCounts({ days }: Baseline, kind: ActKind): number[] {
  const at = ACT_KINDS.indexOf(kind);
  return days.map(({ counts }) => counts.reduce((sum, one) => sum + (one[at] ?? 0), 0)).filter((count) => count > 0);
}
