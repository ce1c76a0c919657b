import { describe, expect, it } from '@jest/globals';
import { decentTime, endOfDay } from '../../lib/loyalty/quiet-hours.ts';

const night = { from: '21:00', to: '08:00' };

describe('who may be written to', () => {
  it.each<[string, string, string, typeof night, string]>([
    ['by day: now', 'Europe/Berlin', '2026-03-10T11:00:00Z', night, '2026-03-10T11:00:00Z'],
    ['in the evening: next morning', 'Europe/Berlin', '2026-03-10T20:00:30Z', night, '2026-03-11T07:00:00Z'],
    ['after midnight: this morning', 'Europe/Berlin', '2026-03-10T02:00:00Z', night, '2026-03-10T07:00:00Z'],
    ['at the last minute of the night', 'Europe/Berlin', '2026-03-10T06:59:59Z', night, '2026-03-10T07:00:00Z'],
    ['at its first minute after', 'Europe/Berlin', '2026-03-10T07:00:00Z', night, '2026-03-10T07:00:00Z'],
    ['the night in which clocks go on', 'Europe/Berlin', '2026-03-28T22:00:00Z', night, '2026-03-29T06:00:00Z'],
    ['the night in which they go back', 'Europe/Berlin', '2026-10-24T20:00:00Z', night, '2026-10-25T07:00:00Z'],
    ['elsewhere', 'Asia/Kolkata', '2026-03-10T16:00:00Z', night, '2026-03-11T02:30:00Z'],
    ['at noon', 'UTC', '2026-03-10T12:30:00Z', { from: '12:00', to: '14:00' }, '2026-03-10T14:00:00Z'],
  ])('%s', (_, zone, now, hours, then) => {
    expect(decentTime(new Date(now), zone, hours)).toEqual(new Date(then));
  });
});

describe('a day ends', () => {
  it.each([
    ['Europe/Berlin', '2026-03-10', '2026-03-10T23:00:00Z'],
    ['Europe/Berlin', '2026-03-29', '2026-03-29T22:00:00Z'],
    ['America/New_York', '2026-03-08', '2026-03-09T04:00:00Z'],
    ['Pacific/Kiritimati', '2026-03-10', '2026-03-10T10:00:00Z'],
    ['Pacific/Pago_Pago', '2026-03-10', '2026-03-11T11:00:00Z'],
    // Clocks go on at midnight: the day begins at one.
    ['Africa/Cairo', '2026-04-23', '2026-04-23T22:00:00Z'],
  ])('in %s', (zone, day, end) => {
    expect(endOfDay(zone, day)).toEqual(new Date(end));
  });
});
