import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Caller } from './keyring.ts';
import { log, reasonOf } from './log.ts';

/** A till chain's busiest minute, and the upload of a day that was spent offline. */
const LIMIT = { perSecond: 100, burst: 2_000 };

/** Requests that one process may answer for each write to the bucket. What is left over when it stops is lost to the key. */
const LEASE = 20;
/** A lease that is not used up ends: a quiet key must not keep what it was given in a quieter hour. */
const LEASE_MS = 30_000;

interface Lease {
  left: number;
  until: number;
  /** Until then the bucket is known to be empty, and is not asked again. */
  emptyUntil: number;
}

/**
 * A bucket of tokens for each key, kept as the one number it takes: the time at which the bucket would be full again.
 * A request moves it on; too far ahead of now, and the bucket is empty. Tokens are taken from it in batches.
 */
export function openThrottle({
  client,
  table,
  now = () => Date.now(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => number;
}) {
  const leases = new Map<string, Lease>();

  /** Seconds after which to try again; 0: go on. */
  return async function throttled({ keyId, limit = LIMIT }: Pick<Caller, 'keyId' | 'limit'>): Promise<number> {
    const lease = leases.get(keyId) ?? { left: 0, until: 0, emptyUntil: 0 };
    leases.set(keyId, lease);
    const at = now();
    if (lease.left > 0 && lease.until > at) {
      lease.left -= 1;
      return 0;
    }
    if (lease.emptyUntil > at) return seconds(lease.emptyUntil - at);
    const size = Math.max(1, Math.min(LEASE, Math.floor(limit.burst / 4)));
    const emptyForMs = await take(keyId, size, limit, at);
    if (emptyForMs > 0) {
      lease.emptyUntil = at + emptyForMs;
      return seconds(emptyForMs);
    }
    lease.left = size - 1;
    lease.until = at + LEASE_MS;
    return 0;
  };

  async function take(
    keyId: string,
    tokens: number,
    limit: { perSecond: number; burst: number },
    at: number,
  ): Promise<number> {
    const cost = Math.ceil((tokens * 1000) / limit.perSecond);
    const depth = Math.ceil((limit.burst * 1000) / limit.perSecond);
    const latest = at + depth - cost;
    try {
      // Whoever finds the bucket full begins it anew; all others that found it so at the same time take their turn then.
      for (let turn = 0; turn < TURNS; turn += 1) {
        const fullAt = await move(keyId, 'fullAt + :cost', 'fullAt BETWEEN :now AND :latest', {
          cost,
          now: at,
          latest,
        });
        if (fullAt === undefined) return 0;
        // A time beyond any bucket comes from a clock that was set back.
        const isFull = fullAt < at || fullAt > at + depth;
        if (!isFull) return fullAt - latest;
        const values = { full: at + cost, now: at, beyond: at + depth };
        const when = 'attribute_not_exists(fullAt) OR fullAt < :now OR fullAt > :beyond';
        if ((await move(keyId, ':full', when, values)) === undefined) return 0;
      }
      // Always overtaken: the others are slowed down enough.
      return 0;
    } catch (error) {
      // Without its bucket a key is not slowed down: the stage's own throttle stands. Our own mistakes are no such case.
      if (error instanceof Error && MISBUILT.has(error.name)) throw error;
      log.warn('the throttle cannot be asked', { reason: reasonOf(error) });
      return 0;
    }
  }

  /** `undefined` when moved; else where it stands, or before all times when there is none. */
  async function move(
    keyId: string,
    to: string,
    when: string,
    values: Readonly<Record<string, number>>,
  ): Promise<number | undefined> {
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { pk: { S: `T#${keyId}` }, sk: { S: 'T' } },
          UpdateExpression: `SET fullAt = ${to}, #ttl = :ttl`,
          ConditionExpression: when,
          ExpressionAttributeNames: { '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, { N: String(value) }])),
            ':ttl': { N: String(Math.floor(now() / 1000) + 86_400) },
          },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return undefined;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return Number(error.Item?.fullAt?.N ?? Number.NEGATIVE_INFINITY);
    }
  }
}

const TURNS = 3;

const MISBUILT = new Set(['AccessDeniedException', 'ResourceNotFoundException', 'ValidationException']);

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
