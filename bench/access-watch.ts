// The access watch on simulated principals: false alarms in a month of ordinary life, and attacks that are found.
// `--principals N` of each kind, `--months N`.
import { createLocalClock } from '../adapters/clock/local-clock.ts';
import { loadConfig } from '../config/load.ts';
import type { AccessEvent } from '../domain/governance/access-watch/access-event.ts';
import type { AccessFinding, Detector } from '../domain/governance/access-watch/finding.ts';
import type { AccessHistory } from '../domain/governance/access-watch/history.ts';
import { watchAccess } from '../domain/governance/access-watch/watch-access.ts';
import { bootstrapMean } from '../domain/statistics/bootstrap-interval.ts';
import {
  act,
  approver,
  auditor,
  BEGIN_MS,
  createDraw,
  DAY_MS,
  engineer,
  HOUR_MS,
  operator,
  service,
  settled,
  type Act,
  type Draw,
  type Habit,
} from './support/principals.ts';
import { printTable, renderShare, wholeOption } from './support/report.ts';

const PRINCIPALS = wholeOption('principals', 100);
const MONTHS = wholeOption('months', 9);
/** What comes before is learning. */
const WARM_DAYS = 30;
const DAYS = WARM_DAYS + 30 * MONTHS;
const WEEK_MS = 7 * DAY_MS;
const { rules: RULES } = loadConfig({ env: {}, workingDirectory: import.meta.dirname }).config.accessWatch;
const CLOCK = createLocalClock('UTC');

const HABITS: Readonly<Record<string, Habit>> = { engineer, service, operator, auditor, approver };

/** Everything that was found of a life, look by look. */
function watch(principal: string, acts: readonly Act[]): AccessFinding[] {
  const events = acts
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((one, sequence): AccessEvent => ({ ...one, sequence, principal }));
  const findings: AccessFinding[] = [];
  let history: AccessHistory | null = null;
  for (let from = 0; from < events.length;) {
    const until = (events[from]?.atMs ?? 0) + WEEK_MS;
    let to = from;
    while ((events[to]?.atMs ?? Number.POSITIVE_INFINITY) < until) to += 1;
    const watched = watchAccess(history, events.slice(from, to), RULES, CLOCK);
    history = watched.history;
    findings.push(...watched.findings);
    from = to;
  }
  return findings;
}

/** What an attacker does with the means of somebody, on a day: a Tuesday. */
type Attack = { readonly of: Habit; readonly acts: (dayMs: number, draw: Draw) => Act[] };

const spread = (from: number, many: number, hours: number, one: (atMs: number, at: number) => Act): Act[] =>
  Array.from({ length: many }, (_, at) => one(from + (at * hours * HOUR_MS) / many, at));

