import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Campaign } from '../loyalty/campaign.ts';
import { campaignBudgets } from '../loyalty/campaigning.ts';
import type { Draft } from '../loyalty/entry.ts';
import type { Program } from '../loyalty/program.ts';
import { LedgerBusy } from './journal.ts';
import { isOvertaken } from './overtaken.ts';

/**
 * What a rule or a campaign may give over all members. The total stands in one row, and beside it what was put aside for each entry,
 * under its business key: asking again finds it, and a member's own transaction never waits for everybody else's. What
 * was put aside for an entry that never came stays put aside: a budget may be used less than in full, never more.
 */
export type Budgets = ReturnType<typeof openBudgets>;

/** Rule → points. A campaign is one under the name of its part. */
export type ByRule = Readonly<Record<string, number>>;
type ByWanted = Readonly<Record<string, Wanted>>;

/** As long as a sale may be told again, and longer. */
const KEPT_DAYS = 800;
const ATTEMPTS = 64;
const BACKOFF_MS = { base: 4, max: 250 };

/** What is wanted of a budget, and how large the whole of it is. */
export interface Wanted {
  readonly points: number;
  readonly of: number;
}

/** What the rules and campaigns with a budget would give, if there is enough of it. */
export function wantedBy(
  { detail }: Pick<Draft, 'detail'>,
  { rules }: Pick<Program, 'rules'>,
  campaigns?: readonly Campaign[],
): Readonly<Record<string, Wanted>> {
  const parts = detail.kind === 'sale' || detail.kind === 'activity' ? detail.parts : [];
  const budgets = campaignBudgets(campaigns);
  const wanted: Record<string, Wanted> = {};
  for (const { rule, points } of parts) {
    const of = budgetOf(rules, rule) ?? budgets[rule];
    // What a campaign adds to several rules comes out of one budget.
    if (points > 0 && of !== undefined) wanted[rule] = { points: points + (wanted[rule]?.points ?? 0), of };
  }
  return wanted;
}

const budgetOf = (rules: Program['rules'], id: string): number | undefined =>
  rules.find((rule) => rule.id === id)?.budgetPoints;

export function openBudgets({
  client,
  table,
  now = () => new Date(),
  random = Math.random,
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => Date;
  random?: () => number;
}) {
  const total = (rule: string) => ({ pk: { S: `B#${rule}` }, sk: { S: 'B' } });
  const share = (rule: string, memberId: string, key: string) => ({
    pk: { S: `B#${rule}` },
    sk: { S: `${memberId}#${key}` },
  });

  async function pointsAt(Key: Record<string, AttributeValue>): Promise<number> {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Number(Item?.points?.N ?? 0);
  }

  /** What is put aside for the entry, and what more of what it wants there is. */
  async function standing(rule: string, memberId: string, key: string, { points: wanted, of }: Wanted) {
    const granted = await pointsAt(share(rule, memberId, key));
    if (granted >= wanted) return { granted, more: 0 };
    const used = await pointsAt(total(rule));
    const left = of - used;
    return { granted, more: Math.max(0, Math.min(wanted - granted, left)) };
  }

  async function reserve(rule: string, memberId: string, key: string, wanted: Wanted): Promise<number> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const { granted, more } = await standing(rule, memberId, key, wanted);
      if (more === 0 || (await putAside(rule, memberId, key, { granted, more, of: wanted.of })))
        return Math.min(wanted.points, granted + more);
      await wait(random() * Math.min(BACKOFF_MS.max, BACKOFF_MS.base * 2 ** attempt));
    }
    throw new LedgerBusy(`no budget was put aside after ${ATTEMPTS} tries`);
  }

  /** `false` when somebody was faster: look again at what is left. */
  async function putAside(
    rule: string,
    memberId: string,
    key: string,
    { granted, more, of }: { readonly granted: number; readonly more: number; readonly of: number },
  ): Promise<boolean> {
    const ttl = String(Math.floor(now().getTime() / 1000) + KEPT_DAYS * 86_400);
    try {
      await client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            {
              Update: {
                TableName: table,
                Key: total(rule),
                UpdateExpression: 'ADD points :more',
                ConditionExpression: 'attribute_not_exists(points) OR points <= :most',
                ExpressionAttributeValues: {
                  ':more': { N: String(more) },
                  ':most': { N: String(of - more) },
                },
              },
            },
            {
              Update: {
                TableName: table,
                Key: share(rule, memberId, key),
                UpdateExpression: 'SET points = :after, #ttl = :ttl',
                ConditionExpression: granted === 0 ? 'attribute_not_exists(points)' : 'points = :before',
                ExpressionAttributeNames: { '#ttl': 'ttl' },
                ExpressionAttributeValues: {
                  ':after': { N: String(granted + more) },
                  ':ttl': { N: ttl },
                  ...(granted > 0 && { ':before': { N: String(granted) } }),
                },
              },
            },
          ],
        }),
      );
      return true;
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw error;
    }
  }

  const each = async (wanted: ByWanted, ask: (rule: string, wanted: Wanted) => Promise<number>): Promise<ByRule> => {
    const granted: Record<string, number> = {};
    // One after the other: two entries that want the same two would be in each other's way otherwise.
    for (const [rule, one] of Object.entries(wanted)) granted[rule] = await ask(rule, one);
    return granted;
  };

  return {
    /** Puts aside what the entry under that key wants, or what is left of it. Again, it is the same. */
    reserve: (memberId: string, key: string, wanted: ByWanted): Promise<ByRule> =>
      each(wanted, (rule, one) => reserve(rule, memberId, key, one)),

    /** What `reserve` would put aside now. */
    expect: (memberId: string, key: string, wanted: ByWanted): Promise<ByRule> =>
      each(wanted, async (rule, one) => {
        const { granted, more } = await standing(rule, memberId, key, one);
        return Math.min(one.points, granted + more);
      }),

    /** What has been put aside of a rule's budget so far. */
    used: (rule: string): Promise<number> => pointsAt(total(rule)),
  };
}
