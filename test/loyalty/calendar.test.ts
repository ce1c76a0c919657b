import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { addDays, addMonths, dayIn, endOfMonth } from '../../lib/loyalty/calendar.ts';

const zones = ['Europe/Berlin', 'America/Chicago', 'Asia/Kolkata', 'Pacific/Apia', 'America/Sao_Paulo', 'UTC'];
const instant = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2060, 0) });
const plainDay = instant.map((ms) => new Date(ms).toISOString().slice(0, 10));

describe('the calendar agrees with Temporal', () => {
  it('on the day of an instant in a zone', () => {
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), (ms, zone) => {
        const expected = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toPlainDate().toString();
        expect(dayIn(zone, new Date(ms))).toBe(expected);
      }),
    );
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
