import { addDays, dayIn } from '../lib/loyalty/calendar.ts';
import { csvOf, firstDayOf } from '../lib/loyalty/report-tables.ts';
import type { Segment } from '../lib/loyalty/segment.ts';
import { wordFaults } from '../lib/loyalty/segmenting.ts';
import type { ReportAnswer, SegmentCountAnswer, SegmentMembersAnswer } from '../lib/runtime/answers/reports.ts';
import { countSegment, getReport, listSegment, REPORT_DAYS_MAX } from '../lib/runtime/api/reports.ts';
import { openCampaigns } from '../lib/runtime/campaigns.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { openDeliveryCounts } from '../lib/runtime/delivery-counts.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { makeReport } from '../lib/runtime/report-making.ts';
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

const timed = () => {
  const until = Date.now() + LOOK_MS;
  return () => Date.now() < until;
};

const looking = (after: string | undefined, limit: number) => ({ after, limit, today: today(), hasTime: timed() });

/** Words that mean nothing in this program: they would be asked of everybody, and hold for nobody. */
function refused(segment: Segment): Answer | undefined {
  const faults = wordFaults(segment, merchant().program);
  return faults.length === 0
    ? undefined
    : problem(400, 'invalid-request', { errors: faults.map((message) => ({ path: 'segment', message })) });
}

/** What staff ask about all members at once: sums by day, and who is meant by a segment. */
export const handler = api(
  endpoint(getReport, async ({ format, from: first, to: last, ...asked }) => {
    const to = last ?? (first !== undefined && first > today() ? first : today());
    const from = first ?? firstDayOf(asked.name, to);
    if (addDays(from, REPORT_DAYS_MAX) <= to)
      return problem(400, 'invalid-request', {
        errors: [{ path: 'from', message: `is too long ago: at most ${REPORT_DAYS_MAX} days` }],
      });
    const request = { ...asked, from, to };
    const { program } = merchant();
    const table = setting('TABLE_PROGRAM');
    const body: ReportAnswer = await makeReport(request, {
      reports: reports(),
      campaigns: openCampaigns({ client: dynamodb, table, program }).list,
      deliveries: openDeliveryCounts({ client: dynamodb, table }).lines,
      program,
      hasTime: timed(),
    });
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
    const refusal = refused(segment);
    if (refusal) return refusal;
    const { memberIds, ...rest } = await segments().find(segment, looking(after, Number.POSITIVE_INFINITY));
    return { status: 200, body: { count: memberIds.length, ...rest } satisfies SegmentCountAnswer };
  }),

  endpoint(listSegment, async ({ segment, after, limit }) => {
    const refusal = refused(segment);
    if (refusal) return refusal;
    const { memberIds, ...rest } = await segments().find(segment, looking(after, limit));
    return { status: 200, body: { members: memberIds, ...rest } satisfies SegmentMembersAnswer };
  }),
);
