import { ACT_KINDS, kindOf, modelOf, type AccessEvent } from './access-event.ts';
import type { AccessFinding, Detector } from './finding.ts';
import { actsOfDay, hourOf, type AccessHistory } from './history.ts';
import type { Limits } from './limits.ts';
import { found } from './plain-rules.ts';
import { SHARES, type AccessRules, type LocalTime } from './rules.ts';

/** An event and what was known around it. */
export interface Seen {
  readonly event: AccessEvent;
  readonly local: LocalTime;
  /** With the event. */
  readonly history: AccessHistory;
  /** Hours off; 0 for none. */
  readonly off: number;
  readonly isNewSource: boolean;
}

/** What of an event is not usual for who did it. */
export function findUnusual(seen: Seen, limits: Limits, rules: AccessRules): AccessFinding[] {
  return [
    ...countFindings(seen, limits),
    ...newModelFindings(seen, limits),
    ...seldomFindings(seen, limits, rules.falseAlarmsPerMonth),
  ];
}

function countFindings({ event, history, local }: Seen, limits: Limits): AccessFinding[] {
  const kind = kindOf(event);
  const hour = hourOf(event.atMs);
  const counts = [
    {
      observed: history.hours[hour]?.[ACT_KINDS.indexOf(kind)] ?? 0,
      ...limits.hourly(kind),
      unit: 'acts in an hour',
      startedMs: hour * HOUR_MS,
    },
    {
      observed: actsOfDay(history, local.day, kind).inDay,
      ...limits.daily(kind),
      unit: 'acts in a day',
      startedMs: (hour - local.hour) * HOUR_MS,
    },
  ];
  return counts
    .filter(({ limit, observed }) => observed >= limit)
    .slice(0, 1)
    .map(({ mean: baseline, ...rest }) => found(event, `many-${kind}` satisfies Detector, { ...rest, baseline }));
}

const HOUR_MS = 3_600_000;

function newModelFindings({ event, history, local }: Seen, limits: Limits): AccessFinding[] {
  const model = modelOf(event.resource);
  if (model === null || history.models[model] !== local.day) return [];
  const observed = Object.values(history.models).filter((first) => first === local.day).length;
  const { limit, mean: baseline } = limits.newModels();
  if (observed < limit) return [];
  return [
    found(event, 'new-models', { startedMs: event.atMs, observed, baseline, limit, unit: 'new models in a day' }),
  ];
}

/** Something that happens is an alarm where it was expected less often than the budget has room for. */
function seldomFindings({ event, isNewSource, off }: Seen, limits: Limits, budget: number): AccessFinding[] {
  const checks: readonly (readonly [Detector, boolean, () => number, number])[] = [
    ['new-source-off-hours', isNewSource && off > 0, () => limits.oddNewSources(off), SHARES.oddNewSource],
    ['new-source', isNewSource, () => limits.newSources(), SHARES.newSource],
    ['off-hours', off > 0, () => limits.oddHours(off), SHARES.offHours],
  ];
  return checks.flatMap(([detector, isSo, expected, share]) => {
    if (!isSo || expected() > share * budget) return [];
    const more = { observed: 1, baseline: expected(), limit: share * budget, unit: 'days in a month' };
    return [found(event, detector, { startedMs: event.atMs, ...more })];
  });
}
