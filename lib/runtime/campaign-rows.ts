import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Campaign } from '../loyalty/campaign.ts';
import { isOn } from '../loyalty/campaigning.ts';

export const CAMPAIGN_STATES = ['draft', 'scheduled', 'live', 'ended', 'cancelled'] as const;
export type CampaignState = (typeof CAMPAIGN_STATES)[number];

/** A campaign, and what has become of it. `endsAt` is when it really ended, where somebody stopped it. */
export interface CampaignRow {
  readonly campaign: Campaign;
  readonly state: CampaignState;
  readonly createdAt: string;
  readonly scheduledAt?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Of what it was created with: the same again is the same. */
  readonly fingerprint: string;
  /** What the world has heard of it; and that the looking up of those whom its message is for has begun. */
  readonly told: readonly ('started' | 'ended' | 'messages')[];
}

export const campaignKey = (id: string) => ({ pk: { S: 'CAMPAIGN' }, sk: { S: id } });

export const rowIn = (item: Record<string, { S?: string | undefined }> | undefined): CampaignRow | undefined =>
  item?.row?.S === undefined ? undefined : (JSON.parse(item.row.S) as CampaignRow);

/** One campaign, for those who only read it: what may be written of one is checked elsewhere. */
export async function readCampaign(
  { client, table }: { client: DynamoDBClient; table: string },
  id: string,
): Promise<CampaignRow | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: campaignKey(id), ConsistentRead: true }),
  );
  return rowIn(Item);
}

/** The words of a campaign that are to be sent now; `undefined` before it is on, and from the moment that it is not. */
export const messageOf = (
  row: CampaignRow | undefined,
  now: Date,
): { readonly campaign: Campaign; readonly texts: Readonly<Record<string, string>> } | undefined =>
  row?.state === 'live' && isOn(row.campaign, now) && row.campaign.effect.kind === 'message'
    ? { campaign: row.campaign, texts: row.campaign.effect.texts }
    : undefined;
