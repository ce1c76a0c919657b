import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Account, Day } from '../../lib/loyalty/account.ts';
import { addDays } from '../../lib/loyalty/calendar.ts';
import { append, type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import { anniversaryOf } from '../../lib/loyalty/occasions.ts';
import { points } from '../../lib/loyalty/points.ts';
import { Program } from '../../lib/loyalty/program.ts';
import type { Reminder } from '../../lib/loyalty/reminded.ts';
import { type Item, shardOf, toAccountItem, toEntryItem } from '../../lib/runtime/items.ts';
import type { Tables } from '../dynamodb.ts';
import { programInput } from '../ledger/world.ts';
import type { Meter } from './meter.ts';
import { inFlight } from './report.ts';

/** Members as they lie in the tables, written straight there: so many that to live their lives would take a day. */

const gift = (activity: 'birthday' | 'anniversary' | 'monthly' | 'yearly', amount: number) => ({
  id: activity,
  on: 'activity' as const,
  when: [{ is: 'activity' as const, activities: [activity] }],
  multiplied: false,
  earn: { kind: 'flat' as const, points: amount },
});

/** Everything that a sweep does is something to this one. */
export const crowdProgram = Program.parse({
  ...programInput,
  startsOn: '2024-01-01',
  rules: [
    ...programInput.rules,
    gift('birthday', 100),
    gift('anniversary', 50),
    gift('monthly', 3),
    gift('yearly', 20),
  ],
  expiryReminders: [30, 7, 1],
  inactivity: { daysAfter: [30, 60, 90] },
  statements: true,
});

/** What somebody is due for on a day; `nothing` for a long time to come. */
export const REASONS = ['expiry', 'reminder', 'absence', 'activation', 'birthday', 'anniversary', 'nothing'] as const;
export type Reason = (typeof REASONS)[number];

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Of the form and length that enrolment draws, and the same in each run. */
export function memberIds(): () => string {
  let state = 20_261_215;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return ALPHABET[state >>> 27];
  };
  return () => `m_${Array.from({ length: 20 }, next).join('')}`;
}

/** Two years a member, a date in each month on which points lapse, a tier's window: half a kilobyte. */
function accountOf(memberId: string, reason: Reason, on: Day, index: number): Account {
  const later = addDays(on, 200 + (index % 150));
  const buckets: Record<Day, ReturnType<typeof points>> = {};
  for (let month = 0; month < 12; month += 1)
    buckets[addDays(later, 31 * month)] = points(120 + ((index + month) % 90));
  const reminders: Record<Day, Reminder> = {};
  const lots: Record<string, ReturnType<typeof points>> = {};
  if (reason === 'expiry') {
    const yesterday = addDays(on, -1);
    buckets[yesterday] = points(40);
    reminders[yesterday] = { rung: 1, points: points(40), entry: `${memberId}.39`, told: 'sent', on: addDays(on, -2) };
  }
  if (reason === 'reminder') buckets[addDays(on, 30)] = points(40);
  if (reason === 'activation') lots[`${on}/${later}`] = points(25);
  const sum = (amounts: Readonly<Record<string, number>>) =>
    points(Object.values(amounts).reduce((total, amount) => total + amount, 0));
  return {
    ...newAccount(memberId, 'gold'),
    seq: 40,
    headHash: 'f3c1a9d27b5e48061c9f3a7d2b8e5410f3c1a9d27b5e48061c9f3a7d2b8e5410',
    available: sum(buckets),
    pending: sum(lots),
    lifetime: points(4_000),
    buckets,
    lots,
    reminders: Object.keys(reminders).length > 0 ? reminders : undefined,
    window: { [on.slice(0, 4)]: 2_500, [String(Number(on.slice(0, 4)) - 1)]: 1_500 },
    visits: 12,
    purchases: 24,
    lastActivityOn: reason === 'absence' ? addDays(on, -30) : addDays(on, -5),
  };
}

function memberItem(reason: Reason, on: Day, index: number): Item {
  const year = (day: Day, years: number) => `${Number(day.slice(0, 4)) - years}${day.slice(4)}`;
  // Anybody else's day is another one.
  const other = addDays(on, 30 + (index % 300));
  const birthday = reason === 'birthday' ? year(on, 35) : year(other, 35);
  const joined = reason === 'anniversary' ? year(on, 2) : year(other, 2);
  return marshall({
    sk: 'P',
    identities: [{ type: 'phone', value: `+4915${String(index).padStart(9, '0')}` }],
    profile: { name: `Person ${index}`, birthday },
    consents: {},
    enrolledAt: `${joined}T12:00:00.000Z`,
    source: 'till',
    profileAt: `${joined}T12:00:00.000Z`,
    version: 1,
    birthdayDue: `${anniversaryOf(birthday)}#`,
    joinedDue: `${anniversaryOf(joined)}#`,
  });
}

