import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '../../lib/loyalty/calendar.ts';
import { SHARDS } from '../../lib/runtime/items.ts';
import { MEASURED } from '../../scripts/generate/scale/measured.ts';
import { memberIds } from '../bench/crowd.ts';
import { ALL, busiestShare, type Night, openNights } from '../bench/sweeps.ts';
import { type RunningDynamoDb, startDynamoDb } from '../dynamodb.ts';

/** `npm run bench -- sweeps` says the same of a hundred thousand members. */
const SIZES = [30, 120];
const DUE = 4;

let dynamo: RunningDynamoDb;
const nights: Night[] = [];
const rounds: Night[] = [];
const scans: number[] = [];

beforeAll(async () => {
  dynamo = await startDynamoDb();
  const shop = await openNights(dynamo.client, await dynamo.createTables());
  for (const [index, size] of SIZES.entries()) {
    const on = addDays('2026-12-11', 2 * index);
    await shop.grow(size, on, DUE);
    for (const reason of ALL) nights.push(await shop.night(reason, on, DUE));
    scans.push((await shop.finding('monthly', '2026-12-01')).found);
  }
  rounds.push(await shop.round('monthly', '2026-11-30', DUE), await shop.round('statements', '2026-11-30', DUE));
}, 60_000);
afterAll(() => dynamo.stop());

describe('a sweep', () => {
  it.each(ALL)('reads and asks as much for each %s, however many members there are', (reason) => {
    const [few, many] = nights.filter(({ duty }) => duty === reason);
    expect(few?.members).toBeLessThan(many?.members ?? 0);
    expect(many?.finding).toEqual(few?.finding);
    expect(many?.doing).toEqual(few?.doing);
  });

  it('does for each who is due what docs/scale.md reckons with', () => {
    const done = [...nights.slice(0, ALL.length), ...rounds].map(({ duty, doing, due }) => [
      duty,
      {
        readUnits: doing.readUnits / due,
        requests: doing.requests / due,
        writeUnits: doing.writeUnits / due,
        indexUnits: doing.indexUnits / due,
      },
    ]);
    expect(Object.fromEntries(done)).toEqual(MEASURED);
  });

  it('finds everybody where everybody is due', () => {
    expect(scans).toEqual(SIZES);
  });

  it('has no shard of its indexes that is fuller than a twentieth more than its share', () => {
    const newId = memberIds();
    expect(busiestShare(Array.from({ length: 20_000 }, newId))).toBeLessThan(1.05 / SHARDS);
  });
});
