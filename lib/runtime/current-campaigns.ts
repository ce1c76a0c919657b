import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Campaign } from '../loyalty/campaign.ts';

/** The one row that tills read: campaigns that are planned, on, or ended so lately that a sale of then may still be told. */
export const CURRENT_KEY = { pk: { S: 'CAMPAIGNS' }, sk: { S: 'CURRENT' } };

export const campaignsIn = (item: Record<string, { S?: string | undefined }> | undefined): readonly Campaign[] =>
  item?.campaigns?.S === undefined ? [] : (JSON.parse(item.campaigns.S) as Campaign[]);

/** A campaign is planned ahead and counts by its own times: only one that is stopped early goes on for so long elsewhere. */
const FRESH_MS = 5_000;

/** Read once in a while by each copy of a function, and by all who ask meanwhile together. */
export function openCurrentCampaigns({
  client,
  table,
  now = () => Date.now(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => number;
}): () => Promise<readonly Campaign[]> {
  let read: { readonly at: number; readonly campaigns: Promise<readonly Campaign[]> } | undefined;
  const fetch = async () => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: CURRENT_KEY, ConsistentRead: true }),
    );
    return campaignsIn(Item);
  };
  return async () => {
    const at = now();
    if (!read || Math.abs(at - read.at) > FRESH_MS) read = { at, campaigns: fetch() };
    const current = read;
    try {
      return await current.campaigns;
    } catch (error) {
      // The next one asks again.
      if (read === current) read = undefined;
      throw error;
    }
  };
}