export interface Crowd {
  readonly client: DynamoDBClient;
  readonly tables: Tables;
  readonly meter: Meter;
  readonly newId: () => string;
}

/** So many accounts differ in what is on them, and not in their names alone: a crowd is written fast. */
const DIFFERENT = 450;

function accountItem(reason: Reason, on: Day, like: number): Item {
  const watched = reason === 'absence' ? on : addDays(on, 25 + (like % 20));
  return toAccountItem(accountOf('m', reason, on, like), crowdProgram, addDays(on, -1), watched);
}

/** The same account, of somebody else. */
function named(pattern: Item, names: Item, memberId: string): Item {
  const shard = shardOf(memberId);
  const due = Object.entries(pattern).flatMap(([name, { S }]) =>
    name.endsWith('Due') && S !== undefined ? [[name, { S: `${S.slice(0, S.indexOf('#'))}#${shard}` }] as const] : [],
  );
  return { ...pattern, ...names, ...Object.fromEntries(due) };
}

/** So many more, all of whom are due on that day for that reason. Their ids. */
export async function join(crowd: Crowd, reason: Reason, on: Day, count: number): Promise<string[]> {
  const { tables, meter, client } = crowd;
  const ids = Array.from({ length: count }, crowd.newId);
  const likes = Array.from({ length: Math.min(DIFFERENT, count) }, (_, like) => ({
    account: accountItem(reason, on, like),
    member: memberItem(reason, on, like),
  }));
  const items = ids.map((memberId, index) => {
    const { account, member } = likes[index % DIFFERENT] as (typeof likes)[number];
    const item = named(account, { memberId: { S: memberId } }, memberId);
    meter.knows(item);
    return {
      account: item,
      member: named(member, { pk: { S: `M#${memberId}` }, memberId: { S: memberId } }, memberId),
    };
  });
  await write(client, [
    ...items.map(({ account }): Row => [tables.accounts, account]),
    ...items.map(({ member }): Row => [tables.members, member]),
  ]);
  return ids;
}

/** A journal for each of them, of so many purchases, one a day until the month was over. */
export async function journals(
  { client, tables, meter, newId }: Crowd,
  lastOfMonth: Day,
  count: number,
  entries: number,
): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  const rows: Row[] = [];
  for (const [index, memberId] of ids.entries()) {
    let account = newAccount(memberId, 'base');
    for (let n = 0; n < entries; n += 1) {
      const day = addDays(lastOfMonth, n + 1 - entries);
      const posted = append(account, purchase(day, n), { recordedAt: `${day}T10:00:00.000Z`, program: 'bench' });
      account = posted.account;
      rows.push([tables.entries, toEntryItem(posted.entry)]);
    }
    const item = toAccountItem(account, crowdProgram, lastOfMonth, addDays(lastOfMonth, 25));
    meter.knows(item);
    const names = { pk: { S: `M#${memberId}` }, memberId: { S: memberId } };
    rows.push(
      [tables.accounts, item],
      [tables.members, named(memberItem('nothing', lastOfMonth, index), names, memberId)],
    );
  }
  await write(client, rows);
  return ids;
}

const purchase = (day: Day, n: number): Parameters<typeof append>[1] => ({
  key: `E#till#order-${n}#sale`,
  source: 'till',
  occurredAt: `${day}T09:59:00.000Z`,
  tier: 'base',
  fingerprint: '0f3c1a9d27b5e480',
  detail: {
    kind: 'sale',
    orderId: `order-${n}`,
    currency: 'EUR',
    netMinor: 1_234,
    grossMinor: 1_468,
    earned: points(30),
    lines: [{ id: 'line-1', net: 1_234, gross: 1_468, quantity: 1, parts: [{ rule: 'spend', points: 30 }] }],
  } as unknown as Entry['detail'],
  change: {
    buckets: { [addDays(day, 365)]: points(30) },
    lifetime: points(30),
    window: { [day.slice(0, 4)]: 30 },
    purchases: 1,
    activeOn: day,
  },
  trace: [{ step: 'rule', rule: 'spend', points: points(30) }],
});

type Row = readonly [table: string, item: Item];

async function write(client: DynamoDBClient, rows: readonly Row[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(rows.length / 25) }, (_, index) =>
    rows.slice(index * 25, index * 25 + 25),
  );
  await inFlight(8, batches, async (batch) => {
    let requests = Object.groupBy(
      batch.map(([table, Item]) => ({ table, PutRequest: { Item } })),
      ({ table }) => table,
    ) as Record<string, { PutRequest: { Item: Item } }[]>;
    while (Object.keys(requests).length > 0) {
      const { UnprocessedItems = {} } = await client.send(
        new BatchWriteItemCommand({
          RequestItems: Object.fromEntries(
            Object.entries(requests).map(([table, some]) => [table, some.map(({ PutRequest }) => ({ PutRequest }))]),
          ),
        }),
      );
      requests = UnprocessedItems as typeof requests;
    }
  });
}
