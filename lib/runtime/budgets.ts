import { setTimeout as wait } from 'node:timers/promises';
import { type DynamoDBClient, GetItemCommand, QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import type { Campaign } from '../loyalty/campaign.ts';
import { campaignBudgets } from '../loyalty/campaigning.ts';
import type { Draft } from '../loyalty/entry.ts';
import type { Program } from '../loyalty/program.ts';
import { LedgerBusy } from './journal.ts';
import { isOvertaken } from './overtaken.ts';

/**
 * What a rule or a campaign may give over all members. How much is used stands in a few rows, each with a part of the
 * budget as its own limit, so that sales at the same time seldom meet and all of them together never exceed it; beside
 * them what was put aside for each entry, under its business key: asking again finds it, and a member's own transaction
 * never waits for everybody else's. What was put aside for an entry that never came stays put aside: a budget may be used
 * less than in full, never more.
 */
export type Budgets = ReturnType<typeof openBudgets>;

/** Rule → points. A campaign is one under the name of its part. */
export type ByRule = Readonly<Record<string, number>>;
type ByWanted = Readonly<Record<string, Wanted>>;

/** As long as a sale may be told again, and longer. */
const KEPT_DAYS = 800;
const ATTEMPTS = 64;
const BACKOFF_MS = { base: 4, max: 250 };

/** A budget of so much lies in one part more, up to so many: of a small one nobody finds much in a part. */
const PART = { points: 500, max: 32 };

/** How a budget is parted; the first parts have what does not come out even. */
function sizesOf(of: number): readonly number[] {
  const count = Math.min(PART.max, Math.max(1, Math.floor(of / PART.points)));
  return Array.from({ length: count }, (_, number) => Math.floor(of / count) + (number < of % count ? 1 : 0));
}

interface Budgeted {
  readonly number: number;
  readonly size: number;
  readonly left: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

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
  const part = (rule: string, number: number) => ({
    pk: { S: `B#${rule}` },
    sk: { S: number === 0 ? 'B' : `B#${String(number).padStart(2, '0')}` },
  });
  const share = (rule: string, memberId: string, key: string) => ({
    pk: { S: `B#${rule}` },
    sk: { S: `${memberId}#${key}` },
  });

  async function granted(rule: string, memberId: string, key: string): Promise<number> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: share(rule, memberId, key), ConsistentRead: true }),
    );
    return Number(Item?.points?.N ?? 0);
  }

  /** What has been put aside of each part. */
  async function usedByPart(rule: string): Promise<ReadonlyMap<string, number>> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        // The parts, and none of the shares: what parts a name from a number comes right before the dollar sign.
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':pk': { S: `B#${rule}` }, ':first': { S: 'B' }, ':last': { S: 'B$' } },
        ConsistentRead: true,
      }),
    );
    return new Map(Items.map(({ sk, points }) => [sk?.S ?? '', Number(points?.N ?? 0)]));
  }

  /** What is put aside for the entry, and what more of what it wants there is, in which parts. */
  async function standing(rule: string, memberId: string, key: string, { points: wanted, of }: Wanted) {
    const [has, used] = await Promise.all([granted(rule, memberId, key), usedByPart(rule)]);
    const parts = sizesOf(of).map((size, number) => ({
      number,
      size,
      left: Math.max(0, size - (used.get(part(rule, number).sk.S) ?? 0)),
    }));
    // Of a budget that was made smaller, single parts may have given more than is theirs now.
    const left = Math.min(sum(parts.map((one) => one.left)), of - sum([...used.values()]));
    return { has, more: Math.max(0, Math.min(wanted - has, left)), parts };
  }

  async function reserve(rule: string, memberId: string, key: string, wanted: Wanted): Promise<number> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const { has, more, parts } = await standing(rule, memberId, key, wanted);
      if (more === 0 || (await putAside(rule, memberId, key, { has, more, takes: takesOf(parts, more) })))
        return Math.min(wanted.points, has + more);
      await wait(random() * Math.min(BACKOFF_MS.max, BACKOFF_MS.base * 2 ** attempt));
    }
    throw new LedgerBusy(`no budget was put aside after ${ATTEMPTS} tries`);
  }

  /** From one part where one has enough, any of them; else from as few as it takes. */
  function takesOf(parts: readonly Budgeted[], more: number): readonly (Budgeted & { readonly take: number })[] {
    const enough = parts.filter(({ left }) => left >= more);
    const one = enough[Math.floor(random() * enough.length)];
    if (one) return [{ ...one, take: more }];
    let rest = more;
    return parts
      .toSorted((a, b) => b.left - a.left)
      .flatMap((each) => {
        const take = Math.min(rest, each.left);
        rest -= take;
        return take > 0 ? [{ ...each, take }] : [];
      });
  }

  /** `false` when somebody was faster: look again at what is left. */
  async function putAside(
    rule: string,
    memberId: string,
    key: string,
    { has, more, takes }: { readonly has: number; readonly more: number; readonly takes: ReturnType<typeof takesOf> },
  ): Promise<boolean> {
    const ttl = String(Math.floor(now().getTime() / 1000) + KEPT_DAYS * 86_400);
    try {
      await client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            ...takes.map(({ number, size, take }) => ({
              Update: {
                TableName: table,
                Key: part(rule, number),
                UpdateExpression: 'ADD points :take',
                ConditionExpression: 'attribute_not_exists(points) OR points <= :most',
                ExpressionAttributeValues: { ':take': { N: String(take) }, ':most': { N: String(size - take) } },
              },
            })),
            {
              Update: {
                TableName: table,
                Key: share(rule, memberId, key),
                UpdateExpression: 'SET points = :after, #ttl = :ttl',
                ConditionExpression: has === 0 ? 'attribute_not_exists(points)' : 'points = :before',
                ExpressionAttributeNames: { '#ttl': 'ttl' },
                ExpressionAttributeValues: {
                  ':after': { N: String(has + more) },
                  ':ttl': { N: ttl },
                  ...(has > 0 && { ':before': { N: String(has) } }),
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
        const { has, more } = await standing(rule, memberId, key, one);
        return Math.min(one.points, has + more);
      }),

    /** What has been put aside of a rule's budget so far. */
    used: async (rule: string): Promise<number> => sum([...(await usedByPart(rule)).values()]),
  };
}
