import { describe, expect, it } from '@jest/globals';
import { parseExpression } from '../../../lib/local/aws/schedule-expression.ts';
import { nextRuns, type ScheduleDefinition } from '../../../lib/local/aws/scheduler.ts';

const schedule = (expression: string, more: Partial<ScheduleDefinition> = {}): ScheduleDefinition => ({
  name: 'n',
  group: 'default',
  arn: 'arn',
  expression,
  timeZone: 'Europe/Berlin',
  enabled: true,
  createdAt: '2026-01-01T00:00:00.000Z',
  afterCompletion: 'NONE',
  target: { arn: 'q', roleArn: 'r' },
  ...more,
});
const runs = (expression: string, after: string, until: string, more?: Partial<ScheduleDefinition>) =>
  nextRuns(schedule(expression, more), new Date(after), new Date(until)).map((run) => run.toISOString().slice(0, 16));

describe('a cron expression runs', () => {
  it.each([
    [
      'daily at a local time',
      'cron(30 3 * * ? *)',
      '2026-01-31T00:00Z',
      '2026-02-02T00:00Z',
      ['2026-01-31T02:30', '2026-02-01T02:30'],
    ],
    [
      'after, but not at, the first moment',
      'cron(30 3 * * ? *)',
      '2026-01-31T02:30Z',
      '2026-02-01T02:30Z',
      ['2026-02-01T02:30'],
    ],
    [
      'on weekdays by AWS’s count, from Sunday = 1',
      'cron(0 12 ? * 2 *)',
      '2026-02-01T00:00Z',
      '2026-02-10T00:00Z',
      ['2026-02-02T11:00', '2026-02-09T11:00'],
    ],
    [
      'on weekdays by name',
      'cron(0 12 ? * FRI-SAT *)',
      '2026-02-01T00:00Z',
      '2026-02-08T00:00Z',
      ['2026-02-06T11:00', '2026-02-07T11:00'],
    ],
    [
      'on days of the month',
      'cron(0 0 1,15 * ? *)',
      '2026-02-01T00:00Z',
      '2026-03-14T00:00Z',
      ['2026-02-14T23:00', '2026-02-28T23:00'],
    ],
    [
      'on the last day of the month',
      'cron(0 12 L 2 ? *)',
      '2026-01-01T00:00Z',
      '2028-12-31T00:00Z',
      ['2026-02-28T11:00', '2027-02-28T11:00', '2028-02-29T11:00'],
    ],
    [
      'on 29 February, in leap years',
      'cron(0 12 29 FEB ? *)',
      '2026-01-01T00:00Z',
      '2032-12-31T00:00Z',
      ['2028-02-29T11:00', '2032-02-29T11:00'],
    ],
    ['in one year', 'cron(0 12 1 1 ? 2027)', '2026-01-01T12:00Z', '2029-01-01T12:00Z', ['2027-01-01T11:00']],
    [
      'in steps',
      'cron(0/20 6-7 1 1 ? *)',
      '2026-12-31T00:00Z',
      '2027-01-02T00:00Z',
      [
        '2027-01-01T05:00',
        '2027-01-01T05:20',
        '2027-01-01T05:40',
        '2027-01-01T06:00',
        '2027-01-01T06:20',
        '2027-01-01T06:40',
      ],
    ],
    [
      'in steps from a value',
      'cron(50/5 0 1 1 ? *)',
      '2026-12-31T00:00Z',
      '2027-01-02T00:00Z',
      ['2026-12-31T23:50', '2026-12-31T23:55'],
    ],
  ])('%s', (_, expression, after, until, expected) => {
    expect(runs(expression, after, until)).toEqual(expected);
  });

  it('not when the clocks skip its time in spring', () => {
    expect(runs('cron(30 2 * * ? *)', '2026-03-28T00:00Z', '2026-03-31T00:00Z')).toEqual([
      '2026-03-28T01:30',
      '2026-03-30T00:30',
    ]);
  });
  it('once when the clocks pass its time twice in autumn', () => {
    expect(runs('cron(30 2 * * ? *)', '2026-10-24T12:00Z', '2026-10-26T12:00Z')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });
  it('on days of its own zone', () => {
    expect(
      runs('cron(0 1 1 1 ? *)', '2026-12-30T00:00Z', '2027-01-02T00:00Z', { timeZone: 'Pacific/Auckland' }),
    ).toEqual(['2026-12-31T12:00']);
  });
  it('between its start and its end', () => {
    const between = { startsAt: '2026-02-02T00:00:00Z', endsAt: '2026-02-03T11:00:00Z' };
    expect(runs('cron(0 12 * * ? *)', '2026-02-01T00:00Z', '2026-02-28T00:00Z', between)).toEqual([
      '2026-02-02T11:00',
      '2026-02-03T11:00',
    ]);
  });
});

describe('a rate runs', () => {
  it('each interval from when the schedule was made', () => {
    expect(runs('rate(15 minutes)', '2026-01-01T00:00Z', '2026-01-01T00:45Z')).toEqual([
      '2026-01-01T00:15',
      '2026-01-01T00:30',
      '2026-01-01T00:45',
    ]);
    expect(runs('rate(15 minutes)', '2026-01-05T00:07Z', '2026-01-05T00:31Z')).toEqual([
      '2026-01-05T00:15',
      '2026-01-05T00:30',
    ]);
  });
  it('from its start on, if it has one', () => {
    expect(runs('rate(1 day)', '2026-01-01T00:00Z', '2026-01-04T00:00Z', { startsAt: '2026-01-02T10:00:00Z' })).toEqual(
      ['2026-01-02T10:00', '2026-01-03T10:00'],
    );
  });
  it('no more than the time allows', () => {
    expect(runs('rate(1 hour)', '2026-01-01T00:00Z', '2026-01-01T00:59Z')).toEqual([]);
    expect(runs('rate(1 hour)', '2026-01-02T00:00Z', '2026-01-01T00:00Z')).toEqual([]);
  });
});

describe('a one-time schedule runs', () => {
  it.each([
    ['at its local time', 'at(2026-07-01T10:00:00)', ['2026-07-01T08:00']],
    ['later by the gap, when the clocks skip it', 'at(2026-03-29T02:30:00)', ['2026-03-29T01:30']],
    ['never, when it is over', 'at(2025-07-01T10:00:00)', []],
  ])('%s', (_, expression, expected) => {
    expect(runs(expression, '2026-01-01T00:00Z', '2027-01-01T00:00Z')).toEqual(expected);
  });
  it('not when it is switched off', () => {
    expect(runs('at(2026-07-01T10:00:00)', '2026-01-01T00:00Z', '2027-01-01T00:00Z', { enabled: false })).toEqual([]);
  });
});

describe('an expression that AWS would refuse, or that is not known here, is refused', () => {
  it.each([
    ['at(2026-07-01)', 'at(yyyy-mm-ddThh:mm:ss) is the form'],
    ['at(2026-02-30T10:00:00)', ''],
    ['rate(1 minutes)', 'rate(1 minute)'],
    ['rate(5 minute)', 'rate(1 minute)'],
    ['rate(0 days)', 'rate(1 minute)'],
    ['every(5 minutes)', 'at(…), rate(…) and cron(…)'],
    ['cron(0 12 * * ?)', 'day of week and year are needed'],
    ['cron(0 12 * * * *)', 'exactly one of day of month and day of week must be ?'],
    ['cron(0 12 ? * ? *)', 'exactly one of day of month and day of week must be ?'],
    ['cron(60 12 * * ? *)', '"60"'],
    ['cron(0 12 ? * 0 *)', '"0"'],
    ['cron(0 12 ? * 6#3 *)', '"6#3"'],
    ['cron(0 12 15W * ? *)', '"15W"'],
    ['cron(0 8-6 * * ? *)', '"8-6" is no range'],
    ['cron(0/0 12 * * ? *)', '"0/0" is no range'],
  ])('%s', (expression, message) => {
    expect(() => parseExpression(expression)).toThrow(message);
  });
});
