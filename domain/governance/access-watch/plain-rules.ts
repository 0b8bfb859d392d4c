import { isAllowedNow, kindOf, ACT_KINDS, type AccessEvent } from './access-event.ts';
import type { AccessFinding, Detector } from './finding.ts';
import { DAY_MS, hourOf, type AccessHistory } from './history.ts';
import type { AccessRules } from './rules.ts';

/** An author is often no approver at all, and is refused for that: it is their own all the same. */
const OWN_ATTEMPTS: readonly string[] = ['approval.approve-refused', 'approval.decide-refused'];

/** How much longer than ever before a silence must be, for somebody who often comes back after long. */
const LONGER_THAN_EVER = 1.5;

/**
 * What is not right whoever does it, and needs no baseline: somebody decides on their own, or faster than anybody reads, is
 * allowed what was just refused, comes back after long, or is refused again and again before anything is known of them.
 *
 * @param before the history before the event
 * @param isLearning there is no baseline yet
 */
export function findByRules(
  before: AccessHistory,
  event: AccessEvent,
  rules: AccessRules,
  isLearning: boolean,
): AccessFinding[] {
  return [
    ...approvalFindings(event, rules),
    ...denialFindings(before, event, rules),
    ...dormantFindings(before, event, rules),
    ...(isLearning ? refusalFindings(before, event, rules) : []),
  ];
}

function approvalFindings(event: AccessEvent, rules: AccessRules): AccessFinding[] {
  const { asked, atMs, type } = event;
  if (asked === null) return [];
  if (asked.isOwn && OWN_ATTEMPTS.includes(type))
    return [found(event, 'self-approval', { startedMs: asked.atMs, observed: 1, limit: 1, unit: 'attempts' })];
  const seconds = (atMs - asked.atMs) / 1000;
  if (type !== 'approval.approve' || seconds >= rules.approvalSeconds) return [];
  const { approvalSeconds: limit } = rules;
  return [found(event, 'hasty-approval', { startedMs: asked.atMs, observed: seconds, limit, unit: 'seconds' })];
}

function denialFindings(before: AccessHistory, event: AccessEvent, rules: AccessRules): AccessFinding[] {
  const { allowedAfterDenialHours: limit } = rules;
  return before.denials
    .map((denial) => ({ denial, hours: (event.atMs - denial.atMs) / 3_600_000 }))
    .filter(({ denial, hours }) => hours <= limit && isAllowedNow(denial, event))
    .slice(0, 1)
    .map(({ denial, hours }) =>
      found(event, 'allowed-after-denial', { startedMs: denial.atMs, observed: hours, limit, unit: 'hours' }),
    );
}

function dormantFindings(
  { lastMs, longestGapMs }: AccessHistory,
  event: AccessEvent,
  rules: AccessRules,
): AccessFinding[] {
  // Somebody who was never seen has been away from nothing.
  if (lastMs === null) return [];
  const days = (event.atMs - lastMs) / DAY_MS;
  const limit = Math.max(rules.dormantDays, (LONGER_THAN_EVER * longestGapMs) / DAY_MS);
  if (days < limit) return [];
  const baseline = longestGapMs / DAY_MS;
  return [found(event, 'dormant', { startedMs: lastMs, observed: days, baseline, limit, unit: 'days of silence' })];
}

function refusalFindings(before: AccessHistory, event: AccessEvent, rules: AccessRules): AccessFinding[] {
  if (kindOf(event) !== 'refusals') return [];
  const hour = hourOf(event.atMs);
  const observed = (before.hours[hour]?.[ACT_KINDS.indexOf('refusals')] ?? 0) + 1;
  const { refusalsPerHour: limit } = rules;
  if (observed < limit) return [];
  return [found(event, 'many-refusals', { startedMs: hour * 3_600_000, observed, limit, unit: 'acts in an hour' })];
}

/** A finding about who did the event. */
export function found(
  { atMs, principal, sequence }: AccessEvent,
  detector: Detector,
  more: Pick<AccessFinding, 'startedMs' | 'observed' | 'limit' | 'unit'> & { readonly baseline?: number },
): AccessFinding {
  return { principal, detector, tippedBy: sequence, atMs, baseline: 0, ...more };
}
