import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { addDays, addMonths, dayIn } from '../../lib/loyalty/calendar.ts';
import { Program, type ProgramInput } from '../../lib/loyalty/program.ts';
import { auditMember } from '../../lib/runtime/audit.ts';
import { openLedger } from '../../lib/runtime/ledger.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import type { SweepMessage } from '../../lib/runtime/sweeps.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { databaseOf, tables } from './ledger-of.ts';
import { eachTemplate, openShop, type Shop } from './shop.ts';

/** One night in which everything is due for everybody, and whoever does it is killed, doubled and contradicted. */

const MEMBERS = 48;
const DUTIES = ['points', 'absences', 'birthdays', 'anniversaries', 'monthly', 'yearly', 'statements'] as const;

const gift = (activity: 'birthday' | 'anniversary' | 'monthly', points: number) => ({
  id: activity,
  on: 'activity' as const,
  when: [{ is: 'activity' as const, activities: [activity] }],
  multiplied: false,
  earn: { kind: 'flat' as const, points },
});
const program = Program.parse({
  ...artCafe.program,
  rules: [
    { id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' } },
    gift('birthday', 100),
    gift('anniversary', 50),
    gift('monthly', 3),
  ],
  expiry: { kind: 'months', months: 1, until: 'day' },
  // Whether somebody was warned is another journey's matter.
  expiryReminders: [],
  statements: true,
} satisfies ProgramInput);

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ alter: prepared });
}, 300_000);
afterAll(() => shop?.stop());

const day = (at: Date) => dayIn(program.timeZone, at);
/** The first of the month after the next: by then a month's points are over, and who was not there is missed. */
const today = day(new Date());
const theDay = `${addMonths(today, 2).slice(0, 7)}-01`;
const at = (date: string, time: string) => `${date}T${time}Z`;

it('SIGKILL of coordinators and workers, doubled messages and conflicts: one effect a member and duty', async () => {
  const client = databaseOf(shop);
  const ledger = openLedger({ client, tables, program, version: 'journey', now: () => new Date() });
  const members = openMembers({ client, table: 'art-cafe-members', timeZone: program.timeZone });
  const joinedOn = addMonths(theDay, -12);
  const ids = await inTurns(MEMBERS, 16, async (n) => {
    const enrolled = await members.enrol({
      identities: [{ type: 'email', value: `m${n}@example.org` }],
      profile: { birthday: `1990-${theDay.slice(5)}` },
      consents: {},
      source: 'till',
      at: at(joinedOn, '12:00:00'),
    });
    if (enrolled.kind === 'disagree') throw new Error(enrolled.kind);
    const { memberId } = enrolled.member;
    await ledger.sale(memberId, {
      type: 'sale',
      factId: `sale-${n}`,
      source: 'till',
      occurredAt: new Date().toISOString(),
      identities: [],
      orderId: `sale-${n}`,
      currency: 'EUR',
      netMinor: 1_000,
      grossMinor: 1_000,
      lines: [],
    });
    return memberId;
  });

  // From a first night on, on which nothing was due, the sweeps know where they were.
  for (const duty of DUTIES) {
    const Item = marshall({ ...cursorOf(duty), day: addDays(today, 1) });
    await client.send(new PutItemCommand({ TableName: 'art-cafe-program', Item }));
  }
  // Four deaths: whoever met them all would still be brought a fifth time, and after that be parked.
  for (const [service, operation, kind, after, times] of [
    ['sqs', 'SendMessageBatch', 'kill', 5, 1],
    ['dynamodb', 'UpdateItem', 'kill-after', 3, 1],
    ['dynamodb', 'TransactWriteItems', 'kill', 60, 1],
    ['dynamodb', 'TransactWriteItems', 'kill-after', 200, 1],
    ['sqs', 'SendMessageBatch', 'lost-reply', 8, 2],
    ['dynamodb', 'TransactWriteItems', 'lost-reply', 100, 10],
    ['dynamodb', 'TransactWriteItems', 'conflict', 150, 10],
  ] as const)
    await fault({ function: 'expire', service, operation, kind, after, times });
  // Weeks later: each schedule wakes its coordinator for several nights at once.
  await clock(at(theDay, '04:30:00'));
  await shop.idle();
  const left = (await shop.local('GET', '/faults')).body;
  await fault({ kind: 'none' });
  expect(left).toEqual([]);

  const books = async () =>
    Promise.all(
      ids.map(async (memberId) => {
        expect(await auditMember(ledger, memberId)).toBeUndefined();
        return (await ledger.entries(memberId)).map(({ detail }) => {
          if (detail.kind === 'activity') return `${detail.activity} ${detail.activityId}`;
          if (detail.kind === 'expired') return `expired ${detail.points} of ${detail.through}`;
          if (detail.kind === 'inactive') return `inactive ${detail.days}`;
          return detail.kind === 'statement' ? `statement ${detail.period}` : detail.kind;
        });
      }),
    );
  const months = [addMonths(theDay, -1), theDay].map((one) => one.slice(0, 7));
  const year = theDay.slice(0, 4);
  const away = Math.max(...[30, 60, 90].filter((days) => addDays(today, days) <= theDay));
  const due = [
    'sale',
    `anniversary ${year}`,
    `birthday ${year}`,
    `expired 10 of ${addMonths(today, 1)}`,
    `inactive ${away}`,
    ...months.map((month) => `monthly ${month}`),
    `statement ${today.slice(0, 7)}`,
  ].sort();
  const done = await books();
  expect(done.map((one) => one.toSorted())).toEqual(ids.map(() => due));
  await isWhole();

  // The queue brings it all once more.
  const again: SweepMessage[] = [
    ...DUTIES.map((duty): SweepMessage => ({ kind: 'sweep', duty })),
    ...ids.slice(0, 20).flatMap((memberId): SweepMessage[] => [
      { kind: 'member', duty: 'points', memberId },
      { kind: 'on-day', duty: 'birthdays', day: theDay, memberId },
      { kind: 'on-day', duty: 'monthly', day: addMonths(theDay, -1), memberId },
    ]),
  ];
  await send(again);
  await shop.idle();
  expect(await books()).toEqual(done);
  await isWhole();
}, 240_000);

