import { isMeasured } from '../loyalty/effects.ts';
import type { Program } from '../loyalty/program.ts';
import { needsOf, type ReportRequest, type ReportTable, reportOf } from '../loyalty/report-tables.ts';
import type { CampaignRow } from './campaign-rows.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import type { Reports } from './reports.ts';

export interface ReportSources {
  readonly reports: Pick<Reports, 'tallies' | 'sides'>;
  readonly campaigns: () => Promise<readonly CampaignRow[]>;
  readonly deliveries: DeliveryCounts['lines'];
  readonly program: Program;
  /** Whether to go on where everybody has to be asked. */
  readonly hasTime?: () => boolean;
}

/** Gathers what a report is made from, and makes it. */
export async function makeReport(
  request: ReportRequest,
  { reports, campaigns, deliveries, program, hasTime = () => true }: ReportSources,
): Promise<ReportTable> {
  const { name, to } = request;
  const needs = needsOf(request);
  const tallies = needs ? await reports.tallies(needs.by, { from: needs.from, to }) : [];
  if (name === 'deliveries') return reportOf(request, { tallies, deliveries: await deliveries(request) }, program);
  if (name !== 'effects') return reportOf(request, { tallies }, program);
  const measured = (await campaigns())
    .filter(({ startedAt, state }) => startedAt !== undefined || state === 'scheduled')
    .map(({ campaign }) => campaign)
    .filter((campaign) => isMeasured(campaign, program, request));
  const sides = await reports.sides(measured, { to, hasTime });
  return reportOf(request, { tallies, campaigns: measured, sides }, program);
}
