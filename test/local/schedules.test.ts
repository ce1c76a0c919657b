import { describe, expect, it } from '@jest/globals';
import type { ScheduleDefinition } from '../../lib/local/aws/scheduler.ts';
import { newestRuns } from '../../lib/local/schedules.ts';

const schedule = (expression: string): ScheduleDefinition => ({
  name: 's',
  group: 'default',
  arn: 'arn:aws:scheduler:eu-central-1:000000000000:schedule/default/s',
  expression,
  timeZone: 'Europe/Berlin',
  enabled: true,
  createdAt: '2026-01-01T00:00:00Z',
  afterCompletion: 'NONE',
  target: { arn: 'arn:aws:sqs:eu-central-1:000000000000:q', roleArn: '' },
});
const runs = (expression: string, after: string, until: string, most?: number) =>
  newestRuns(schedule(expression), new Date(after), new Date(until), most).map((run) => run.toISOString());

describe('the newest runs in a stretch of time', () => {
  it('are all of them when they are few, its end included and its start not', () => {
    expect(runs('rate(15 minutes)', '2026-02-01T00:00:00Z', '2026-02-01T00:30:00Z')).toEqual([
      '2026-02-01T00:15:00.000Z',
      '2026-02-01T00:30:00.000Z',
    ]);
  });

  it('are the last few when they are many, earliest first', () => {
    expect(runs('cron(30 3 * * ? *)', '2026-01-01T00:00:00Z', '2026-12-31T23:00:00Z', 2)).toEqual([
      '2026-12-30T02:30:00.000Z',
      '2026-12-31T02:30:00.000Z',
    ]);
  });

  it('are found however long ago they were', () => {
    expect(runs('cron(0 12 29 2 ? *)', '2026-01-01T00:00:00Z', '2031-12-31T00:00:00Z')).toEqual([
      '2028-02-29T11:00:00.000Z',
    ]);
  });

  it('are none when there were none', () => {
    expect(runs('at(2030-01-01T00:00:00)', '2026-01-01T00:00:00Z', '2029-01-01T00:00:00Z')).toEqual([]);
  });
});