const ATTACKS: Readonly<Record<string, Attack>> = {
  'stolen key of an engineer, at 3 h, from elsewhere': {
    of: engineer,
    acts: (day) => spread(day + 3 * HOUR_MS, 20, 1, (atMs) => act(atMs, 'model.read', 'model/m0', 'elsewhere')),
  },
  'stolen key of an engineer, in office hours, from elsewhere': {
    of: engineer,
    acts: (day) => spread(day + 10 * HOUR_MS, 10, 2, (atMs) => act(atMs, 'model.read', 'model/m0', 'elsewhere')),
  },
  'token of a service, from elsewhere': {
    of: service,
    acts: (day) => spread(day + 10 * HOUR_MS, 20, 1, (atMs) => act(atMs, 'model.read', 'model/s0', 'elsewhere')),
  },
  'token of a service that never moves, from elsewhere': {
    of: settled,
    acts: (day) => spread(day + 10 * HOUR_MS, 20, 1, (atMs) => act(atMs, 'model.read', 'model/s0', 'elsewhere')),
  },
  'an engineer reads 150 versions in an hour': {
    of: engineer,
    acts: (day) => spread(day + 10 * HOUR_MS, 150, 0.9, (atMs) => act(atMs, 'model.read', 'model/m0', 'office')),
  },
  'an engineer reads 400 versions in a day, slowly': {
    of: engineer,
    acts: (day) => spread(day + 8 * HOUR_MS, 400, 10, (atMs) => act(atMs, 'model.read', 'model/m0', 'office')),
  },
  'an approver exports 40 times in an hour': {
    of: approver,
    acts: (day) => spread(day + 10 * HOUR_MS, 40, 0.9, (atMs) => act(atMs, 'audit.exported', 'ledger', 'office')),
  },
  'an auditor exports 500 times in a day': {
    of: auditor,
    acts: (day) => spread(day + 9 * HOUR_MS, 500, 7, (atMs) => act(atMs, 'audit.exported', 'ledger', 'office')),
  },
  'an engineer looks at 15 strange models': {
    of: engineer,
    acts: (day) =>
      spread(day + 9 * HOUR_MS, 15, 8, (atMs, at) => act(atMs, 'model.read', `model/strange-${at}`, 'office')),
  },
  'an engineer tries 30 things that are refused': {
    of: engineer,
    acts: (day) =>
      spread(day + 10 * HOUR_MS, 30, 0.9, (atMs) =>
        act(atMs, 'model.retire-refused', 'model/m0', 'office', { code: 'NOT_AUTHORISED' }),
      ),
  },
  'an approver tries to approve their own': {
    of: approver,
    acts: (day) => [
      act(day + 10 * HOUR_MS, 'approval.approve-refused', 'approval/a', 'office', {
        code: 'APPROVAL_REFUSED',
        asked: { atMs: day + 9 * HOUR_MS, isOwn: true },
      }),
    ],
  },
  'an approver approves within 3 seconds': {
    of: approver,
    acts: (day) => [
      act(day + 10 * HOUR_MS, 'approval.approve', 'approval/a', 'office', {
        asked: { atMs: day + 10 * HOUR_MS - 3000, isOwn: false },
      }),
    ],
  },
  'an account that slept for 100 days': {
    of: (days, draw) => engineer(days - 100, draw),
    acts: (day) => [act(day + 10 * HOUR_MS, 'model.read', 'model/m0', 'office')],
  },
};

const ordinary: string[][] = [];
const everybody: number[] = [];
for (const [name, habit] of Object.entries(HABITS)) {
  const rates: number[] = [];
  const byDetector = new Map<Detector, number>();
  for (let at = 0; at < PRINCIPALS; at += 1) {
    const found = watch(name, habit(DAYS, createDraw(`${name}/${at}`))).filter(
      ({ atMs }) => atMs >= BEGIN_MS + WARM_DAYS * DAY_MS,
    );
    rates.push(found.length / MONTHS);
    for (const { detector } of found) byDetector.set(detector, (byDetector.get(detector) ?? 0) + 1);
  }
  everybody.push(...rates);
  ordinary.push([
    name,
    renderRate(rates),
    [...byDetector].map(([detector, count]) => `${detector} ${count}`).join(', '),
  ]);
}
ordinary.push(['all', renderRate(everybody), '']);
printTable(
  `False alarms of a principal in a month (${PRINCIPALS} of each, ${MONTHS} months; wanted at most ${RULES.falseAlarmsPerMonth})`,
  ['principal', 'a month (95 %)', 'alarms in all'],
  ordinary,
);

const attacked = Object.entries(ATTACKS).map(([name, attack]) => {
  const detectors = new Map<Detector, number>();
  let hits = 0;
  for (let at = 0; at < PRINCIPALS; at += 1) {
    const draw = createDraw(`${name}/${at}`);
    const days = 120 + 7 * draw.whole(0, 8) + 1;
    const dayMs = BEGIN_MS + days * DAY_MS;
    // What they do themselves until the attack, and the attack.
    const life = attack.of(days, draw);
    const found = watch(name, [...life, ...attack.acts(dayMs, draw)]).filter(({ atMs }) => atMs >= dayMs);
    hits += found.length > 0 ? 1 : 0;
    for (const detector of new Set(found.map((one) => one.detector)))
      detectors.set(detector, (detectors.get(detector) ?? 0) + 1);
  }
  return [name, renderShare(hits, PRINCIPALS), [...detectors.keys()].join(', ')];
});
printTable(`Attacks that are found (${PRINCIPALS} of each)`, ['attack', 'found (95 %)', 'by'], attacked);

/** The mean over principals with its bootstrap interval: months of one principal are alike, principals are not. */
function renderRate(rates: readonly number[]): string {
  const interval = bootstrapMean(rates, { seed: 'access-watch', resamples: 2000, coverage: 0.95 });
  if (interval === null) return 'none';
  return `${interval.mean.toFixed(3)} (${interval.low.toFixed(3)}-${interval.high.toFixed(3)})`;
}
