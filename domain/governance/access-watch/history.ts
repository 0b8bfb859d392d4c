import { ACT_KINDS, isAllowedNow, kindOf, modelOf, type AccessEvent, type ActKind } from './access-event.ts';
import type { AccessRules, LocalClock } from './rules.ts';

/** What is kept of one principal: counts by the hour and what was first seen when. Plain data; no name, no word, no address. */
export interface AccessHistory {
  /** Null for somebody who was never seen. */
  readonly lastMs: number | null;
  /** Longest time without an act, of those that ended. */
  readonly longestGapMs: number;
  /** Acts by the hour since 1970 (UTC), in the order of ACT_KINDS; hours without any are not there. */
  readonly hours: Readonly<Record<string, readonly number[]>>;
  /** By local day: the most acts in an hour, then the acts of the day, each in the order of ACT_KINDS. */
  readonly days: Readonly<Record<string, readonly number[]>>;
  /** Local days with an act at an odd hour: how many hours off the oddest was. */
  readonly oddDays: Readonly<Record<string, number>>;
  /** Those of them on which somebody came from somewhere new. */
  readonly oddNewDays: Readonly<Record<string, number>>;
  /** Local day on which each was first seen. */
  readonly models: Readonly<Record<string, number>>;
  readonly sources: Readonly<Record<string, number>>;
  /** Local day from which on what is new counts as new: before, everything is. Null while learning. */
  readonly learnedOn: number | null;
  /** What was refused lately for lack of a role. */
  readonly denials: readonly { readonly action: string; readonly resource: string; readonly atMs: number }[];
  /** Local day of the newest alarm of each detector: one a day. */
  readonly raised: Readonly<Record<string, number>>;
}

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Without one. */
export const NEW_HISTORY: AccessHistory = {
  lastMs: null,
  longestGapMs: 0,
  hours: {},
  days: {},
  oddDays: {},
  oddNewDays: {},
  models: {},
  sources: {},
  learnedOn: null,
  denials: [],
  raised: {},
};

/** Somebody who comes once a quarter has a baseline too, of earlier quarters. */
const KEPT_DAYS = 400;
/** What comes a few times a year shows in half a year, not in a month. */
export const SELDOM_DAYS = 180;
/** Names kept of each kind; somebody who has more is not told by one more. */
const MOST_NAMES = 2000;

/** Hours since 1970. */
export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS);
}

/** The history with one more event. Events come in the order of the log. */
export function remember(
  history: AccessHistory,
  event: AccessEvent,
  rules: AccessRules,
  localTime: LocalClock,
): AccessHistory {
  const { atMs, resource, source } = event;
  const { day } = localTime(atMs);
  const model = modelOf(resource);
  const gapMs = history.lastMs === null ? 0 : atMs - history.lastMs;
  return {
    ...history,
    lastMs: atMs,
    longestGapMs: Math.max(history.longestGapMs, gapMs),
    ...withAct(history, hourOf(atMs), day, kindOf(event)),
    models: model === null ? history.models : withName(history.models, model, day),
    sources: source === null ? history.sources : withName(history.sources, source, day),
    denials: withDenial(history.denials, event, rules),
  };
}

/** Counts are kept in place: a history is read once for many events, and this is where the time would go. */
function withAct(
  { days, hours }: AccessHistory,
  hour: number,
  day: number,
  kind: ActKind,
): Pick<AccessHistory, 'days' | 'hours'> {
  const at = ACT_KINDS.indexOf(kind);
  const inHour = [...(hours[hour] ?? ACT_KINDS.map(() => 0))];
  inHour[at] = (inHour[at] ?? 0) + 1;
  const inDay = [...(days[day] ?? [...ACT_KINDS, ...ACT_KINDS].map(() => 0))];
  inDay[at] = Math.max(inDay[at] ?? 0, inHour[at]);
  inDay[ACT_KINDS.length + at] = (inDay[ACT_KINDS.length + at] ?? 0) + 1;
  (hours as Record<string, readonly number[]>)[hour] = inHour;
  (days as Record<string, readonly number[]>)[day] = inDay;
  return { days, hours };
}

/** The most acts of a kind in an hour of a local day, and in all of the day. */
export function actsOfDay(
  { days }: AccessHistory,
  day: number,
  kind: ActKind,
): { readonly inHour: number; readonly inDay: number } {
  const at = ACT_KINDS.indexOf(kind);
  return { inHour: days[day]?.[at] ?? 0, inDay: days[day]?.[ACT_KINDS.length + at] ?? 0 };
}

function withName(
  names: Readonly<Record<string, number>>,
  name: string,
  day: number,
): Readonly<Record<string, number>> {
  return Object.hasOwn(names, name) || Object.keys(names).length >= MOST_NAMES ? names : { ...names, [name]: day };
}

function withDenial(
  denials: AccessHistory['denials'],
  event: AccessEvent,
  { allowedAfterDenialHours }: AccessRules,
): AccessHistory['denials'] {
  const { atMs, code, resource, type } = event;
  const recent = denials.filter((one) => atMs - one.atMs <= allowedAfterDenialHours * HOUR_MS);
  if (code !== 'NOT_AUTHORISED') return recent.filter((one) => !isAllowedNow(one, event));
  const action = type.replace(/-refused$/, '');
  return [...recent.filter((one) => one.action !== action || one.resource !== resource), { action, resource, atMs }];
}

/** A copy that may be changed, without hours that no baseline goes back to. */
export function copyOf(history: AccessHistory, nowMs: number, rules: AccessRules): AccessHistory {
  const since = (days: number) => {
    const oldest = hourOf(nowMs - days * DAY_MS);
    return Object.entries(history.hours).filter(([hour]) => Number(hour) >= oldest);
  };
  const recent = since(rules.baselineDays + 2);
  const days = new Set(recent.map(([hour]) => Math.floor(Number(hour) / 24)));
  // Twice as many as are needed, since local days are others than these.
  const kept = days.size >= 2 * rules.minimumDays ? recent : since(KEPT_DAYS);
  const today = Math.floor(nowMs / DAY_MS);
  return {
    ...history,
    hours: Object.fromEntries(kept),
    days: recentDays(history.days, today),
    oddDays: recentDays(history.oddDays, today),
    oddNewDays: recentDays(history.oddNewDays, today),
  };
}

function recentDays<T>(days: Readonly<Record<string, T>>, today: number): Record<string, T> {
  return Object.fromEntries(Object.entries(days).filter(([day]) => Number(day) >= today - SELDOM_DAYS - 2));
}
