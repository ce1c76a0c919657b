import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { auditMember, everyMember } from '../../lib/runtime/audit.ts';
import { databaseOf, ledgerOf, tables } from './ledger-of.ts';
import { eachTemplate, openShop, type Shop } from './shop.ts';

/** A thousand sales while things break. Bounded: each sale is told at most so often. */

const SALES = 1_000;
const IN_FLIGHT = 32;
const TELLINGS_MAX = 40;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ alter: tellNobody, ownDatabase: true });
}, 300_000);
afterAll(() => shop?.stop());

it('1,000 sales at 32 in flight, with conflicts, lost replies and kills, are exactly 1,000 accruals', async () => {
  const members = await Promise.all(Array.from({ length: 50 }, () => shop.enrol()));
  await shop.local('POST', '/faults', {
    service: 'dynamodb',
    operation: 'TransactWriteItems',
    kind: 'conflict',
    percent: 5,
  });
  await shop.local('POST', '/faults', {
    service: 'dynamodb',
    operation: 'TransactWriteItems',
    kind: 'lost-reply',
    percent: 5,
  });

  let done = 0;
  const orders = Array.from({ length: SALES }, (_, i) => i).values();
  const till = async (): Promise<void> => {
    for (const order of orders) {
      const member = members[order % members.length];
      for (let telling = 1; ; telling += 1) {
        const answer = await shop.sell(`storm-${order}`, member?.phone ?? '', '3.00').catch(() => undefined);
        if (answer?.status === 200 || answer?.status === 201) break;
        // A till repeats what was not answered or answered with 5xx, and nothing else.
        if (answer && answer.status < 500 && answer.status !== 429)
          throw new Error(`sale ${order}: ${answer.status} ${JSON.stringify(answer.body)}`);
        if (telling === TELLINGS_MAX) throw new Error(`sale ${order} was told ${telling} times`);
      }
      done += 1;
      // Halfway, everything that can be killed is.
      if (done === SALES / 2) await shop.cloud.aws.restartDynamoDb();
      if (done === SALES / 4 || done === (SALES * 3) / 4)
        await shop.local('POST', '/faults', { service: 'dynamodb', kind: 'kill', times: 3 });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, till));
  await shop.local('POST', '/faults', { kind: 'none', times: 0 });
  await shop.idle();

  const ledger = ledgerOf(shop);
  let sales = 0;
  let points = 0;
  for await (const id of everyMember(databaseOf(shop), tables)) {
    expect(await auditMember(ledger, id)).toBeUndefined();
    const entries = await ledger.entries(id);
    sales += entries.filter((entry) => entry.detail.kind === 'sale').length;
    points += (await ledger.account(id))?.available ?? 0;
  }
  expect({ sales, points }).toEqual({ sales: SALES, points: SALES * 3 });
}, 600_000);

/** A thousand sales are two thousand messages; the storm is about the ledger, and two cores are few. */
function tellNobody(assembly: string): void {
  eachTemplate(assembly, ({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      if (Type === 'AWS::Lambda::EventSourceMapping') Object.assign(Properties, { Enabled: false });
    }
  });
}
