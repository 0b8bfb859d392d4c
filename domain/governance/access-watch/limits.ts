import type { ActKind } from './access-event.ts';
import { dailyCounts, hourlyCounts, type Baseline } from './baseline.ts';
import { countLimit, type CountLimit, type CountPrior } from './count-limit.ts';
import { actsOfDay, SELDOM_DAYS, type AccessHistory } from './history.ts';
import { SHARES, type AccessRules } from './rules.ts';
import { expectedPerMonth } from './seldom.ts';

/** The limits of one principal and hour: they hold for every event of it, and are worked out when one is needed. */
export interface Limits {
  hourly(kind: ActKind): CountLimit;
  daily(kind: ActKind): CountLimit;
  newModels(): CountLimit;
  /** On how many days of a month each is expected. */
  newSources(): number;
  /** Acts at least so many hours off. */
  oddHours(off: number): number;
  oddNewSources(off: number): number;
}

const HOURLY_PRIOR: Readonly<Record<ActKind, CountPrior>> = {
  changes: { mean: 5, least: 10 },
  reads: { mean: 5, least: 10 },
  exports: { mean: 1, least: 5 },
  refusals: { mean: 1, least: 5 },
};
const DAILY_PRIOR: Readonly<Record<ActKind, CountPrior>> = {
  changes: { mean: 20, least: 20 },
  reads: { mean: 20, least: 20 },
  exports: { mean: 3, least: 10 },
  refusals: { mean: 3, least: 10 },
};
const MODELS_PRIOR: CountPrior = { mean: 0.5, least: 3 };

/** Chances in a month that a kind of act has at least, however seldom it was seen. */
const LEAST_HOURS = 30;
const LEAST_DAYS = 8;

/** From where on what somebody does is not usual any more. */
export function limitsOf(history: AccessHistory, baseline: Baseline, nowDay: number, rules: AccessRules): Limits {
  const earlier = Object.keys(history.days)
    .map(Number)
    .filter((day) => day < nowDay && day >= nowDay - SELDOM_DAYS);
  const known = earlier.filter((day) => day > (history.learnedOn ?? nowDay));
  const seldom = (happened: readonly number[]): number => {
    const days = new Set(happened.filter((day) => known.includes(day)));
    return expectedPerMonth(known.length, days.size, baseline.daysPerMonth);
  };
  const ofCounts = countLimits({ history, baseline, earlier, share: SHARES.oneCount * rules.falseAlarmsPerMonth });
  return {
    ...ofCounts,
    newModels: remembered(() => {
      const firsts = Object.values(history.models);
      const counts = known.map((day) => firsts.filter((first) => first === day).length);
      return countLimit(counts, {
        share: SHARES.newModels * rules.falseAlarmsPerMonth,
        perMonth: baseline.daysPerMonth,
        prior: MODELS_PRIOR,
        largest: Math.max(0, ...counts),
      });
    }),
    newSources: () => seldom(Object.values(history.sources)),
    oddHours: (off) => seldom(daysAtLeast(history.oddDays, off)),
    oddNewSources: (off) => seldom(daysAtLeast(history.oddNewDays, off)),
  };
}

interface CountBasis {
  readonly history: AccessHistory;
  readonly baseline: Baseline;
  /** Days whose largest counts are remembered. */
  readonly earlier: readonly number[];
  readonly share: number;
}

function countLimits({ baseline, earlier, history, share }: CountBasis): Pick<Limits, 'daily' | 'hourly'> {
  const { days, daysPerMonth } = baseline;
  const limit = (counts: readonly number[], prior: CountPrior, least: number, largest: number): CountLimit => {
    const perMonth = Math.max(least, (counts.length * daysPerMonth) / days.length);
    return countLimit(counts, { share, perMonth, prior, largest });
  };
  const largest = (kind: ActKind, of: 'inHour' | 'inDay'): number =>
    earlier.reduce((most, day) => Math.max(most, actsOfDay(history, day, kind)[of]), 0);
  return {
    hourly: remembered((kind: ActKind) =>
      limit(hourlyCounts(baseline, kind), HOURLY_PRIOR[kind], LEAST_HOURS, largest(kind, 'inHour')),
    ),
    daily: remembered((kind: ActKind) =>
      limit(dailyCounts(baseline, kind), DAILY_PRIOR[kind], LEAST_DAYS, largest(kind, 'inDay')),
    ),
  };
}

function daysAtLeast(oddDays: Readonly<Record<string, number>>, off: number): number[] {
  return Object.keys(oddDays)
    .map(Number)
    .filter((day) => (oddDays[day] ?? 0) >= off);
}

/** The same answer to the same question, worked out once. */
function remembered<Asked extends readonly unknown[], Value>(
  work: (...asked: Asked) => Value,
): (...asked: Asked) => Value {
  const known = new Map<unknown, Value>();
  return (...asked) => {
    const [key] = asked;
    if (!known.has(key)) known.set(key, work(...asked));
    return known.get(key) as Value;
  };
}
