import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { count, log } from './log.ts';

/** So many failures in a row, of all who try, and the vendor is taken to be down. */
const OPENS_AFTER = 5;
/** Failures that lie further apart than this have nothing to do with each other. */
const ROW_MS = 5 * 60_000;
/** How long nobody tries; twice as long after each probe that fails, up to the longest. A day of it takes 300 probes. */
const REST_MS = { first: 30_000, longest: 5 * 60_000, asked: 60 * 60_000 };
/** What was read is good for so long: a worker that is busy asks the table every now and then, not with each thing. */
const FRESH_MS = 3_000;
const TURNS = 4;
/** A state that nobody touches is forgotten. */
const KEEP_SECONDS = 7 * 86_400;

/** What stands in the row. There is none while all is well. */
export interface BreakerState {
  /** In a row. */
  readonly failures: number;
  readonly failedAt: number;
  /** Why, the last time: in our own words. */
  readonly reason?: string;
  /** Present while it is open: since when, and until when nobody tries. */
  readonly openedAt?: number;
  readonly restsUntil?: number;
  /** Probes that have failed since. */
  readonly probes?: number;
  /** Somebody is trying, and the others wait for him. */
  readonly probingUntil?: number;
}

export interface BreakerOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly connector: string;
  /** Longer than a try takes: whoever probes for longer has died of it. */
  readonly probeMs: number;
  readonly now?: () => number;
}

/** What is removed of a row when all is well again: who may remove the whole row may remove others. */
const ABOUT_TROUBLE = ['failures', 'failedAt', 'reason', 'openedAt', 'restsUntil', 'probes', 'probingUntil'];
const WELL = {
  UpdateExpression: `REMOVE ${ABOUT_TROUBLE.map((name) => `#${name}`).join(', ')}`,
  ExpressionAttributeNames: Object.fromEntries(ABOUT_TROUBLE.map((name) => [`#${name}`, name])),
};

const keyOf = (connector: string) => ({ pk: { S: `BREAKER#${connector}` }, sk: { S: 'BREAKER' } });

/** For those who look at it from outside; `undefined` while all is well. */
export async function readBreaker(
  { client, table }: { client: DynamoDBClient; table: string },
  connector: string,
): Promise<BreakerState | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: keyOf(connector), ConsistentRead: true }),
  );
  return Item?.failures && (unmarshall(Item) as BreakerState);
}

/**
 * One for each vendor, shared by all who tell it anything. When it fails several times in a row nobody tries for a while;
 * then one does, and the others wait for what becomes of that. So a vendor that is down is not hammered, and what it is to
 * be told waits without using up its tries.
 */
