import * as z from 'zod';
import { addDays } from '../../loyalty/calendar.ts';
import { GROUPINGS, GROUPINGS_OF, REPORTS } from '../../loyalty/report-tables.ts';
import { Segment } from '../../loyalty/segment.ts';
import { route } from './route.ts';

/** Three years of days: more rows than that are for the export. */
export const REPORT_DAYS_MAX = 1_100;

export const getReport = route('GET /v1/reports/{name}', 'staff', () =>
  z
    .strictObject({
      name: z.enum(REPORTS),
      /** The first day, in the merchant's zone. Absent: thirty days up to the last; of what is by the month, twelve months. */
      from: z.iso.date().optional(),
      /** The last day. Absent: today. */
      to: z.iso.date().optional(),
      by: z.enum(GROUPINGS).optional(),
      format: z.enum(['json', 'csv']).default('json'),
    })
    .check(({ value, issues }) => {
      const fault = (path: string, message: string) =>
        issues.push({ code: 'custom', input: value, path: [path], message });
      const { from, to, by, name } = value;
      if (from !== undefined && to !== undefined && to < from) fault('to', 'is before from');
      else if (from !== undefined && to !== undefined && addDays(from, REPORT_DAYS_MAX) <= to)
        fault('to', `is too far from from: at most ${REPORT_DAYS_MAX} days`);
      const groupings = GROUPINGS_OF[name];
      if (by !== undefined && !groupings.includes(by))
        fault(
          'by',
          groupings.length > 0
            ? `"${name}" can be told by ${groupings.join(' or ')}`
            : `"${name}" is told one way only`,
        );
    }),
);

/** Where a page ended. */
const after = z
  .string()
  .regex(/^\d{1,2}#[\w-]{0,100}$/, 'is not the `next` of a page')
  .optional();

export const countSegment = route('POST /v1/segments/count', 'staff', () =>
  z.strictObject({ segment: Segment, after }),
);

export const listSegment = route('POST /v1/segments/members', 'staff', () =>
  z.strictObject({ segment: Segment, after, limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
);
