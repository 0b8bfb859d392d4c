import type { AccessEvent } from '../../domain/governance/access-watch/access-event.ts';
import { createSampler, type Sampler } from '../../domain/statistics/sampler.ts';
import { createRandom } from '../../domain/statistics/seeded-random.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A Monday. */
export const BEGIN_MS = Date.UTC(2026, 0, 5);

/** An act before it has its place in the log. */
export type Act = Omit<AccessEvent, 'sequence' | 'principal'>;

/** Somebody who does what is usual for them, for so many days. */
export type Habit = (days: number, draw: Draw) => Act[];

/** Draws for one principal: the same seed, the same life. */
export interface Draw extends Sampler {
  among<T>(values: readonly T[]): T;
  chance(p: number): boolean;
  whole(from: number, to: number): number;
}

export function createDraw(seed: string): Draw {
  const sampler = createSampler(createRandom(seed));
  const whole = (from: number, to: number): number => from + Math.floor(sampler.uniform() * (to - from + 1));
  return {
    ...sampler,
    whole,
    chance: (p) => sampler.uniform() < p,
    among: (values) => {
      const found = values[whole(0, values.length - 1)];
      if (found === undefined) throw new Error('there is nothing to draw from');
      return found;
    },
  };
}

export const act = (
  atMs: number,
  type: string,
  resource: string,
  source: string,
  more: Partial<Pick<Act, 'code' | 'asked'>> = {},
): Act => ({
  atMs,
  type,
  category: type === 'model.read' ? 'model_access' : type.startsWith('audit.') ? 'data_access' : 'model_registration',
  resource,
  source,
  code: null,
  asked: null,
  ...more,
});

/** Some acts at random moments of an hour, in an over-dispersed number. */
function hourOfActs(draw: Draw, atMs: number, mean: number, one: (atMs: number) => Act): Act[] {
  const count = draw.poisson(mean * draw.gammaNoise(1));
  return Array.from({ length: count }, () => one(atMs + draw.uniform() * HOUR_MS));
}

const isWeekend = (day: number): boolean => day % 7 >= 5;
const LONG_AGO = 90 * DAY_MS;

/** Office hours, some late evenings and weekends, holidays, new projects, home and office, now and then a hotel. */
export const engineer: Habit = (days, draw) => {
  const acts: Act[] = [];
  const models = Array.from({ length: 4 }, (_, at) => `m${at}`);
  const sources = ['office', 'home'];
  const [begin, end] = [draw.whole(7, 9), draw.whole(16, 19)];
  let awayUntil = -1;
  let projectUntil = -1;
  for (let day = 0; day < days; day += 1) {
    if (draw.chance(1 / 80)) awayUntil = day + draw.whole(5, 14);
    if (draw.chance(1 / 90)) projectUntil = day + 7;
    const works = !isWeekend(day) || draw.chance(1 / 25);
    if (day < awayUntil || !works) continue;
    if (draw.chance(day < projectUntil ? 0.5 : 1 / 20)) models.push(`m${models.length}`);
    const source = draw.chance(1 / 45) ? `hotel-${day}` : draw.among(sources.slice(0, 2));
    const evening = draw.chance(1 / 12) ? [draw.whole(19, 22)] : [];
    const hours = isWeekend(day)
      ? [draw.whole(9, 20)]
      : [...Array.from({ length: end - begin }, (_, at) => begin + at), ...evening];
    for (const hour of hours)
      acts.push(
        ...hourOfActs(draw, BEGIN_MS + day * DAY_MS + hour * HOUR_MS, 4, (atMs) => {
          const resource = `model/${draw.among(models.slice(-6))}/1.0.0`;
          if (draw.chance(0.02))
            return act(atMs, 'model.promote-refused', resource, source, { code: 'APPROVAL_MISSING' });
          return act(atMs, draw.chance(0.65) ? 'model.read' : 'model.tagged', resource, source);
        }),
      );
    // A role was missing, and was granted.
    if (draw.chance(1 / 400)) {
      const atMs = BEGIN_MS + day * DAY_MS + 11 * HOUR_MS;
      acts.push(act(atMs, 'model.alias-refused', 'model/m0', source, { code: 'NOT_AUTHORISED' }));
      acts.push(act(atMs + HOUR_MS, 'model.alias-set', 'model/m0/1.0.0', source));
    }
  }
  return acts;
};

