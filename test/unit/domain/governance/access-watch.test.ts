import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLocalClock } from '../../../../adapters/clock/local-clock.ts';
import {
  isAllowedNow,
  kindOf,
  modelOf,
  type AccessEvent,
} from '../../../../domain/governance/access-watch/access-event.ts';
import { countLimit } from '../../../../domain/governance/access-watch/count-limit.ts';
import type { Detector } from '../../../../domain/governance/access-watch/finding.ts';
import { draftOfFinding } from '../../../../domain/governance/access-watch/finding-draft.ts';
import { expectedPerMonth } from '../../../../domain/governance/access-watch/seldom.ts';
import { watchAccess } from '../../../../domain/governance/access-watch/watch-access.ts';
import { ACCESS_RULES as RULES } from '../../../support/access-rules.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A Monday. */
const MONDAY = Date.UTC(2026, 5, 1);
const CLOCK = createLocalClock('UTC');

type Act = Omit<AccessEvent, 'sequence' | 'principal'>;

const act = (atMs: number, more: Partial<Act> = {}): Act => ({
  atMs,
  type: 'model.read',
  category: 'model_access',
  resource: 'model/rag_api/1.0.0',
  code: null,
  source: 'desk',
  asked: null,
  ...more,
});

/** Four acts an hour from 9 to 17 h on working days, of one model, from one place. */
function life(weeks: number): Act[] {
  return Array.from({ length: weeks * 5 }, (_, at) => MONDAY + (Math.floor(at / 5) * 7 + (at % 5)) * DAY_MS).flatMap(
    (day) => Array.from({ length: 32 }, (_, at) => act(day + 9 * HOUR_MS + at * HOUR_MS * 0.25)),
  );
}

const watch = (acts: readonly Act[], rules = RULES, principal = 'principal:1f') =>
  watchAccess(
    null,
    acts.map((one, sequence) => ({ ...one, sequence, principal })),
    rules,
    CLOCK,
  ).findings;
const found = (acts: readonly Act[], rules = RULES, principal = 'principal:1f'): Detector[] =>
  watch(acts, rules, principal).map(({ detector }) => detector);

const TODAY = MONDAY + 42 * DAY_MS;
const often = (many: number, atMs: number, more: Partial<Act> = {}): Act[] =>
  Array.from({ length: many }, (_, at) => act(atMs + (at * HOUR_MS * 0.9) / many, more));

