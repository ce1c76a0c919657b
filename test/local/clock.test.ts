import { describe, expect, it, jest } from '@jest/globals';
import { createClock } from '../../lib/local/clock.ts';

const start = new Date('2026-01-31T12:00:00Z');
const at = (now = start) => {
  jest.useFakeTimers({ now });
  return createClock();
};

describe('the clock of the local cloud', () => {
  it('is the machine’s, until it is set, and runs on from there', () => {
    const clock = at();
    expect(clock.now()).toEqual(start);
    clock.set(new Date('2027-06-01T00:00:00Z'));
    jest.advanceTimersByTime(1_000);
    expect(clock.now()).toEqual(new Date('2027-06-01T00:00:01Z'));
    expect(clock.offsetMs()).toBe(Date.parse('2027-06-01T00:00:00Z') - start.getTime());
  });

  it.each([
    ['PT15M', '2026-01-31T12:15:00Z'],
    ['P30D', '2026-03-02T12:00:00Z'],
    ['P1M', '2026-02-28T12:00:00Z'],
    ['P1Y2DT1H', '2027-02-02T13:00:00Z'],
    ['-P1D', '2026-01-30T12:00:00Z'],
  ])('moves by %s', (duration, expected) => {
    const clock = at();
    clock.advance(duration);
    expect(clock.now()).toEqual(new Date(expected));
  });

  it('tells of each move', () => {
    const clock = at();
    const told: Date[] = [];
    clock.onChange(() => told.push(clock.now()));
    clock.advance('PT1H');
    clock.set(start);
    expect(told).toEqual([new Date('2026-01-31T13:00:00Z'), start]);
  });

  it.each(['a month', '30D', ''])('refuses %p', (duration) => {
    expect(() => at().advance(duration)).toThrow(RangeError);
  });
  it('refuses what is no time', () => {
    expect(() => at().set(new Date('tomorrow'))).toThrow('not a point in time');
  });
});
