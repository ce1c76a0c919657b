import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { addDays, addMonths, dayIn, endOfMonth, minuteIn } from '../../lib/loyalty/calendar.ts';
import fc from '../fast-check.ts';

const zones = [
  'Europe/Berlin',
  'America/Chicago',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'America/Sao_Paulo',
  'UTC',
];
const instant = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2060, 0) });
const plainDay = instant.map((ms) => new Date(ms).toISOString().slice(0, 10));

describe('the calendar agrees with Temporal', () => {
  it('on the day and the minute of an instant in a zone', () => {
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), (ms, zone) => {
        const expected = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
        expect([dayIn(zone, new Date(ms)), minuteIn(zone, new Date(ms).toISOString())]).toEqual([
          expected.toPlainDate().toString(),
          expected.hour * 60 + expected.minute,
        ]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['before a midnight', 'Asia/Kathmandu', '2026-03-10T18:14:59Z', '2026-03-10', 1_439],
    ['at a midnight', 'Asia/Kathmandu', '2026-03-10T18:15:00Z', '2026-03-11', 0],
    ['before half an hour is left out', 'Australia/Lord_Howe', '2026-10-03T15:29:59Z', '2026-10-04', 119],
    ['after it', 'Australia/Lord_Howe', '2026-10-03T15:30:00Z', '2026-10-04', 150],
    ['before a midnight that does not exist', 'America/Sao_Paulo', '2018-11-04T02:59:59Z', '2018-11-03', 1_439],
    ['after it', 'America/Sao_Paulo', '2018-11-04T03:00:00Z', '2018-11-04', 60],
  ])('%s in %s', (_, zone, at, day, minute) => {
    expect([dayIn(zone, at), minuteIn(zone, at)]).toEqual([day, minute]);
  });

  it('on days and months later', () => {
    fc.assert(
      fc.property(plainDay, fc.integer({ min: -400, max: 400 }), (day, n) => {
        const date = Temporal.PlainDate.from(day);
        expect([addDays(day, n), addMonths(day, n)]).toEqual([
          date.add({ days: n }).toString(),
          date.add({ months: n }).toString(),
        ]);
      }),
    );
  });

  it('on the last day of a month', () => {
    fc.assert(
      fc.property(plainDay, (day) => {
        const date = Temporal.PlainDate.from(day);
        expect(endOfMonth(day)).toBe(date.with({ day: date.daysInMonth }).toString());
      }),
    );
  });
});