/** Builds all day and some at night, days of releases, storms of retries; runners are replaced. */
export const service: Habit = (days, draw) => build(days, draw, 1 / 180);

/** The same, by machines that are never replaced. */
export const settled: Habit = (days, draw) => build(days, draw, 0);

function build(days: number, draw: Draw, replaced: number): Act[] {
  const acts: Act[] = [];
  const runners = ['runner-0', 'runner-1', 'runner-2'];
  let models = 8;
  for (let day = 0; day < days; day += 1) {
    if (draw.chance(replaced)) runners[draw.whole(0, 2)] = `runner-${day}`;
    if (draw.chance(1 / 15)) models += 1;
    const pace = draw.chance(1 / 10) ? 2 : 1;
    for (let hour = 0; hour < 24; hour += 1) {
      const isBusy = !isWeekend(day) && hour >= 8 && hour < 19;
      const storm = draw.chance(1 / 700) ? 3 : 1;
      const builds = draw.poisson(isBusy ? 4 * pace : 0.4);
      for (let build = 0; build < builds; build += 1) {
        const source = draw.among(runners);
        const resource = `model/s${draw.whole(0, models - 1)}/1.0.0`;
        const steps = draw.whole(5, 15) * storm;
        const atMs = BEGIN_MS + day * DAY_MS + hour * HOUR_MS + draw.uniform() * HOUR_MS * 0.9;
        for (let step = 0; step < steps; step += 1)
          acts.push(act(atMs + step * 500, step % 3 === 0 ? 'model.tagged' : 'model.read', resource, source));
      }
    }
  }
  return acts;
}

/** Office hours; every fourth week incidents at any hour. */
export const operator: Habit = (days, draw) => {
  const acts: Act[] = [];
  const offset = draw.whole(0, 3);
  for (let day = 0; day < days; day += 1) {
    const isOnCall = Math.floor(day / 7) % 4 === offset;
    const at = (hour: number): number => BEGIN_MS + day * DAY_MS + hour * HOUR_MS;
    const one = (source: string) => (atMs: number) =>
      act(atMs, draw.chance(0.4) ? 'rollout.paused' : 'model.read', `rollout/production/m${draw.whole(0, 5)}`, source);
    if (!isWeekend(day))
      for (let hour = 9; hour < 17; hour += 1)
        acts.push(...hourOfActs(draw, at(hour), 2, one(draw.chance(0.7) ? 'office' : 'home')));
    for (let incident = isOnCall ? draw.poisson(0.7) : 0; incident > 0; incident -= 1) {
      const from = draw.whole(0, 23);
      for (let hour = from; hour < from + draw.whole(1, 3); hour += 1)
        acts.push(...hourOfActs(draw, at(hour), 15, one(draw.chance(0.9) ? 'home' : `phone-${day}`)));
    }
  }
  return acts;
};

/** A look each month, and every quarter four days of reading and taking out. */
export const auditor: Habit = (days, draw) => {
  const acts: Act[] = [];
  for (let day = 0; day < days; day += 1) {
    if (isWeekend(day)) continue;
    const isQuarter = day % 91 < 5;
    if (!isQuarter && !draw.chance(1 / 12)) continue;
    for (let hour = 9; hour < 16; hour += 1)
      acts.push(
        ...hourOfActs(draw, BEGIN_MS + day * DAY_MS + hour * HOUR_MS, isQuarter ? 20 : 3, (atMs) =>
          act(atMs, isQuarter && draw.chance(0.2) ? 'audit.exported' : 'audit.queried', 'ledger', 'office'),
        ),
      );
  }
  return acts;
};

/** Some decisions a day, read before. */
export const approver: Habit = (days, draw) => {
  const acts: Act[] = [];
  for (let day = 0; day < days; day += 1) {
    if (isWeekend(day) && !draw.chance(1 / 15)) continue;
    for (let hour = 8; hour < 18; hour += 1)
      acts.push(
        ...hourOfActs(draw, BEGIN_MS + day * DAY_MS + hour * HOUR_MS, 0.7, (atMs) =>
          act(
            atMs,
            draw.chance(0.5) ? 'approval.approve' : 'model.read',
            `model/m${draw.whole(0, 9)}`,
            draw.chance(0.8) ? 'office' : 'home',
            {
              asked: { atMs: atMs - 30_000 - draw.uniform() * LONG_AGO * 0.01, isOwn: false },
            },
          ),
        ),
      );
  }
  return acts;
};
