import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { toAccountItem, toEntryItem } from '../../lib/runtime/items.ts';
import { startDynamoDb, type Tables } from '../dynamodb.ts';
import { MemoryClient } from '../ledger/memory-client.ts';
import { transactionUnits } from '../ledger/size.ts';
import { ledgerOn, program, sale, TestClock } from '../ledger/world.ts';
import { type Figure, inFlight, median } from './report.ts';

const IN_FLIGHT = 16;
const ROUND = 400;
const ROUNDS = 7;

const lines = Array.from({ length: 10 }, (_, i) => ({
  id: `line-${i}`,
  quantity: 1,
  netMinor: 1_234,
  grossMinor: 1_468,
}));
const basket = (orderId: string) => sale(orderId, 12_340, { lines, grossMinor: 14_680 });

/** What a posting costs, in units and against the bare calls that it cannot do without. */
export async function posting(): Promise<Figure[]> {
  const units = await writeUnits();
  const dynamo = await startDynamoDb();
  try {
    const tables = await dynamo.createTables();
    const ledger = ledgerOn(dynamo.client, new TestClock(), {}, tables);
    const bareTables = await dynamo.createTables();
    const example = await exampleItems();
    const ratios: number[] = [];
    const perSecond: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const members = Array.from({ length: ROUND }, () => `m_${randomUUID()}`);
      const ledgerMs = await timed(() => inFlight(IN_FLIGHT, members, (member) => ledger.sale(member, basket('o'))));
      const bareMs = await timed(() =>
        inFlight(IN_FLIGHT, members, (member) => bare(dynamo.client, bareTables, member, example)),
      );
      if (round === 0) continue; // both warm up
      ratios.push(bareMs / ledgerMs);
      perSecond.push((ROUND / ledgerMs) * 1_000);
    }
    return [
      ...units,
      {
        name: 'posting ÷ bare GetItem + two-item transaction, 16 in flight',
        value: median(ratios),
        unit: '×',
        budget: { atLeast: 0.95 },
      },
      { name: 'postings on DynamoDB Local', value: median(perSecond), unit: '/s' },
    ];
  } finally {
    await dynamo.stop();
  }
}

async function writeUnits(): Promise<Figure[]> {
  const ledger = ledgerOn(new MemoryClient().asClient(), new TestClock());
  const sold = await ledger.sale('m_0123456789abcdefghij', basket('5551234567890'));
  const redeemed = await ledger.authorize('m_0123456789abcdefghij', {
    redemptionId: randomUUID(),
    rewardId: 'coffee',
    capture: true,
  });
  const account = await ledger.account('m_0123456789abcdefghij');
  if (sold.kind !== 'posted' || redeemed.kind !== 'posted' || !account) throw new Error('the example was not posted');
  const of = (entry: typeof sold.entry) => transactionUnits([toAccountItem(account, program()), toEntryItem(entry)]);
  return [
    { name: 'write units of an accrual of ten lines', value: of(sold.entry), unit: 'WU', budget: { atMost: 4 } },
    { name: 'write units of a redemption', value: of(redeemed.entry), unit: 'WU', budget: { atMost: 4 } },
    // On-demand write request units in us-east-1, list price of late 2024 on: $0.625 a million.
    {
      name: 'ledger writes of a million accruals at list price',
      value: of(sold.entry) * 0.625,
      unit: '$',
      budget: { atMost: 8 },
    },
  ];
}

/** The same bytes as a posting, and nothing decided. */
async function exampleItems() {
  const ledger = ledgerOn(new MemoryClient().asClient(), new TestClock());
  const outcome = await ledger.sale('m', basket('o'));
  const account = await ledger.account('m');
  if (outcome.kind !== 'posted' || !account) throw new Error('the example was not posted');
  return { account: toAccountItem(account, program()), entry: toEntryItem(outcome.entry) };
}

async function bare(
  client: DynamoDBClient,
  tables: Tables,
  memberId: string,
  example: Awaited<ReturnType<typeof exampleItems>>,
): Promise<void> {
  const key = marshall({ memberId });
  await client.send(new GetItemCommand({ TableName: tables.accounts, Key: key, ConsistentRead: true }));
  const put = (TableName: string, item: typeof key) => ({
    Put: {
      TableName,
      Item: { ...item, ...key },
      ConditionExpression: 'attribute_not_exists(memberId)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    },
  });
  await client.send(
    new TransactWriteItemsCommand({
      ClientRequestToken: randomUUID(),
      TransactItems: [put(tables.accounts, example.account), put(tables.entries, example.entry)],
    }),
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
