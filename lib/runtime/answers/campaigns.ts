import type { Campaign } from '../../loyalty/campaign.ts';
import type { CampaignRow, CampaignState } from '../campaign-rows.ts';

/** A campaign, and how it stands. */
export type CampaignAnswer = Campaign & {
  readonly state: CampaignState;
  readonly createdAt: string;
  readonly scheduledAt?: string | undefined;
  readonly startedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  /** Of its budget, as far as it was put aside. */
  readonly usedPoints?: number | undefined;
};

export const campaignAnswer = (
  { campaign, state, createdAt, scheduledAt, startedAt, endedAt }: CampaignRow,
  usedPoints?: number,
): CampaignAnswer => ({
  ...campaign,
  state,
  createdAt,
  scheduledAt,
  startedAt,
  endedAt,
  usedPoints,
});

/** What a campaign would have given to the members of one page, had it been on in those days. */
export interface DryRunAnswer {
  readonly from: string;
  readonly to: string;
  /** Looked at. */
  readonly members: number;
  readonly given: { readonly members: number; readonly points: number };
  /** Withheld from the hold-out share. */
  readonly held: { readonly members: number; readonly points: number };
  /** Each member who would have got something. */
  readonly who: readonly { readonly memberId: string; readonly points: number; readonly held: boolean }[];
  /** `after` of the next page; absent on the last. */
  readonly next?: string | undefined;
}