describe('the watch over who does what', () => {
  it('says nothing of somebody who goes on as before', () => {
    expect(found([...life(6), ...often(8, TODAY + 10 * HOUR_MS)])).toEqual([]);
  });

  it.each<[string, Act[], Detector[]]>([
    ['reads a lot in an hour', often(200, TODAY + 10 * HOUR_MS), ['many-reads']],
    [
      'reads a lot in a day, little in each hour',
      Array.from({ length: 8 }, (_, at) => often(30, TODAY + (9 + at) * HOUR_MS)).flat(),
      ['many-reads'],
    ],
    [
      'takes out what they never took out',
      often(40, TODAY + 10 * HOUR_MS, { type: 'audit.exported', category: 'data_access', resource: 'ledger' }),
      ['many-exports'],
    ],
    [
      'is refused again and again',
      often(40, TODAY + 10 * HOUR_MS, { type: 'model.retire-refused', code: 'NOT_AUTHORISED' }),
      ['many-refusals'],
    ],
    ['comes from somewhere new', [act(TODAY + 10 * HOUR_MS, { source: 'elsewhere' })], ['new-source']],
    ['comes in the night', [act(TODAY + 3 * HOUR_MS)], ['off-hours']],
    ['comes on a Sunday', [act(TODAY - 10 * HOUR_MS)], ['off-hours']],
    [
      'comes in the night from somewhere new',
      [act(TODAY + 3 * HOUR_MS, { source: 'elsewhere' })],
      ['new-source', 'off-hours'],
    ],
    [
      'looks at many strange models',
      Array.from({ length: 15 }, (_, at) => act(TODAY + (9 + at / 4) * HOUR_MS, { resource: `model/strange-${at}` })),
      ['new-models'],
    ],
    ['comes back after long', [act(TODAY + 91 * DAY_MS + 10 * HOUR_MS)], ['dormant']],
  ])('raises an alarm of somebody who %s', (_, acts, detectors) => {
    expect(found([...life(6), ...acts])).toEqual(detectors);
  });

  it.each<[string, Act[], Detector[]]>([
    [
      'approves within seconds',
      [act(TODAY, { type: 'approval.approve', asked: { atMs: TODAY - 3000, isOwn: false } })],
      ['hasty-approval'],
    ],
    [
      'approves after a while',
      [act(TODAY, { type: 'approval.approve', asked: { atMs: TODAY - 60_000, isOwn: false } })],
      [],
    ],
    [
      'wants to approve their own',
      [act(TODAY, { type: 'approval.approve-refused', asked: { atMs: TODAY - DAY_MS, isOwn: true } })],
      ['self-approval'],
    ],
    [
      'is refused an approval of others',
      [act(TODAY, { type: 'approval.approve-refused', asked: { atMs: TODAY - DAY_MS, isOwn: false } })],
      [],
    ],
    [
      'may what was refused an hour ago',
      [
        act(TODAY, { type: 'model.promote-refused', code: 'NOT_AUTHORISED' }),
        act(TODAY + HOUR_MS, { type: 'model.promoted' }),
        act(TODAY + 2 * HOUR_MS, { type: 'model.promoted' }),
      ],
      ['allowed-after-denial'],
    ],
    [
      'may what was refused for want of an approval',
      [
        act(TODAY, { type: 'model.promote-refused', code: 'APPROVAL_MISSING' }),
        act(TODAY + HOUR_MS, { type: 'model.promoted' }),
      ],
      [],
    ],
    [
      'may with another model what was refused',
      [
        act(TODAY, { type: 'model.promote-refused', code: 'NOT_AUTHORISED' }),
        act(TODAY + HOUR_MS, { type: 'model.promoted', resource: 'model/other/1.0.0' }),
      ],
      [],
    ],
    [
      'may what was refused two days ago',
      [
        act(TODAY, { type: 'model.promote-refused', code: 'NOT_AUTHORISED' }),
        act(TODAY + 48 * HOUR_MS, { type: 'model.promoted' }),
      ],
      [],
    ],
    [
      'is refused ten times',
      often(10, TODAY, { type: 'model.retire-refused', code: 'NOT_AUTHORISED' }),
      ['many-refusals'],
    ],
    ['is refused nine times', often(9, TODAY, { type: 'model.retire-refused', code: 'NOT_AUTHORISED' }), []],
  ])('judges without a baseline somebody who %s', (_, acts, detectors) => {
    expect(found(acts)).toEqual(detectors);
  });

  it('tells somebody who travels, and somebody who works late, by both at once', () => {
    const weeks = Array.from({ length: 16 }, (_, week) => MONDAY + week * 7 * DAY_MS);
    const habits = weeks.flatMap((week, at) => [
      act(week + 4 * DAY_MS + 10 * HOUR_MS, { source: `hotel-${at}` }),
      ...(at % 4 === 3 ? [act(week + 2 * DAY_MS + 22 * HOUR_MS)] : []),
    ]);
    const usual = [...life(16), ...habits].toSorted((a, b) => a.atMs - b.atMs);
    const night = MONDAY + 112 * DAY_MS + 3 * HOUR_MS;
    const alarms = watch([...usual, act(night, { source: 'elsewhere' })]).filter(({ atMs }) => atMs >= night);
    const detectors = alarms.map(({ detector }) => detector);
    expect(detectors).toContain('new-source-off-hours');
    expect(detectors).not.toContain('new-source');
  });

  it('raises nothing by baselines while it learns, and says the same after a restart as without one', () => {
    expect(found([...life(1), act(MONDAY + 8 * DAY_MS + 3 * HOUR_MS, { source: 'elsewhere' })])).toEqual([]);
    const events = [...life(6), ...often(200, TODAY + 10 * HOUR_MS)].map((one, sequence): AccessEvent => ({
      ...one,
      sequence,
      principal: 'principal:1f',
    }));
    const whole = watchAccess(null, events, RULES, CLOCK);
    let parts = watchAccess(null, [], RULES, CLOCK);
    const findings = [];
    for (let from = 0; from < events.length; from += 97) {
      // As it comes back from a database.
      parts = watchAccess(JSON.parse(JSON.stringify(parts.history)), events.slice(from, from + 97), RULES, CLOCK);
      findings.push(...parts.findings);
    }
    expect(findings).toEqual(whole.findings);
  });

  it('raises, on the day on which it begins to watch, what was raised before that day', () => {
    const own = (atMs: number) => act(atMs, { type: 'approval.approve-refused', asked: { atMs: TODAY, isOwn: true } });
    const events = [own(TODAY), own(TODAY + HOUR_MS)].map((one, sequence) => ({ ...one, sequence, principal: 'p' }));
    expect(watchAccess(null, events, RULES, CLOCK, 1).findings).toMatchObject([{ tippedBy: 1 }]);
    expect(watchAccess(null, events, RULES, CLOCK, 2).findings).toEqual([]);
  });

  it('raises an alarm of a kind once a day', () => {
    const tries = [0, 1, 24].flatMap((later) => [
      act(TODAY + later * HOUR_MS, { type: 'approval.approve-refused', asked: { atMs: TODAY, isOwn: true } }),
    ]);
    expect(found(tries)).toEqual(['self-approval', 'self-approval']);
  });

  it('takes for usual what happens again and again', () => {
    const nights = [20, 21, 22, 23, 27, 28].map((day) => act(MONDAY + day * DAY_MS + 3 * HOUR_MS));
    const acts = [...life(6), ...nights].toSorted((a, b) => a.atMs - b.atMs);
    expect(found([...acts, act(TODAY + 3 * HOUR_MS)]).filter((one) => one === 'off-hours').length).toBeLessThan(3);
    expect(watch([...acts, act(TODAY + 3 * HOUR_MS)]).filter(({ atMs }) => atMs >= TODAY)).toEqual([]);
  });

  it('says of those who show nothing only that they are refused', () => {
    const acts = [...life(6), act(TODAY + 3 * HOUR_MS, { source: 'elsewhere' })];
    expect(found(acts, RULES, 'unknown:unauthenticated')).toEqual([]);
  });

  it('gives figures: since when, what was seen, what is usual, and from where on it is an alarm', () => {
    const [finding] = watch([...life(6), ...often(200, TODAY + 10 * HOUR_MS)]);
    expect(finding).toMatchObject({ startedMs: TODAY + 10 * HOUR_MS, unit: 'acts in an hour' });
    expect(finding?.observed).toBe(finding?.limit);
    expect(finding?.baseline).toBeCloseTo(4, 1);
    const draft = finding === undefined ? null : draftOfFinding(finding);
    expect(draft).toMatchObject({ type: 'access.many-reads', category: 'security_event', resource: 'principal:1f' });
  });

  it('finds more with a larger budget, and never less', () => {
    const acts = [...life(6), ...often(45, TODAY + 10 * HOUR_MS), act(TODAY + 22 * HOUR_MS)];
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (budget, more) => {
          const few = found(acts, { ...RULES, falseAlarmsPerMonth: budget });
          const many = found(acts, { ...RULES, falseAlarmsPerMonth: budget * more });
          return few.every((one) => many.includes(one));
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a limit of counts', () => {
  const terms = { share: 0.025, perMonth: 160, prior: { mean: 5, least: 10 }, largest: 0 };

  it('is above everything that was seen, and above the least', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 60 }), (counts) => {
        const largest = Math.max(0, ...counts);
        const { limit } = countLimit(counts, { ...terms, largest });
        return limit > largest && limit >= 10;
      }),
    );
  });

  it('grows with what varies, and falls with what was seen of it', () => {
    const steady = Array.from({ length: 100 }, () => 10);
    const bursts = Array.from({ length: 100 }, (_, at) => (at % 10 === 0 ? 91 : 1));
    expect(countLimit(bursts, terms).limit).toBeGreaterThan(countLimit(steady, terms).limit);
    expect(countLimit(steady, terms).limit).toBeLessThan(countLimit(steady.slice(0, 5), terms).limit);
  });
});

