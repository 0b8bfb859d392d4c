import type { ApprovalRecord } from './request.ts';

/** What time brings to an approval next. */
export interface Due {
  readonly what: 'reminder' | 'escalation' | 'expiry';
  /** Number of the reminder, from 1; 1 of the others. */
  readonly number: number;
  /** Milliseconds since 1970 */
  readonly atMs: number;
}

/** What comes first. Of an approval that waits to be carried out it is the end alone. */
export function nextDue(record: ApprovalRecord): Due {
  const { askedAt, escalateAt, expiresAt, isEscalated, reminders, remindEverySeconds, state } = record;
  const expiry: Due = { what: 'expiry', number: 1, atMs: Date.parse(expiresAt) };
  if (state !== 'pending') return expiry;
  const number = reminders + 1;
  const dues: Due[] = [
    expiry,
    { what: 'reminder', number, atMs: Date.parse(askedAt) + number * remindEverySeconds * 1000 },
    ...(isEscalated ? [] : [{ what: 'escalation' as const, number: 1, atMs: Date.parse(escalateAt) }]),
  ];
  return dues.reduce((first, due) => (due.atMs < first.atMs ? due : first));
}
