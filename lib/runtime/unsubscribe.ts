import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { Channel, type Purpose } from '../loyalty/channels.ts';
import { optionalSetting, setting } from './config.ts';
import { dynamodb } from './dynamodb.ts';

/** What a link says no to: offers, or whatever comes that way. */
export interface Unsubscription {
  readonly memberId: string;
  readonly channel: Channel;
  readonly purpose?: 'marketing' | undefined;
}

const KEY_BYTES = 32;
/** 132 bits. */
const SIGNATURE_LENGTH = 22;

/**
 * Links by which a member says no without logging in, as long as there are messages that hold one: they never expire. The
 * key that signs them is made at the first use. It opens nothing: whoever had it could say no in others' names. So it lies
 * with what else the functions keep, and costs no secret and no call of its own.
 */
export function openUnsubscribing({ client, table }: { client: DynamoDBClient; table: string }) {
  let key: Promise<Buffer> | undefined;

  /** The first that was made stands, whoever makes another at the same time. */
  async function readKey(): Promise<Buffer> {
    const { Attributes } = await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: 'UNSUBSCRIBE' }, sk: { S: 'KEY' } },
        UpdateExpression: 'SET signingKey = if_not_exists(signingKey, :fresh)',
        ExpressionAttributeValues: { ':fresh': { B: randomBytes(KEY_BYTES) } },
        ReturnValues: 'ALL_NEW',
      }),
    );
    const bytes = Attributes?.signingKey?.B;
    // No key, no signature: an empty one would let everybody in.
    if (!bytes || bytes.length !== KEY_BYTES) throw new Error('the key that signs links is not as it was made');
    return Buffer.from(bytes);
  }

  async function signature({ memberId, channel, purpose }: Unsubscription): Promise<string> {
    key ??= readKey();
    try {
      const text = JSON.stringify(['unsubscribe', memberId, channel, purpose ?? 'all']);
      return createHmac('sha256', await key)
        .update(text)
        .digest('base64url')
        .slice(0, SIGNATURE_LENGTH);
    } catch (error) {
      // What could not be read once is read again the next time.
      key = undefined;
      throw error;
    }
  }

  return {
    /** The part of the link after the question mark. */
    async queryFor(what: Unsubscription): Promise<string> {
      const { memberId: m, channel: c, purpose: p } = what;
      return new URLSearchParams({ m, c, ...(p && { p }), s: await signature(what) }).toString();
    },

    /** What a link asks for; `undefined` for one that is not ours, or not whole. */
    async read({ m, c, p, s }: Readonly<Record<string, string | undefined>>): Promise<Unsubscription | undefined> {
      const { data: channel } = Channel.safeParse(c);
      if (!m || !s || !channel || (p !== undefined && p !== 'marketing')) return undefined;
      const what: Unsubscription = { memberId: m, channel, purpose: p };
      const [ours, theirs] = [Buffer.from(await signature(what)), Buffer.from(s)];
      return ours.length === theirs.length && timingSafeEqual(ours, theirs) ? what : undefined;
    },
  };
}

let opened: ReturnType<typeof openUnsubscribing> | undefined;
export function unsubscribing(): ReturnType<typeof openUnsubscribing> {
  opened ??= openUnsubscribing({ client: dynamodb, table: setting('TABLE_PROGRAM') });
  return opened;
}

/**
 * Where a member says no to more of what a message of that purpose is: for the List-Unsubscribe of an e-mail, and for the
 * link at its end. Who wants no news of the own points wants none at all. `undefined` where the function is not told the
 * API's address.
 */
export async function unsubscribeUrl(
  memberId: string,
  channel: Channel,
  purpose?: Purpose,
): Promise<string | undefined> {
  const api = optionalSetting('API_URL');
  if (api === undefined) return undefined;
  const what = { memberId, channel, ...(purpose === 'marketing' && { purpose }) };
  return `${api}/v1/unsubscribe?${await unsubscribing().queryFor(what)}`;
}