export function openBreaker({ client, table, connector, probeMs, now = () => Date.now() }: BreakerOptions) {
  const key = keyOf(connector);
  let known: { readonly state: BreakerState | undefined; readonly at: number } | undefined;
  /** Who of this worker's has taken the probe. */
  let probe: { readonly by: object; readonly until: number } | undefined;

  async function state(): Promise<BreakerState | undefined> {
    if (!known || now() - known.at >= FRESH_MS)
      known = { state: await readBreaker({ client, table }, connector), at: now() };
    return known.state;
  }

  /** The row as it is then, or `undefined` when the condition does not hold. */
  async function change(
    expression: string,
    values: Readonly<Record<string, unknown>>,
    condition?: string,
  ): Promise<BreakerState | undefined> {
    try {
      const { Attributes = {} } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: key,
          UpdateExpression: expression,
          ...(condition && { ConditionExpression: condition }),
          ExpressionAttributeNames: Object.fromEntries(
            (`${expression} ${condition ?? ''}`.match(/#\w+/g) ?? []).map((name) => [name, name.slice(1)]),
          ),
          ExpressionAttributeValues: marshall(values),
          ReturnValues: 'ALL_NEW',
        }),
      );
      const state = unmarshall(Attributes) as BreakerState;
      known = { state, at: now() };
      return state;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      known = undefined;
      return undefined;
    }
  }

  /** The first of a row, or one more in it. `undefined`: overtaken each time, by those who have failed as well. */
  async function oneMore(reason: string): Promise<BreakerState | undefined> {
    const set = '#failedAt = :now, #reason = :reason, #ttl = :ttl';
    const values = {
      ':now': now(),
      ':reason': reason.slice(0, 300),
      ':ttl': Math.floor(now() / 1_000) + KEEP_SECONDS,
      ':one': 1,
      ':row': now() - ROW_MS,
    };
    const inRow = 'attribute_exists(#failures) AND (#failedAt >= :row OR attribute_exists(#openedAt))';
    const isFirst = 'attribute_not_exists(#failures) OR (#failedAt < :row AND attribute_not_exists(#openedAt))';
    for (let turn = 0; turn < TURNS; turn += 1) {
      const more =
        (await change(`SET #failures = #failures + :one, ${set}`, values, inRow)) ??
        (await change(`SET #failures = :one, ${set}`, values, isFirst));
      if (more) return more;
    }
    return undefined;
  }

  /** In the order in which they failed: what another has made of the row meanwhile stands. */
  async function open(before: BreakerState, failedProbe: boolean, askedSeconds: number): Promise<void> {
    const probes = failedProbe ? (before.probes ?? 0) + 1 : 0;
    const rest = Math.min(REST_MS.longest, REST_MS.first * 2 ** probes);
    const asked = Math.min(REST_MS.asked, askedSeconds * 1_000);
    const opened = await change(
      'SET #openedAt = if_not_exists(#openedAt, :now), #restsUntil = :until, #probes = :probes REMOVE #probingUntil',
      { ':now': now(), ':until': now() + Math.max(rest, asked), ':probes': probes, ':failures': before.failures },
      '#failures = :failures',
    );
    if (!opened) return;
    count('VendorDown');
    log.warn('the vendor is not tried for a while', { connector, failures: opened.failures, reason: opened.reason });
  }

  return {
    /** Seconds after which to come again; 0: go on, and say what came of it, or that nothing did. */
    async waitSeconds(by: object = {}): Promise<number> {
      const seen = await state();
      if (seen?.restsUntil === undefined) return 0;
      const until = Math.max(seen.restsUntil, seen.probingUntil ?? 0);
      if (until > now()) return Math.ceil((until - now()) / 1_000);
      const probingUntil = now() + probeMs;
      const taken = await change(
        'SET #probingUntil = :until',
        { ':until': probingUntil, ':now': now() },
        '#restsUntil <= :now AND (attribute_not_exists(#probingUntil) OR #probingUntil <= :now)',
      );
      if (taken) {
        probe = { by, until: probingUntil };
        return 0;
      }
      // Another was quicker; or all is well again, and there is no row any more.
      const after = await state();
      const next = Math.max(after?.restsUntil ?? 0, after?.probingUntil ?? 0);
      return Math.max(0, Math.ceil((next - now()) / 1_000));
    },

    /** Who has asked the vendor nothing after all does not keep others from it. */
    async leave(by: object): Promise<void> {
      if (probe?.by !== by) return;
      const { until } = probe;
      probe = undefined;
      await change('REMOVE #probingUntil', { ':until': until }, '#probingUntil = :until');
    },

    /** The vendor has answered: be it that it refuses what it was told. */
    async answered(): Promise<void> {
      probe = undefined;
      const seen = await state();
      if (!seen) return;
      await client.send(new UpdateItemCommand({ TableName: table, Key: key, ...WELL }));
      known = { state: undefined, at: now() };
      if (seen.openedAt !== undefined)
        log.info('the vendor answers again', { connector, afterSeconds: Math.round((now() - seen.openedAt) / 1_000) });
    },

    /** It has not. Whether it is taken to be down now, so that this is nobody's fault but the vendor's. */
    async failed(reason: string, askedSeconds = 0): Promise<boolean> {
      probe = undefined;
      const more = await oneMore(reason);
      if (!more) return false;
      if (more.openedAt !== undefined) {
        // Those who were on their way when it opened have nothing to add.
        if (more.probingUntil !== undefined && more.probingUntil > now()) await open(more, true, askedSeconds);
        return true;
      }
      if (more.failures < OPENS_AFTER) return false;
      await open(more, false, askedSeconds);
      return true;
    },
  };
}
