import { addDays, dayIn } from '../lib/loyalty/calendar.ts';
import { csvOf, needsOf, reportOf } from '../lib/loyalty/report-tables.ts';
import type { ReportAnswer, SegmentCountAnswer, SegmentMembersAnswer } from '../lib/runtime/answers/reports.ts';
import { countSegment, getReport, listSegment, REPORT_DAYS_MAX } from '../lib/runtime/api/reports.ts';
import { merchant } from '../lib/runtime/config.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { problem } from '../lib/runtime/problem.ts';
import { reports } from '../lib/runtime/reporting.ts';
import { openSegments } from '../lib/runtime/segments.ts';
import { members } from '../lib/runtime/shop.ts';

const today = () => dayIn(merchant().program.timeZone, new Date());

const segments = () =>
  openSegments({
    reports: reports(),
    people: (memberIds) => members().getEach(memberIds),
    program: merchant().program,
  });

/** How long one answer looks through the members; the rest is the next page's. */
const LOOK_MS = 5_000;

const looking = (after: string | undefined, limit: number) => {
  const until = Date.now() + LOOK_MS;
  return { after, limit, today: today(), hasTime: () => Date.now() < until };
};

/** What staff ask about all members at once: sums by day, and who is meant by a segment. */
export const handler = api(
  endpoint(getReport, async ({ format, from: first, to: last, ...asked }) => {
    const to = last ?? (first !== undefined && first > today() ? first : today());
    const from = first ?? addDays(to, -29);
    if (addDays(from, REPORT_DAYS_MAX) <= to)
      return problem(400, 'invalid-request', {
        errors: [{ path: 'from', message: `is too long ago: at most ${REPORT_DAYS_MAX} days` }],
      });
    const request = { ...asked, from, to };
    const needs = needsOf(request);
    const body: ReportAnswer = reportOf(
      request,
      await reports().tallies(needs.by, { from: needs.from, to }),
      merchant().program,
    );
    return format === 'json'
      ? { status: 200, body }
      : {
          status: 200,
          text: csvOf(body),
          headers: {
            'content-type': 'text/csv; charset=utf-8',
            'content-disposition': `attachment; filename="${body.name}-${from}-${to}.csv"`,
          },
        };
  }),

  endpoint(countSegment, async ({ segment, after }) => {
    const { memberIds, ...rest } = await segments().find(segment, looking(after, Number.POSITIVE_INFINITY));
    return { status: 200, body: { count: memberIds.length, ...rest } satisfies SegmentCountAnswer };
  }),

  endpoint(listSegment, async ({ segment, after, limit }) => {
    const { memberIds, ...rest } = await segments().find(segment, looking(after, limit));
    return { status: 200, body: { members: memberIds, ...rest } satisfies SegmentMembersAnswer };
  }),
);
