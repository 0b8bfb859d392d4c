import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EVENT_FORMAT, problemOfEvent } from '../../../../domain/governance/event.ts';

const problemAt = (recordedAt: string): string | null =>
  problemOfEvent({
    format: EVENT_FORMAT,
    log: 'test',
    sequence: 0,
    previous: '0'.repeat(64),
    recordedAt,
    type: 'model.registered',
  });

it.each([
  '1970-01-01T00:00:00.000Z',
  '1999-12-31T23:59:59.999Z',
  '2000-02-29T00:00:00.000Z',
  '2024-02-29T12:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
])('an event may have been recorded at %s', (instant) => {
  expect(problemAt(instant)).toBeNull();
});

it.each([
  '1969-12-31T23:59:59.999Z',
  '1900-01-01T00:00:00.000Z',
  '2023-02-29T12:00:00.000Z',
  '2100-02-29T12:00:00.000Z',
  '2026-02-30T12:00:00.000Z',
  '2026-04-31T12:00:00.000Z',
  '2026-13-01T12:00:00.000Z',
  '2026-00-01T12:00:00.000Z',
  '2026-01-00T12:00:00.000Z',
  '2026-01-32T12:00:00.000Z',
  '2026-01-01T24:00:00.000Z',
  '2026-01-01T12:60:00.000Z',
  '2026-01-01T23:59:60.000Z',
  '2026-01-01T12:00:00Z',
  '2026-01-01T12:00:00.000+00:00',
  '2026-01-01 12:00:00.000Z',
  ' 2026-01-01T12:00:00.000Z',
  '',
])('and not at "%s"', (instant) => {
  expect(problemAt(instant)).toContain('recordedAt is not a UTC instant');
});

it('every instant from 1970 on is one', () => {
  const dates = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
  fc.assert(fc.property(dates, (date) => problemAt(date.toISOString()) === null));
});
