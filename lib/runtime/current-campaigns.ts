import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Campaign } from '../loyalty/campaign.ts';
import { keptFresh } from './kept-fresh.ts';

/** The one row that tills read: campaigns that are planned, on, or ended so lately that a sale of then may still be told. */
export const CURRENT_KEY = { pk: { S: 'CAMPAIGNS' }, sk: { S: 'CURRENT' } };

export const campaignsIn = (item: Record<string, { S?: string | undefined }> | undefined): readonly Campaign[] =>
  item?.campaigns?.S === undefined ? [] : (JSON.parse(item.campaigns.S) as Campaign[]);

/** A campaign is planned ahead and counts by its own times: only one that is stopped early goes on for so long elsewhere. */
const FRESH_MS = 5_000;

export function openCurrentCampaigns({
  client,
  table,
  now = () => Date.now(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => number;
}): () => Promise<readonly Campaign[]> {
  const read = async () => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: CURRENT_KEY, ConsistentRead: true }),
    );
    return campaignsIn(Item);
  };
  return keptFresh(read, { freshMs: FRESH_MS, now }).current;
}
