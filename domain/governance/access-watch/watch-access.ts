import type { AccessEvent } from './access-event.ts';
import { baselineOf } from './baseline.ts';
import type { AccessFinding } from './finding.ts';
import { copyOf, hourOf, NEW_HISTORY, remember, type AccessHistory } from './history.ts';
import { limitsOf, type Limits } from './limits.ts';
import { hoursOff } from './odd-hours.ts';
import { findByRules } from './plain-rules.ts';
import type { AccessRules, LocalClock } from './rules.ts';
import { findUnusual } from './unusual.ts';

/** What came of looking at somebody's new events. */
export interface Watched {
  readonly history: AccessHistory;
  readonly findings: readonly AccessFinding[];
}

/** Somebody nobody knows: all who show nothing are this one, so nothing of it is usual but how often it is refused. */
const NOBODY = 'unknown:';

/**
 * Looks at the new events of one principal, in the order of the log. A detector raises one alarm a day (local) of somebody: its
 * figures are those at which it was tipped. What was alarming counts as usual later, or one change of habits would alarm for ever.
 *
 * @param earlier null for somebody who was never seen
 * @param watchedFrom events below this sequence are only learned from
 */
export function watchAccess(
  earlier: AccessHistory | null,
  events: readonly AccessEvent[],
  rules: AccessRules,
  localTime: LocalClock,
  watchedFrom = 0,
): Watched {
  const [first] = events;
  if (first === undefined) return { history: earlier ?? NEW_HISTORY, findings: [] };
  let history = copyOf(earlier ?? NEW_HISTORY, first.atMs, rules);
  const findings: AccessFinding[] = [];
  let now: Hour = { hour: Number.NaN, limits: null, off: 0 };
  for (const event of events) {
    const hour = hourOf(event.atMs);
    const local = localTime(event.atMs);
    if (now.hour !== hour) {
      const baseline = baselineOf(history, event.atMs, rules, localTime);
      // Until yesterday everything was new.
      if (baseline !== null && history.learnedOn === null) history = { ...history, learnedOn: local.day - 1 };
      now = {
        hour,
        limits: baseline === null ? null : limitsOf(history, baseline, local.day, rules),
        off: baseline === null ? 0 : hoursOff(baseline, local, rules),
      };
    }
    const { limits, off } = now;
    const byRules = findByRules(history, event, rules, limits === null);
    const isNewSource = isFromElsewhere(history, event);
    history = remember(history, event, rules, localTime);
    const unusual = limits === null ? [] : findUnusual({ event, local, history, off, isNewSource }, limits, rules);
    history = withOddHour(history, local.day, off);
    if (event.sequence < watchedFrom) continue;
    for (const finding of [...byRules, ...unusual.filter(isSaidOf(event))]) {
      if (history.raised[finding.detector] === local.day) continue;
      history = { ...history, raised: { ...history.raised, [finding.detector]: local.day } };
      findings.push(finding);
    }
  }
  return { history, findings };
}

/** What holds for every event of an hour. */
interface Hour {
  readonly hour: number;
  /** Null while learning. */
  readonly limits: Limits | null;
  /** Hours that this one is off. */
  readonly off: number;
}

/** Where somebody has not come from before; where it was never known where they come from, there is nothing to compare with. */
function isFromElsewhere({ sources }: AccessHistory, { source }: AccessEvent): boolean {
  return source !== null && !Object.hasOwn(sources, source) && Object.keys(sources).length > 0;
}

/** A day is as odd as its oddest act, and so is one on which somebody came from somewhere new, whichever was first. */
function withOddHour(history: AccessHistory, day: number, off: number): AccessHistory {
  const oddest = Math.max(off, history.oddDays[day] ?? 0);
  if (oddest === 0) return history;
  const oddDays = { ...history.oddDays, [day]: oddest };
  const isNew = Object.values(history.sources).includes(day);
  return { ...history, oddDays, ...(isNew ? { oddNewDays: { ...history.oddNewDays, [day]: oddest } } : {}) };
}

function isSaidOf({ principal }: AccessEvent): (finding: AccessFinding) => boolean {
  return ({ detector }) => !principal.startsWith(NOBODY) || detector === 'many-refusals';
}