describe('what comes seldom', () => {
  it('is expected as often as it came, and a little when it never did', () => {
    expect(expectedPerMonth(20, 0, 21)).toBeCloseTo(0.0778, 4);
    expect(expectedPerMonth(100, 10, 30)).toBeCloseTo(2.83, 2);
  });
});

describe('an act', () => {
  it.each([
    ['audit.exported', 'data_access', 'exports'],
    ['audit.queried', 'data_access', 'reads'],
    ['model.read', 'model_access', 'reads'],
    ['model.promoted', 'model_promotion', 'changes'],
    ['model.promote-refused', 'access_control', 'refusals'],
  ])('%s is of the kind %s / %s', (type, category, kind) => {
    expect(kindOf({ type, category })).toBe(kind);
  });

  it.each([
    ['model/rag_api/1.0.0', 'rag_api'],
    ['model/rag_api', 'rag_api'],
    ['model', null],
    ['rollout/dev/rag_api', 'rag_api'],
    ['traffic/dev/rag_api', 'rag_api'],
    ['approval/apr-1', null],
    ['principal:1f', null],
  ])('on %s is about the model %s', (resource, model) => {
    expect(modelOf(resource)).toBe(model);
  });

  it('of an action that is not known shows no right', () => {
    const event = { ...act(0), sequence: 0, principal: 'p' };
    expect(isAllowedNow({ action: 'toString', resource: 'model' }, event)).toBe(false);
  });
});

describe('a local clock', () => {
  it.each([
    ['UTC', '2026-06-01T03:10:00Z', { hour: 3, weekday: 1 }],
    ['Europe/Berlin', '2026-06-01T23:10:00Z', { hour: 1, weekday: 2 }],
    ['Europe/Berlin', '2026-12-01T23:10:00Z', { hour: 0, weekday: 3 }],
    ['America/Los_Angeles', '2026-06-01T03:10:00Z', { hour: 20, weekday: 0 }],
  ])('in %s at %s', (zone, at, local) => {
    expect(createLocalClock(zone)(Date.parse(at))).toMatchObject(local);
  });
});
