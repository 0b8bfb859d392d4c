import type { EventActor, EventDraft, Risk } from '../event-draft.ts';
import type { AccessFinding, Detector } from './finding.ts';

/** Who raises alarms. */
export const WATCH_ACTOR: EventActor = { id: 'system:access-watch', kind: 'workflow', authentication: 'process' };

/** What every security event is evidence of: that somebody looks. */
export const FRAMEWORKS = ['gdpr', 'hipaa', 'iso27001', 'soc2'];

/** What needs no baseline is not right whoever does it, and what is taken out does not come back. */
const HIGH: ReadonlySet<Detector> = new Set([
  'allowed-after-denial',
  'hasty-approval',
  'many-exports',
  'new-source-off-hours',
  'self-approval',
]);

/** The event of an alarm: who, what, since when, and by which figures. */
export function draftOfFinding(finding: AccessFinding): EventDraft {
  const { atMs, baseline, detector, limit, observed, principal, startedMs, tippedBy, unit } = finding;
  return {
    type: `access.${detector}`,
    category: 'security_event',
    actor: WATCH_ACTOR,
    resource: principal,
    risk: riskOf(detector),
    frameworks: FRAMEWORKS,
    happenedAt: new Date(atMs).toISOString(),
    facts: {
      tippedBy,
      startedAt: new Date(startedMs).toISOString(),
      observed: rounded(observed),
      baseline: rounded(baseline),
      limit: rounded(limit),
      unit,
    },
  };
}

export function riskOf(detector: Detector): Risk {
  return HIGH.has(detector) ? 'high' : 'medium';
}

/** To three digits behind the point: more is not known. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
