import type { ReportTable } from '../../loyalty/report-tables.ts';

export type ReportAnswer = ReportTable;

export interface SegmentCountAnswer {
  /** How many of those that were looked at are meant. */
  readonly count: number;
  readonly looked: number;
  /** More are to be looked at: ask again with it as `after`, and add up. */
  readonly next?: string;
}

export interface SegmentMembersAnswer {
  readonly members: readonly string[];
  readonly looked: number;
  readonly next?: string;
}