async function isWhole(): Promise<void> {
  const queues = (await shop.local('GET', '/queues')).body as {
    name: string;
    visible: number;
    deadLetterOf?: string;
  }[];
  expect(queues.filter(({ deadLetterOf, visible }) => deadLetterOf !== undefined && visible > 0)).toEqual([]);
  const { Items = [] } = await databaseOf(shop).send(new ScanCommand({ TableName: 'art-cafe-program' }));
  const cursors = Items.map((item) => unmarshall(item)).filter(({ pk }) => DUTIES.some((duty) => pk === `S#${duty}`));
  expect(cursors.sort((a, b) => (a.pk < b.pk ? -1 : 1))).toEqual(
    DUTIES.map((duty) => ({ ...cursorOf(duty), day: theDay })).sort((a, b) => (a.pk < b.pk ? -1 : 1)),
  );
}

const cursorOf = (duty: (typeof DUTIES)[number]) => ({ pk: `S#${duty}`, sk: 'S' });

async function clock(now: string): Promise<void> {
  expect((await shop.local('POST', '/clock', { now })).status).toBe(200);
}

async function fault(what: object): Promise<void> {
  expect((await shop.local('POST', '/faults', what)).status).toBe(200);
}

async function send(messages: readonly SweepMessage[]): Promise<void> {
  const { endpoint, operator } = shop.cloud.aws;
  const sqs = new SQSClient({ endpoint, region: 'eu-central-1', credentials: operator });
  for (let from = 0; from < messages.length; from += 10) {
    const Entries = messages
      .slice(from, from + 10)
      .map((message, index) => ({ Id: `m${index}`, MessageBody: JSON.stringify(message) }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: `${endpoint}/000000000000/art-cafe-sweeps`, Entries }));
  }
}

async function inTurns<Made>(count: number, atOnce: number, make: (n: number) => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  const numbers = Array.from({ length: count }, (_, n) => n).values();
  const hand = async () => {
    for (const n of numbers) made.push(await make(n));
  };
  await Promise.all(Array.from({ length: atOnce }, hand));
  return made;
}

const SWEPT = /"duty\\":\\"(points|absences|birthdays|anniversaries|monthly|yearly|statements)/;

/** The demo with something for every duty, and nobody who listens: it is about the sweeps. */
function prepared(assembly: string): void {
  eachTemplate(assembly, ({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      if (Type === 'AWS::Lambda::EventSourceMapping' && 'StartingPosition' in Properties)
        Object.assign(Properties, { Enabled: false });
      // What else wakes with the clock has journeys of its own.
      if (Type === 'AWS::Scheduler::Schedule' && !JSON.stringify(Properties).match(SWEPT))
        Object.assign(Properties, { State: 'DISABLED' });
    }
  });
  for (const file of readdirSync(assembly, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('merchant.json')) continue;
    const path = join(assembly, file);
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), program }));
  }
}
