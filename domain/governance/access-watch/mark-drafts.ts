import type { EventActor, EventDraft } from '../event-draft.ts';
import type { Detector } from './finding.ts';
import { FRAMEWORKS, WATCH_ACTOR } from './finding-draft.ts';

/** An alarm is over after so many hours without another one of its kind about the same principal. */
export const QUIET_HOURS = 24;

/** An alarm that was raised. */
interface RaisedAlarm {
  /** Sequence of its event. */
  readonly alarm: number;
  readonly principal: string;
  readonly detector: Detector;
}

/** What an alarm saw is over. That says nothing of whether anybody has looked into it. */
export function draftOfAlarmEnd(raised: RaisedAlarm): EventDraft {
  return { ...about(raised), type: 'access.alarm-ended', actor: WATCH_ACTOR, risk: 'low' };
}

/** Somebody has looked into an alarm; what they found is sealed under their key. */
export function draftOfAcknowledgement(raised: RaisedAlarm, reason: string, actor: EventActor): EventDraft {
  const sealed = { payload: { reason }, subject: actor.id };
  return { ...about(raised), type: 'access.alarm-acknowledged', actor, risk: 'medium', ...sealed };
}

function about({
  alarm,
  detector,
  principal,
}: RaisedAlarm): Pick<EventDraft, 'category' | 'facts' | 'frameworks' | 'resource'> {
  return { category: 'security_event', resource: principal, frameworks: FRAMEWORKS, facts: { alarm, detector } };
}
